"""Physics of a plan: how fast hardware serves, how far requests travel, how much power a grid limit leaves."""
