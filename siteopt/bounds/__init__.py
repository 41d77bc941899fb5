"""Lower bounds on the cost of the true problem: nonlinear, unpruned, with all demands."""
