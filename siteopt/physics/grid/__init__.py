"""How much power there is: limits of the grid over groups of sites."""
