"""Diagnose a scenario: prove that it has no plan, remark on what looks odd, find rules that conflict."""
