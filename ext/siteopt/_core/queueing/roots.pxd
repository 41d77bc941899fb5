"""Shared by the tails of both queues: when a sum and a root are accurate enough, and where the next root may lie."""

cdef extern from *:
    """
    #define SITEOPT_NEGLIGIBLE 1e-18
    #define SITEOPT_CONVERGED 1e-13
    #define SITEOPT_SAFE (1.0 - 1e-12)
    """
    # Terms below this, relative to the sum so far, end it.
    const double NEGLIGIBLE "SITEOPT_NEGLIGIBLE"
    # Relative step at which a root counts as found.
    const double CONVERGED "SITEOPT_CONVERGED"
    # Roots are returned on the side that meets the target.
    const double SAFE "SITEOPT_SAFE"


cdef inline double extrapolate(double[::1] table, Py_ssize_t n) noexcept nogil:
    """Extrapolate a quadratic through the three entries before n; 0 (no guess) if there are too few."""
    return 3.0 * (table[n - 1] - table[n - 2]) + table[n - 3] if n >= 4 else 0.0


cdef inline Py_ssize_t same_length(Py_ssize_t size, Py_ssize_t first, Py_ssize_t second) except -1:
    """Return the common length of arrays that must all have the same one."""
    if size != first or size != second:
        raise ValueError("arrays must have the same length")
    return size
