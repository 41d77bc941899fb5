"""Search: construct a plan from scratch, and improve a given one."""
