"""Tails of waiting in a pool of language-model replicas, whose rate depends on how many slots of each are taken.

As in :mod:`siteopt._core.queueing.mgc` the upper states are geometric, and the lower ones are summed from the top downwards; the
top is the state in which all slots are taken.

Workers trust their input; the checked public functions are in ``siteopt/serving/replica_queue.py``.
"""

from libc.math cimport exp, expm1, fabs, floor, fmax, fmin, isinf, lgamma, log, sqrt
from libc.stdint cimport int64_t

from siteopt._core.queueing.roots cimport CONVERGED, NEGLIGIBLE, SAFE, extrapolate, same_length

cdef double RESCALE = 1e200  # sums above this are divided by it
cdef double TINY = 1e-30  # loads below this fraction of one request's rate count as this


cdef struct Lower:  # the states up to all slots taken, unnormalised
    double total  # sum of pi(k)
    double weighted  # sum of k pi(k)
    double top  # pi(all slots taken)


cdef Lower pool_lower(int64_t n, const double* rates, Py_ssize_t slots, double load) noexcept nogil:
    """Sum up the lower states of n replicas of `slots` slots; rates[b - 1] is one replica's rate with b in service.

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
    """Return 1 + ratio + ratio^2 + ... of `count` terms, for 0 < ratio <= 1."""
    cdef double step = log(ratio)
    return count if step > -1e-14 else expm1(count * step) / expm1(step)


cdef double upper_miss(double ratio, double mean, double room) noexcept nogil:
    """Return the sum of weight(j) P(miss | j) over the states j = 0..room above all slots taken.

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
    """Return P(blocked or wait > slack) over all arrivals; `room` is places to wait in the whole pool, or infinite."""
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
    """Find the largest load with P(miss) <= exp(log_miss), by the secant method in log(load) inside a bracket."""
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


def wait_tail(int64_t replicas, const double[::1] rates not None, double room, const double[::1] load not None,
              const double[::1] slack not None, double[::1] out not None):
    """Compute P(blocked or wait > slack) in a pool of LLM replicas; rates and load per ms, slack in ms."""
    cdef Py_ssize_t i, size = same_length(out.shape[0], load.shape[0], slack.shape[0])
    cdef Py_ssize_t slots = at_least_one(rates.shape[0])
    with nogil:
        for i in range(size):
            out[i] = pool_tail(replicas, &rates[0], slots, room, load[i], slack[i])


def load_table(const double[::1] rates not None, double room, double slack, double miss,
               double[::1] out not None):
    """Set out[n] to the largest load of n replicas, each with `room` places to wait."""
    cdef Py_ssize_t n, size = out.shape[0], slots = at_least_one(rates.shape[0])
    with nogil:
        for n in range(size):
            out[n] = pool_max_load(n, &rates[0], slots, n * room if n > 0 else room, slack, log(miss),
                                   extrapolate(out, n))


def max_load(int64_t replicas, const double[::1] rates not None, double room, double slack, double miss):
    """Return the largest load of one pool with P(blocked or wait > slack) <= miss."""
    cdef Py_ssize_t slots = at_least_one(rates.shape[0])
    return pool_max_load(replicas, &rates[0], slots, room, slack, log(miss), 0.0)


def moments(int64_t replicas, const double[::1] rates not None, double room, double load):
    """Return the mean in service, the mean waiting, P(wait or blocked) and P(blocked)."""
    cdef Py_ssize_t slots = at_least_one(rates.shape[0])
    cdef double out[4]
    pool_moments(replicas, &rates[0], slots, room, load, out)
    return out[0], out[1], out[2], out[3]


cdef Py_ssize_t at_least_one(Py_ssize_t slots) except -1:
    if slots < 1:
        raise ValueError("rates must not be empty")
    return slots
