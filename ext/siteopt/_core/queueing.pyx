"""Tails of the two queues behind every tail SLO: M/G/c (Erlang-C, Allen-Cunneen) and a pool of LLM replicas.

Both are birth-death chains whose upper states are geometric, so one number describes the lower states: the
*inverse* I = sum of pi(k) / pi(top), k = 0..top, where top is the number of slots. Summed from the top downwards
the terms are positive and soon negligible: no cancellation, and the cost grows with the spread of the
distribution (its standard deviation), not with the number of slots. Then, with r the load over the capacity,

    P(wait > w) = exp(-(capacity - load) w) / (r + (1 - r) I).

Workers trust their input; the checked public functions are in ``siteopt/serving/queueing.py``.
"""

from libc.math cimport INFINITY, exp, expm1, fabs, floor, fmax, fmin, isinf, lgamma, log, sqrt
from libc.stdint cimport int64_t

cdef double NEGLIGIBLE = 1e-18  # of the sum so far
cdef double HUGE = 1e290  # an inverse above this is a probability of waiting below 1e-290: zero
cdef double CONVERGED = 1e-13  # relative step at which a root counts as found
cdef double RESCALE = 1e200
cdef double TINY = 1e-30  # loads below this fraction of one request's rate count as this
cdef double SAFE = 1.0 - 1e-12  # roots are returned on the side that meets the target


cdef double erlang_inverse(int64_t servers, double load) noexcept nogil:  # IN servers >= 1, load > 0
    """1 / Erlang-B as the backward series sum_j c (c-1) ... (c-j+1) / a^j, four terms a turn."""
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
    """Erlang-C from the inverse of Erlang-B."""
    return 1.0 / ((load + (servers - load) * inverse) / servers)


cdef double mgc_tail(int64_t servers, double load, double slack) noexcept nogil:
    """P(wait > slack); slack in units of service x (1 + SCV) / 2, so that SCV does not appear."""
    if slack < 0.0 or load >= servers:
        return 1.0
    if load <= 0.0 or isinf(slack):
        return 0.0
    return erlang_wait(servers, load, erlang_inverse(servers, load)) * exp(-(servers - load) * slack)


cdef double mgc_guess(int64_t servers, double slack, double log_miss) noexcept nogil:
    """A first load: the better of square-root staffing and of what the slack alone allows if all wait."""
    cdef double y = 0.8 * sqrt(-2.0 * log_miss)
    cdef double guess = servers + 0.5 * y * y - y * sqrt(servers + 0.25 * y * y)
    if slack > 0.0:
        guess = fmax(guess, servers + log_miss / slack)
    return fmin(fmax(guess, 1e-3 * servers), servers * (1.0 - 1e-9))


cdef double mgc_max_load(int64_t servers, double slack, double log_miss, double guess) noexcept nogil:
    """Largest load with P(wait > slack) <= miss: Newton in log(load), kept inside a bracket."""
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
    """Fewest servers with P(wait > slack) <= miss, or -1 beyond `limit`.

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


cdef struct Lower:  # the states up to all slots taken, unnormalised
    double total  # sum of pi(k)
    double weighted  # sum of k pi(k)
    double top  # pi(all slots taken)


cdef Lower pool_lower(int64_t n, const double* rates, Py_ssize_t slots, double load) noexcept nogil:
    """Lower states of n replicas of `slots` slots; rates[b - 1] is one replica's rate with b in service.

    k requests are spread evenly: with q, r = divmod(k, n), r replicas hold q + 1 and the others q.
    """
    cdef Lower lower
    cdef double term = 1.0, k = <double>(n * slots), total = 1.0, weighted = k, top = 1.0
    cdef double scale = 1.0 / fmax(load, TINY * rates[0]), below, rise
    cdef Py_ssize_t q
    cdef int64_t r
    for q in range(slots - 1, -1, -1):
        below = rates[q - 1] * scale if q > 0 else 0.0
        rise = rates[q] * scale - below
        for r in range(n, 0, -1):
            k -= 1.0
            term *= n * below + r * rise
            total += term
            weighted += term * k
            if term > RESCALE:  # at low loads the top is rarer than a double can say beside the bottom
                term /= RESCALE
                total /= RESCALE
                weighted /= RESCALE
                top /= RESCALE
        if term < NEGLIGIBLE * total:
            break
    lower.total, lower.weighted, lower.top = total, weighted, top
    return lower


cdef double geometric(double ratio, double count) noexcept nogil:
    """1 + ratio + ... over `count` terms, for 0 < ratio <= 1."""
    cdef double step = log(ratio)
    return count if step > -1e-14 else expm1(count * step) / expm1(step)


cdef double upper_miss(double ratio, double mean, double room) noexcept nogil:
    """Sum over the states j = 0..room above all slots taken of weight(j) P(miss | j).

    A request that finds j waiting waits for j + 1 departures, an Erlang time: it is late with probability
    P(Poisson(mean) <= j), mean being the departures within the slack; one that finds `room` waiting is blocked.
    weight(j) = ratio^j, or ratio^(j - room) where ratio > 1, so that the largest weight is 1.
    """
    cdef double rate = log(ratio), reference = room if ratio > 1.0 else 0.0
    cdef double missed = exp((room - reference) * rate), weight, chance, late, j, end, spread
    if isinf(mean):
        return missed
    spread = 9.0 * sqrt(mean) + 20.0  # outside, the Poisson distribution function is 0 or 1 to 1e-16
    j = floor(fmax(0.0, mean - spread))
    end = fmin(room, floor(mean + spread)) if mean > 0.0 else 0.0
    if j < end:
        weight = exp((j - reference) * rate)
        chance = exp(j * log(mean) - mean - lgamma(j + 1.0))
        late = chance
        while j < end:
            missed += weight * fmin(late, 1.0)
            j += 1.0
            # A weight that starts below the smallest double would stay 0 if it were multiplied up.
            weight = weight * ratio if ratio <= 1.0 else exp((j - reference) * rate)
            chance *= mean / j
            late += chance
    if j < room:
        if ratio > 1.0:
            return missed + exp((room - 1.0 - reference) * rate) * geometric(1.0 / ratio, room - j)
        return missed + exp(j * rate) * geometric(ratio, room - j)
    return missed


cdef double pool_tail(int64_t n, const double* rates, Py_ssize_t slots, double room, double load,
                      double slack) noexcept nogil:
    """P(blocked or wait > slack) over all arrivals; room: places to wait in the whole pool, or infinite."""
    cdef double capacity = n * rates[slots - 1], ratio = load / capacity, weights, shift = 1.0
    cdef Lower lower
    if slack < 0.0:
        return 1.0
    if load <= 0.0:
        return 0.0
    if isinf(room):
        if ratio >= 1.0:
            return 1.0
        if isinf(slack):
            return 0.0
        lower = pool_lower(n, rates, slots, load)
        return lower.top * exp(-(capacity - load) * slack) / (ratio * lower.top + (1.0 - ratio) * lower.total)
    lower = pool_lower(n, rates, slots, load)
    if room < 1.0:
        return lower.top / lower.total
    if ratio > 1.0:
        weights = geometric(1.0 / ratio, room)
        shift = exp(-room * log(ratio))
    else:
        weights = ratio * geometric(ratio, room)
    return lower.top * upper_miss(ratio, capacity * slack, room) / (lower.total * shift + lower.top * weights)


cdef double pool_max_load(int64_t n, const double* rates, Py_ssize_t slots, double room, double slack,
                          double log_miss, double guess) noexcept nogil:
    """Largest load with P(miss) <= exp(log_miss): secant in log(load), kept inside a bracket."""
    cdef double low = 0.0, high = n * rates[slots - 1], load, value, after, last = 0.0, last_value = 0.0, slope
    cdef int turn
    if slack < 0.0 or n < 1:
        return 0.0
    if not isinf(room):
        high /= 1.0 - exp(log_miss)  # above it, blocking alone misses the target
    elif isinf(slack):
        return high
    load = guess if low < guess < high else 0.9 * high
    for turn in range(200):
        value = log(pool_tail(n, rates, slots, room, load, slack)) - log_miss
        if value > 0.0:
            high = load
        else:
            low = load
        after = 0.5 * (low + high)
        if turn == 0:
            after = load * (1.0 - 1e-4) if value > 0.0 else fmin(load * (1.0 + 1e-4), after)
        elif not isinf(value) and not isinf(last_value) and load != last:
            slope = (value - last_value) / log(load / last)
            if slope > 0.0 and low < load * exp(-value / slope) < high:
                after = load * exp(-value / slope)
        last, last_value = load, value
        if fabs(after - load) <= CONVERGED * load or high - low <= CONVERGED * high:
            return fmin(load, after) * SAFE if fabs(after - load) <= CONVERGED * load else low * SAFE
        load = after
    return low * SAFE


cdef void pool_moments(int64_t n, const double* rates, Py_ssize_t slots, double room, double load,
                       double* out) noexcept nogil:  # OUT in service, waiting, P(wait or blocked), P(blocked)
    cdef double ratio = load / (n * rates[slots - 1]), weight = 1.0, weights = 0.0, queued = 0.0
    cdef double full = 0.0, shift = 1.0, total, j = 0.0, waiting
    cdef Lower lower = pool_lower(n, rates, slots, load)
    if isinf(room):  # the caller has seen to ratio < 1
        weights = ratio / (1.0 - ratio)
        queued = weights / (1.0 - ratio)
    else:
        if ratio > 1.0:  # weights relative to the last state, so that the largest is 1 on either side of 1
            shift = exp(-room * log(ratio))
        full = 1.0 if ratio > 1.0 else exp(room * log(fmax(ratio, 1e-300)))
        while j <= room and weight * (room + 1.0) > NEGLIGIBLE:
            waiting = room - j if ratio > 1.0 else j
            if waiting > 0.0:
                weights += weight
                queued += weight * waiting
            weight *= fmin(ratio, 1.0 / ratio)
            j += 1.0
    total = lower.total * shift + lower.top * weights
    out[0] = (lower.weighted * shift + n * slots * lower.top * weights) / total
    out[1] = lower.top * queued / total
    out[2] = lower.top * (shift + weights) / total
    out[3] = lower.top * full / total


def wait_tail(const int64_t[::1] servers not None, const double[::1] load not None,
              const double[::1] slack not None, double[::1] out not None):
    """P(wait > slack) in M/G/c, slack in units of service x (1 + SCV) / 2."""
    cdef Py_ssize_t i, size = same_length(out.shape[0], servers.shape[0], load.shape[0])
    same_length(size, slack.shape[0], size)
    with nogil:
        for i in range(size):
            out[i] = mgc_tail(servers[i], load[i], slack[i])


def max_load(const int64_t[::1] servers not None, const double[::1] slack not None,
             const double[::1] miss not None, double[::1] out not None):
    """Largest load of each number of servers with P(wait > slack) <= miss."""
    cdef Py_ssize_t i, size = same_length(out.shape[0], servers.shape[0], slack.shape[0])
    same_length(size, miss.shape[0], size)
    with nogil:
        for i in range(size):
            out[i] = mgc_max_load(servers[i], slack[i], log(miss[i]), 0.0)


def servers_needed(const double[::1] load not None, const double[::1] slack not None,
                   const double[::1] miss not None, int64_t limit, int64_t[::1] out not None):
    """Fewest servers that carry each load with P(wait > slack) <= miss; -1 beyond `limit`."""
    cdef Py_ssize_t i, size = same_length(out.shape[0], load.shape[0], slack.shape[0])
    same_length(size, miss.shape[0], size)
    with nogil:
        for i in range(size):
            out[i] = mgc_servers(load[i], slack[i], miss[i], limit)


def load_table(int64_t slots, double slack, double miss, double[::1] out not None):
    """out[n] = largest load of n x slots servers; each root starts where the three before it point."""
    cdef Py_ssize_t n, size = out.shape[0]
    with nogil:
        for n in range(size):
            out[n] = mgc_max_load(n * slots, slack, log(miss), extrapolate(out, n))


def llm_tail(int64_t replicas, const double[::1] rates not None, double room, const double[::1] load not None,
             const double[::1] slack not None, double[::1] out not None):
    """P(blocked or wait > slack) in a pool of LLM replicas; rates, load per ms, slack in ms."""
    cdef Py_ssize_t i, size = same_length(out.shape[0], load.shape[0], slack.shape[0])
    cdef Py_ssize_t slots = at_least_one(rates.shape[0])
    with nogil:
        for i in range(size):
            out[i] = pool_tail(replicas, &rates[0], slots, room, load[i], slack[i])


def llm_load_table(const double[::1] rates not None, double room, double slack, double miss,
                   double[::1] out not None):
    """out[n] = largest load of n replicas, each with `room` places to wait."""
    cdef Py_ssize_t n, size = out.shape[0], slots = at_least_one(rates.shape[0])
    with nogil:
        for n in range(size):
            out[n] = pool_max_load(n, &rates[0], slots, n * room if n > 0 else room, slack, log(miss),
                                   extrapolate(out, n))


def llm_max_load(int64_t replicas, const double[::1] rates not None, double room, double slack, double miss):
    """Largest load of one pool."""
    cdef Py_ssize_t slots = at_least_one(rates.shape[0])
    return pool_max_load(replicas, &rates[0], slots, room, slack, log(miss), 0.0)


def llm_moments(int64_t replicas, const double[::1] rates not None, double room, double load):
    """Mean in service, mean waiting, P(wait or blocked), P(blocked)."""
    cdef Py_ssize_t slots = at_least_one(rates.shape[0])
    cdef double out[4]
    pool_moments(replicas, &rates[0], slots, room, load, out)
    return out[0], out[1], out[2], out[3]


cdef double extrapolate(double[::1] table, Py_ssize_t n) noexcept nogil:
    """A quadratic through the three entries before n; 0 (no guess) where there are too few."""
    return 3.0 * (table[n - 1] - table[n - 2]) + table[n - 3] if n >= 4 else 0.0


cdef Py_ssize_t same_length(Py_ssize_t size, Py_ssize_t first, Py_ssize_t second) except -1:
    if size != first or size != second:
        raise ValueError("arrays must have the same length")
    return size


cdef Py_ssize_t at_least_one(Py_ssize_t slots) except -1:
    if slots < 1:
        raise ValueError("rates must not be empty")
    return slots
