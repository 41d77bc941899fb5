"""Kernels of the Lagrangian bound: subproblems of sites, with listed or with implicit flows."""
