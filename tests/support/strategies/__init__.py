"""Random input: scenario documents by Hypothesis, solutions by a seeded generator."""
