"""Compiled kernels. Each module here is built from the ``.pyx`` of the same path under ``ext/``."""

try:
    from siteopt._core import build_info as build_info
except ImportError as _error:  # without its kernels the package is not slower: it is broken
    raise ImportError(
        "siteopt's compiled kernels are missing. Install the package with 'pip install .' (or 'pip install -e .' "
        "to work on it); it needs a C compiler. Importing it straight from a source tree does not work."
    ) from _error
