"""The exact model: Pyomo to read, HiGHS to solve."""
