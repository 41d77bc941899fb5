"""Kernels of the evaluator: figures of a plan, and what a move changes."""
