"""Tails of waiting in M/G/c queues: Erlang-C, and Allen-Cunneen where service times are not exponential.

A birth-death chain whose upper states are geometric, so one number describes the lower ones: the *inverse*
I = sum of pi(k) / pi(top), k = 0..top, where top is the number of servers. Summed from the top downwards the terms are
positive and soon negligible: no cancellation, and the cost grows with the spread of the distribution (its standard
deviation), not with the number of servers. Then, with r the load over the capacity,

    P(wait > w) = exp(-(capacity - load) w) / (r + (1 - r) I).

Workers trust their input; the checked public functions are in ``siteopt/serving/queueing.py``.
"""

from libc.math cimport INFINITY, exp, fabs, floor, fmax, fmin, isinf, log, sqrt
from libc.stdint cimport int64_t

from siteopt._core.queueing.roots cimport CONVERGED, NEGLIGIBLE, SAFE, extrapolate, same_length

cdef double HUGE = 1e290  # an inverse above this is a probability of waiting below 1e-290: zero


cdef double erlang_inverse(int64_t servers, double load) noexcept nogil:  # IN servers >= 1, load > 0
    """Return 1 / Erlang-B as the backward series sum_j c (c-1) ... (c-j+1) / a^j, four terms a turn."""
    cdef double scale = 1.0 / load, total = 1.0, term = 1.0, k = <double>servers
    cdef double twice = 2.0 * scale, thrice = 3.0 * scale, first, second, third, four
    while k >= 4.0 and scale < 1e70:  # beyond, the fourth power would overflow, and nobody waits anyway
        # The factors do not depend on `term`, so turns overlap in the processor's pipeline.
        first = k * scale
        second = first * (first - scale)
        third = first - twice
        four = second * (third * (first - thrice))
        total += term * (first + second + second * third + four)
        term *= four
        k -= 4.0
        if term < NEGLIGIBLE * total:
            return total
        if total > HUGE:
            return INFINITY
    while k >= 1.0:
        term *= k * scale
        total += term
        k -= 1.0
    return INFINITY if total > HUGE else total


cdef double erlang_wait(int64_t servers, double load, double inverse) noexcept nogil:
    """Return Erlang-C, computed from the inverse of Erlang-B."""
    return 1.0 / ((load + (servers - load) * inverse) / servers)


cdef double mgc_tail(int64_t servers, double load, double slack) noexcept nogil:
    """Return P(wait > slack); slack is in units of service x (1 + SCV) / 2, so that SCV does not appear."""
    if slack < 0.0 or load >= servers:
        return 1.0
    if load <= 0.0 or isinf(slack):
        return 0.0
    return erlang_wait(servers, load, erlang_inverse(servers, load)) * exp(-(servers - load) * slack)


cdef double mgc_guess(int64_t servers, double slack, double log_miss) noexcept nogil:
    """Guess a load to start from: the better of square-root staffing and what the slack alone allows if all wait."""
    cdef double y = 0.8 * sqrt(-2.0 * log_miss)
    cdef double guess = servers + 0.5 * y * y - y * sqrt(servers + 0.25 * y * y)
    if slack > 0.0:
        guess = fmax(guess, servers + log_miss / slack)
    return fmin(fmax(guess, 1e-3 * servers), servers * (1.0 - 1e-9))


cdef double mgc_max_load(int64_t servers, double slack, double log_miss, double guess) noexcept nogil:
    """Find the largest load with P(wait > slack) <= miss, by Newton's method in log(load) inside a bracket."""
    cdef double low = 0.0, high = <double>servers, load = guess, inverse, scaled, value, slope, after
    cdef int turn
    if slack < 0.0 or servers < 1:
        return 0.0
    if isinf(slack):
        return high
    if not (low < load < high):
        load = mgc_guess(servers, slack, log_miss)
    for turn in range(200):
        inverse = erlang_inverse(servers, load)
        if isinf(inverse):
            low = load
            load = 0.5 * (low + high)
            continue
        scaled = load + (servers - load) * inverse
        value = -log(scaled / servers) - (servers - load) * slack - log_miss
        # d(1/B)/da = -(1/B) (c/a - 1) - 1; every part of the slope is positive, so nothing cancels.
        slope = (inverse - 1.0 + (servers - load) * (inverse * (servers - load) / load + 1.0)) / scaled + slack
        if value > 0.0:
            high = load
        else:
            low = load
        after = load * exp(-value / (slope * load))
        if not (low < after < high):
            if fabs(after - load) <= CONVERGED * load:
                break
            after = 0.5 * (low + high)
        if fabs(after - load) <= CONVERGED * load:
            load = after
            break
        load = after
    return load * SAFE


cdef int64_t mgc_servers(double load, double slack, double miss, int64_t limit) noexcept nogil:
    """Find the fewest servers with P(wait > slack) <= miss, or -1 beyond `limit`.

    Erlang-B is summed once, at the fewest stable servers, and carried upwards by its recursion
    1/B(c+1) = 1 + (c+1)/a 1/B(c), which is stable in that direction.
    """
    cdef int64_t servers = <int64_t>floor(fmin(fmax(load, 0.0), <double>limit)) + 1
    cdef double inverse
    if load <= 0.0:
        return 0
    if slack < 0.0 or load >= limit:
        return -1
    if isinf(slack):
        return servers
    inverse = erlang_inverse(servers, load)
    while servers <= limit:
        if erlang_wait(servers, load, inverse) * exp(-(servers - load) * slack) <= miss:
            return servers
        servers += 1
        inverse = 1.0 + servers / load * inverse
    return -1


def wait_tail(const int64_t[::1] servers not None, const double[::1] load not None,
              const double[::1] slack not None, double[::1] out not None):
    """Compute P(wait > slack) in M/G/c, with the slack in units of service x (1 + SCV) / 2."""
    cdef Py_ssize_t i, size = same_length(out.shape[0], servers.shape[0], load.shape[0])
    same_length(size, slack.shape[0], size)
    with nogil:
        for i in range(size):
            out[i] = mgc_tail(servers[i], load[i], slack[i])


def max_load(const int64_t[::1] servers not None, const double[::1] slack not None,
             const double[::1] miss not None, double[::1] out not None):
    """Find the largest load of each number of servers with P(wait > slack) <= miss."""
    cdef Py_ssize_t i, size = same_length(out.shape[0], servers.shape[0], slack.shape[0])
    same_length(size, miss.shape[0], size)
    with nogil:
        for i in range(size):
            out[i] = mgc_max_load(servers[i], slack[i], log(miss[i]), 0.0)


def servers_needed(const double[::1] load not None, const double[::1] slack not None,
                   const double[::1] miss not None, int64_t limit, int64_t[::1] out not None):
    """Find the fewest servers that carry each load with P(wait > slack) <= miss; -1 beyond `limit`."""
    cdef Py_ssize_t i, size = same_length(out.shape[0], load.shape[0], slack.shape[0])
    same_length(size, miss.shape[0], size)
    with nogil:
        for i in range(size):
            out[i] = mgc_servers(load[i], slack[i], miss[i], limit)


def load_table(int64_t slots, double slack, double miss, double[::1] out not None):
    """Set out[n] to the largest load of n x slots servers; each root starts from what the three before it suggest."""
    cdef Py_ssize_t n, size = out.shape[0]
    with nogil:
        for n in range(size):
            out[n] = mgc_max_load(n * slots, slack, log(miss), extrapolate(out, n))
