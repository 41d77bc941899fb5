"""Scenario and plan documents made by hand: small, at work under every rule, or broken in one place."""
