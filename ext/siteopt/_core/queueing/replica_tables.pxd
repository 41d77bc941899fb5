"""Look-ups in the table of a slack tier: how much load replicas carry, and how many replicas carry a load.

Row ``slack_tier`` of a table is ``table[ptr[slack_tier]:ptr[slack_tier + 1]]``: calls per second that 0, 1, 2 ...
replicas carry.
"""

from libc.math cimport ceil
from libc.stdint cimport int32_t

from siteopt._core.tolerances cimport SLACK


cdef inline double in_table(
    const double[::1] table, const int32_t[::1] ptr, Py_ssize_t slack_tier, Py_ssize_t replicas
) noexcept nogil:
    """Return the calls per second that replicas carry in a slack tier; the last step continues beyond the table."""
    cdef Py_ssize_t base = ptr[slack_tier], most = ptr[slack_tier + 1] - base - 1
    if replicas <= most:
        return table[base + replicas]
    return table[base + most] + (replicas - most) * (table[base + most] - table[base + most - 1])


cdef inline int fewest_for(
    double peak, double usable, const double[::1] table, const int32_t[::1] ptr, Py_ssize_t slack_tier
) noexcept nogil:
    """Return the fewest replicas, at least one, for ``peak`` within the cap and a slack tier's table (-1: none)."""
    cdef Py_ssize_t low, high, middle, base
    cdef double step
    cdef int n = <int>ceil(peak / usable * (1.0 - SLACK))
    n = n if n > 1 else 1
    if slack_tier < 0:
        return n
    base = ptr[slack_tier]
    high = ptr[slack_tier + 1] - base - 1
    peak = peak * (1.0 - SLACK)
    if table[base + high] < peak:
        # Beyond the table its last step continues; that is safe, as the carried load is convex.
        step = table[base + high] - table[base + high - 1]
        return max(n, <int>(high + ceil((peak - table[base + high]) / step)))
    if n >= high or table[base + n] >= peak:
        return n
    low = n
    while high - low > 1:
        middle = (low + high) >> 1
        if table[base + middle] >= peak:
            high = middle
        else:
            low = middle
    return <int>high
