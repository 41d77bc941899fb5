# Functions that other kernels cimport; nothing for Python.
__pyx_capi__: dict[str, object]
