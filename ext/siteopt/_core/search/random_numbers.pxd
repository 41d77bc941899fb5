"""Random numbers of a search from a state of 64 bits: xorshift64* (Vigna 2016)."""

from libc.stdint cimport uint64_t


cdef inline uint64_t seeded(uint64_t seed) noexcept nogil:
    """Return a first state, such that those of neighbouring seeds are far apart."""
    return seed * 2862933555777941757u + 3037000493u


cdef inline uint64_t draw(uint64_t* state) noexcept nogil:
    """Draw the next number."""
    state[0] ^= state[0] >> 12
    state[0] ^= state[0] << 25
    state[0] ^= state[0] >> 27
    return state[0] * 2685821657736338717u


cdef inline Py_ssize_t below(uint64_t* state, Py_ssize_t n) noexcept nogil:
    """Draw an integer from 0 to n - 1."""
    return <Py_ssize_t>((draw(state) >> 11) % <uint64_t>n)


cdef inline double unit(uint64_t* state) noexcept nogil:
    """Draw a number from 0 up to but not including 1."""
    return (draw(state) >> 11) * (1.0 / 9007199254740992.0)
