"""Families of constraints, one file each: the inequality, its units, and what its dual means."""
