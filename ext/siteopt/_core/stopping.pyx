"""Whether to stop, asked from inside kernels: every loop whose length depends on the data asks it as it goes."""

from cpython.exc cimport PyErr_SetInterrupt

# Elementary steps between questions, some ten milliseconds of them: asking takes the interpreter's lock.
cdef long BETWEEN = 5_000_000


cdef class StopCheck:
    """Asks now and then whether to stop; once it is told so, it says so for ever.

    A kernel that stops undoes what it has begun, and reports it as if it could not be done: whoever concludes something
    from a failure has to look at ``stopped`` first. Several threads may share one.

    Parameters
    ----------
    is_over : callable, optional
        Says whether to stop; without it there is no end.

    Attributes
    ----------
    stopped : bool
        Whether it has been told to stop.
    """

    def __init__(self, is_over=None):
        self._is_over = is_over
        self._steps = 0
        self.stopped = False

    def ask(self):
        """Ask now, and return whether to stop."""
        if self._is_over is None or self.stopped:
            return self.stopped
        try:
            self.stopped = bool(self._is_over())
        except KeyboardInterrupt:
            # A kernel cannot raise it: it is raised anew in the interpreter, right after the kernel.
            self.stopped = True
            PyErr_SetInterrupt()
        return self.stopped

    cdef bint after(self, long steps) noexcept nogil:
        """Count elementary steps; ask once there were enough of them. Return whether to stop."""
        if self.stopped:
            return True
        self._steps += steps
        if self._steps < BETWEEN:
            return False
        self._steps = 0
        with gil:
            self.ask()
        return self.stopped
