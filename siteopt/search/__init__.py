"""Search: a plan from nothing, and better plans from a plan."""
