"""Continuous knapsack: take the items of highest rate, the last one in part."""


cdef struct Item:
    double rate
    double weight


cdef inline double critical_rate(Item* items, Py_ssize_t n, double room, double* gain) noexcept nogil:
    """Return the rate of the last item in a continuous knapsack (0 if all fit), by quickselect; total gain in OUT."""
    cdef Py_ssize_t low = 0, high = n, left, right, k
    cdef double pivot, above, above_gain, equal
    cdef Item item
    gain[0] = 0.0
    while low < high:
        pivot = items[low + (high - low) // 2].rate
        left, right, k = low, high, low
        above = above_gain = equal = 0.0
        while k < right:
            item = items[k]
            if item.rate > pivot:
                above += item.weight
                above_gain += item.weight * item.rate
                items[k] = items[left]
                items[left] = item
                left += 1
                k += 1
            elif item.rate < pivot:
                right -= 1
                items[k] = items[right]
                items[right] = item
            else:
                equal += item.weight
                k += 1
        if above > room:
            high = left
            continue
        gain[0] += above_gain
        room -= above
        if equal >= room:
            gain[0] += room * pivot
            return pivot
        gain[0] += equal * pivot
        room -= equal
        low = right
    return 0.0
