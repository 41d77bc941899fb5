"""Lower bounds that hold for the true problem: nonlinear, unpruned, all demands."""
