"""Kernels of capacitated facility location: dual ascent, transportation, assignment."""
