"""A running solve: its options, clock and progress, its best plan and bound, and concurrent work on a second core."""
