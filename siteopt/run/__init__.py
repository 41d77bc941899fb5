"""A running solve: its clock and progress, its best plan and bound, and work beside it on a second core."""
