"""Kernels of the local search: moves of flows, of sites, and exchanges."""
