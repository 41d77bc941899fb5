"""Kernels of queues: waits in M/G/c and in the batches of a language model."""
