"""HiGHS: models given as arrays, their limits and listeners, in this process or in one of its own."""
