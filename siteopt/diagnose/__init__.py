"""Diagnose a scenario: proofs that it has no plan, remarks on what looks odd, rules that conflict."""
