"""A pool of language-model replicas under continuous batching, run event by event.

A replica repeats iterations. Each gives every request that is decoding one token, and reads the prompts that wait, first
come first served, up to ``chunk`` tokens; a prompt that has been read whole gives its first token at the end of that
iteration. Between two events nothing but the contexts changes, so that k iterations with B requests of S tokens of
context last ``k T0 + g k (k - 1) / 2`` with ``T0 = base[B] + context_ms S`` and ``g = context_ms growth B``: the run jumps
to the next answer that ends, or to the first boundary of iterations after the next arrival.

Events at one instant: arrivals come before the end of an iteration, so that a request that arrives as one ends is in the
next.
"""

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.math cimport INFINITY, ceil, sqrt
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memset

from siteopt._core.queueing.tournament cimport least, put
from siteopt._core.search.random_numbers cimport below, seeded
from siteopt._core.stopping cimport StopCheck

#: Policies of load balancing, in the order of their numbers.
POLICIES = ("least_requests", "round_robin", "random", "two_choices", "least_prefill")

cdef enum Policy:
    LEAST_REQUESTS
    ROUND_ROBIN
    RANDOM
    TWO_CHOICES
    LEAST_PREFILL

cdef enum:
    NONE = -1  # no request
    TIES = 1 << 12  # numbers drawn to choose among replicas that are equally busy
    TOKEN = 1 << 16  # of a prompt, in requests, where prompts count before requests
    ASKED = 1024  # arrivals between questions whether to stop

cdef int64_t MOST = 1 << 62  # burden of a replica that does not exist


cdef struct Times:  # of one replica; milliseconds
    const double* base  # of an iteration with 0 .. batch requests decoding, without their contexts
    double context  # per token of context read
    double growth  # tokens of context that a request reads more at each iteration
    double prompt  # whatever the length of the prompt
    double token  # per token of a prompt
    double pair  # per token of a prompt and token of its context
    double window  # tokens of context that the layers with a sliding window see
    double windowed  # share of these layers
    double chunk  # most tokens in one iteration
    double room  # tokens of context that fit in the memory


cdef struct Request:
    double arrival
    double prompt  # tokens that have to be read
    double cached  # tokens before them that are in the prefix cache
    double read  # tokens of context that its first iteration of decoding reads
    double held  # tokens of context that its place in the memory is for
    int64_t outputs
    int64_t after  # the request behind it in the replica's line


cdef struct Ending:  # of an answer
    int64_t step
    int64_t request


cdef struct Replica:
    double start  # of the iterations that are under way
    double first  # T0 of these
    double context  # S
    double held  # tokens of context reserved in the memory
    double read  # tokens of the first prompt in the line that have been read
    double read_after  # of the one that will be first once this iteration has ended
    int64_t step  # iterations so far
    int64_t steps  # iterations under way
    int64_t head  # of the line of prompts
    int64_t tail
    int64_t prompts  # in the iteration under way, those that end in it
    int64_t outstanding  # requests that have not ended
    int64_t prefill  # tokens of prompts, rounded
    Py_ssize_t decoding  # B
    bint reading  # the first prompt in the line has a place in the batch


cdef void push(Ending* heap, Py_ssize_t size, Ending new) noexcept nogil:
    """Add to a heap of ``size`` endings, the first of them on top."""
    cdef Py_ssize_t place = size, above
    while place > 0:
        above = (place - 1) >> 1
        if heap[above].step <= new.step:
            break
        heap[place] = heap[above]
        place = above
    heap[place] = new


cdef void pop(Ending* heap, Py_ssize_t size) noexcept nogil:
    """Take the top of a heap of ``size`` endings away."""
    cdef Ending last = heap[size - 1]
    cdef Py_ssize_t place = 0, child = 1
    size -= 1
    while child < size:
        if child + 1 < size and heap[child + 1].step < heap[child].step:
            child += 1
        if last.step <= heap[child].step:
            break
        heap[place] = heap[child]
        place = child
        child = 2 * place + 1
    heap[place] = last


cdef inline double seen(const Times* times, double tokens) noexcept nogil:
    """Return the tokens of context that a layer sees in the mean over all layers."""
    return (1.0 - times.windowed) * tokens + times.windowed * (tokens if tokens < times.window else times.window)


cdef inline double reading_ms(const Times* times, double first, double last) noexcept nogil:
    """Return the time of reading a prompt from its token ``first`` to its token ``last``."""
    return times.token * (last - first) + times.pair * (last * seen(times, last) - first * seen(times, first))


cdef inline double lasting(const Replica* replica, double growth, int64_t steps) noexcept nogil:
    """Return how long iterations of decoding alone last."""
    return steps * replica.first + growth * (0.5 * steps * (steps - 1))


cdef double begin(Replica* replica, const Times* times, const Request* requests, const Ending* heap,
                  Py_ssize_t batch, double now) noexcept nogil:
    """Begin the next iteration, or as many as nothing happens in; return when they end, ``INFINITY`` if there are none."""
    cdef double left = times.chunk - replica.decoding, ms = 0.0, part, first
    cdef double held = replica.held
    cdef int64_t head = replica.head
    cdef Py_ssize_t taken = replica.decoding
    replica.start, replica.prompts, replica.steps, replica.read_after = now, 0, 0, replica.read
    replica.first = times.base[replica.decoding] + times.context * replica.context
    left = left if left >= 1.0 else 1.0
    first = replica.read
    while head != NONE and left > 0.0:
        if not replica.reading:
            if taken >= batch or (held + requests[head].held > times.room and taken > 0):
                break
            held += requests[head].held
        taken += 1
        ms += times.prompt
        part = requests[head].prompt - first
        if part > left:
            ms += reading_ms(times, requests[head].cached + first, requests[head].cached + first + left)
            replica.read_after, replica.reading = first + left, True
            replica.steps = 1
            break
        ms += reading_ms(times, requests[head].cached + first, requests[head].cached + requests[head].prompt)
        left -= part
        replica.prompts += 1
        replica.steps, replica.reading, replica.read_after, first = 1, False, 0.0, 0.0
        head = requests[head].after
    replica.held = held
    if replica.steps:
        return now + replica.first + ms
    if replica.decoding == 0:
        return INFINITY
    replica.steps = heap[0].step - replica.step
    return now + lasting(replica, times.context * times.growth * replica.decoding, replica.steps)


cdef bint end(Replica* replica, const Times* times, const Request* requests, Ending* heap, double now,
                    double[::1] first_ms, double[::1] done_ms) noexcept nogil:
    """End the iterations that are under way; return whether an answer or the reading of a prompt ended with them."""
    cdef int64_t ended = 0
    cdef bint changed = replica.prompts > 0
    cdef int64_t request, prompt
    cdef Ending new
    replica.step += replica.steps
    replica.context += replica.steps * times.growth * replica.decoding
    while replica.decoding > 0 and heap[0].step <= replica.step:
        request = heap[0].request
        pop(heap, replica.decoding)
        replica.decoding -= 1
        replica.context -= requests[request].read + times.growth * (requests[request].outputs - 1)
        replica.held -= requests[request].held
        done_ms[request] = now
        ended += 1
    for prompt in range(replica.prompts):
        request = replica.head
        replica.head = requests[request].after
        first_ms[request] = now
        replica.prefill -= <int64_t>requests[request].prompt
        if requests[request].outputs <= 1:
            replica.held -= requests[request].held
            done_ms[request] = now
            ended += 1
            continue
        new.step, new.request = replica.step + requests[request].outputs - 1, request
        push(heap, replica.decoding, new)
        replica.decoding += 1
        replica.context += requests[request].read
    replica.read = replica.read_after
    replica.prompts = 0
    if replica.decoding == 0:
        replica.context = 0.0  # what rounding has left
        if not replica.reading:
            replica.held = 0.0
    replica.outstanding -= ended
    return changed or ended > 0


cdef double join(Replica* replica, const Times* times, Request* requests, const Ending* heap, Py_ssize_t batch,
                 int64_t request, double ending) noexcept nogil:
    """Put a request into a replica's line; return when the iterations under way end now, which were to end at ``ending``."""
    cdef double passed, growth, steps
    cdef bint alone = replica.head == NONE
    requests[request].after = NONE
    if alone:
        replica.head = request
    else:
        requests[replica.tail].after = request
    replica.tail = request
    replica.outstanding += 1
    replica.prefill += <int64_t>requests[request].prompt
    if ending == INFINITY:  # it was idle
        return begin(replica, times, requests, heap, batch, requests[request].arrival)
    if (not alone or replica.steps <= 1 or replica.decoding >= batch
            or replica.held + requests[request].held > times.room):
        return ending
    # Only decoding is under way: it stops at the first boundary that the request does not come too late for.
    passed = requests[request].arrival - replica.start
    growth = times.context * times.growth * replica.decoding
    steps = replica.first - 0.5 * growth
    steps = ceil(2.0 * passed / (steps + sqrt(steps * steps + 2.0 * growth * passed)))
    steps = steps if steps >= 1.0 else 1.0
    if steps > 1.0 and lasting(replica, growth, <int64_t>steps - 1) >= passed:
        steps -= 1.0
    elif lasting(replica, growth, <int64_t>steps) < passed:
        steps += 1.0
    if steps >= replica.steps:
        return ending
    replica.steps = <int64_t>steps
    return replica.start + lasting(replica, growth, replica.steps)


cdef inline Py_ssize_t chosen(Policy policy, const int64_t* burden, Py_ssize_t width, Py_ssize_t n, int64_t request,
                              uint64_t* state) noexcept nogil:
    """Return the replica that a request is sent to."""
    cdef Py_ssize_t one, other
    if policy == ROUND_ROBIN:
        return request % n
    if policy == RANDOM:
        return below(state, n)
    if policy == TWO_CHOICES and n > 1:
        one, other = below(state, n), below(state, n - 1)
        other += other >= one
        return other if burden[width + other] // TIES < burden[width + one] // TIES else one
    return least(burden, width)


cdef inline int64_t burden_of(const Replica* replica, Policy policy, uint64_t* state) noexcept nogil:
    """Return what the load balancer compares of a replica; a number is drawn each time, so that chance decides ties."""
    cdef int64_t burden = replica.outstanding
    if policy == LEAST_PREFILL:
        burden += TOKEN * replica.prefill
    return burden * TIES + below(state, TIES)


cdef struct Pool:
    Py_ssize_t n  # replicas
    Py_ssize_t width  # leaves of the trees
    Py_ssize_t batch  # most requests in one replica
    Policy policy
    uint64_t state  # of the random numbers
    Times times
    Replica* replicas
    Ending* heaps  # of the replicas, ``batch`` places each
    Request* requests
    double* endings  # tree of when each replica's iterations end
    int64_t* burden  # tree of what the load balancer compares


cdef void until(Pool* pool, double now, double[::1] first_ms, double[::1] done_ms) noexcept nogil:
    """End all iterations that end before ``now``, and begin those after them."""
    cdef Py_ssize_t r
    cdef double ending
    cdef Replica* replica
    cdef Ending* heap
    while pool.endings[1] < now:
        r = least(pool.endings, pool.width)
        replica, heap, ending = &pool.replicas[r], &pool.heaps[r * pool.batch], pool.endings[pool.width + r]
        if end(replica, &pool.times, pool.requests, heap, ending, first_ms, done_ms):
            put(pool.burden, pool.width, r, burden_of(replica, pool.policy, &pool.state))
        put(pool.endings, pool.width, r, begin(replica, &pool.times, pool.requests, heap, pool.batch, ending))


cdef void arrive(Pool* pool, int64_t request) noexcept nogil:
    """Send a request to a replica at the moment it arrives."""
    cdef Py_ssize_t r = chosen(pool.policy, pool.burden, pool.width, pool.n, request, &pool.state)
    cdef Replica* replica = &pool.replicas[r]
    cdef double ending = pool.endings[pool.width + r]
    cdef double now = join(replica, &pool.times, pool.requests, &pool.heaps[r * pool.batch], pool.batch, request, ending)
    put(pool.burden, pool.width, r, burden_of(replica, pool.policy, &pool.state))
    if now != ending:
        put(pool.endings, pool.width, r, now)


cdef bint run(Pool* pool, Py_ssize_t count, StopCheck stop, double[::1] first_ms, double[::1] done_ms) noexcept nogil:
    """Run all requests to their end; return whether it came to that before it had to stop."""
    cdef Py_ssize_t i
    for i in range(count):
        if i % ASKED == 0 and stop.after(ASKED * 50):
            return False
        until(pool, pool.requests[i].arrival, first_ms, done_ms)
        arrive(pool, i)
    until(pool, INFINITY, first_ms, done_ms)
    return True


cdef void* room_for(Py_ssize_t count, size_t size) except NULL:
    cdef void* found = PyMem_Malloc(count * size)
    if found == NULL:
        raise MemoryError
    memset(found, 0, count * size)
    return found


def run_pool(Py_ssize_t replicas, object policy, const double[::1] base_ms not None, dict times not None,
             const double[::1] arrival_ms not None, double scale, const double[::1] input_tokens not None,
             const double[::1] output_tokens not None, double cached_share, uint64_t seed, StopCheck stop not None,
             double[::1] first_ms not None, double[::1] done_ms not None):
    """Run a pool; set when each request's first token and last token come, ms. Return False if it had to stop."""
    cdef Py_ssize_t i, count = arrival_ms.shape[0], batch = base_ms.shape[0] - 1
    cdef Pool pool
    cdef bint whole
    if not (count == input_tokens.shape[0] == output_tokens.shape[0] == first_ms.shape[0] == done_ms.shape[0]):
        raise ValueError("one arrival, input, output and room for two times for each request")
    if replicas < 1 or batch < 1:
        raise ValueError("a pool needs a replica, and a replica a batch of at least 1")
    pool.n, pool.batch, pool.policy = replicas, batch, POLICIES.index(policy)
    pool.state, pool.width = seeded(seed), 1
    while pool.width < replicas:
        pool.width *= 2
    pool.times.base = &base_ms[0]
    pool.times.context, pool.times.growth = times["context"], times["growth"]
    pool.times.prompt, pool.times.token, pool.times.pair = times["prompt"], times["token"], times["pair"]
    pool.times.window, pool.times.windowed = times["window"], times["windowed"]
    pool.times.chunk, pool.times.room = times["chunk"], times["room"]
    pool.replicas = pool.heaps = pool.requests = pool.endings = pool.burden = NULL
    try:
        pool.replicas = <Replica*>room_for(replicas, sizeof(Replica))
        pool.heaps = <Ending*>room_for(replicas * batch, sizeof(Ending))
        pool.requests = <Request*>room_for(count, sizeof(Request))
        pool.endings = <double*>room_for(2 * pool.width, sizeof(double))
        pool.burden = <int64_t*>room_for(2 * pool.width, sizeof(int64_t))
        with nogil:
            for i in range(count):
                ready(&pool, i, arrival_ms[i] * scale, input_tokens[i], output_tokens[i], cached_share)
            for i in range(replicas):
                pool.replicas[i].head = NONE
            for i in range(pool.width):
                put(pool.endings, pool.width, i, <double>INFINITY)
                put(pool.burden, pool.width, i, <int64_t>(0 if i < replicas else MOST))
            whole = run(&pool, count, stop, first_ms, done_ms)
    finally:
        PyMem_Free(pool.replicas)
        PyMem_Free(pool.heaps)
        PyMem_Free(pool.requests)
        PyMem_Free(pool.endings)
        PyMem_Free(pool.burden)
    return whole


cdef inline void ready(Pool* pool, Py_ssize_t i, double arrival, double inputs, double outputs,
                       double cached_share) noexcept nogil:
    """Set what a run needs to know of a request."""
    cdef Request* request = &pool.requests[i]
    request.arrival, request.outputs = arrival, <int64_t>outputs
    request.cached = cached_share * inputs
    request.prompt = inputs - request.cached
    request.read = seen(&pool.times, inputs + 1.0)
    request.held = inputs + outputs
