"""Tournament trees: the least of n values that change one at a time, found and kept in log2(n) steps.

A tree of ``width`` leaves (a power of two) is an array of ``2 * width`` values: leaf i stands at ``width + i``, and
every other place holds the less of the two below it.
"""

from libc.stdint cimport int64_t

ctypedef fused Value:
    double
    int64_t


cdef inline void put(Value* tree, Py_ssize_t width, Py_ssize_t leaf, Value value) noexcept nogil:
    """Set the value of a leaf."""
    cdef Py_ssize_t place = width + leaf
    cdef Value other
    tree[place] = value
    while place > 1:
        other = tree[place ^ 1]
        value = other if other < value else value  # no branch: which is less cannot be foreseen
        place >>= 1
        tree[place] = value


cdef inline Py_ssize_t least(const Value* tree, Py_ssize_t width) noexcept nogil:
    """Return the leaf with the least value, the first of them where several have it."""
    cdef Py_ssize_t place = 1
    while place < width:
        place <<= 1
        place += tree[place + 1] < tree[place]
    return place - width
