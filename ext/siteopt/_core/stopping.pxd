"""Declaration of the question whether to stop, for the kernels that ask it."""


cdef class StopCheck:
    cdef object _is_over
    cdef long _steps
    cdef readonly bint stopped

    cdef bint after(self, long steps) noexcept nogil
