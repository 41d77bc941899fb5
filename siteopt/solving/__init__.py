"""Solve a scenario: share the time between search, bounds and exact model, and verify what comes out."""
