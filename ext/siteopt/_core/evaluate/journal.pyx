"""Compound moves in the state of an evaluator, recorded step by step and undone if they do not pay.

The state is thus never left worse than it was found.
"""

import numpy as np

from libc.stdint cimport int32_t

from siteopt._core.evaluate.evaluator cimport Evaluator
from siteopt._core.tolerances cimport CENT, SLACK


cdef class Journal:
    """Journal of the moves in one state.

    Parameters
    ----------
    evaluator : Evaluator
        Its state is changed in place; it never gets worse.
    """

    def __init__(self, Evaluator evaluator not None):
        self.ev = evaluator
        self._capacity = 4 * (evaluator.n_arc + evaluator.n_site) + 64
        self.what, self._from, self._to = np.empty((3, self._capacity), dtype=np.int32)
        self._amount = np.empty(self._capacity)

    cdef void begin(self) noexcept nogil:
        """Start a new journal, and keep all moves that the old one recorded."""
        self.length = 0

    cdef bint shift(self, Py_ssize_t demand, Py_ssize_t source, Py_ssize_t target, double amount) noexcept nogil:
        if self.length == self._capacity:
            return False
        self.what[self.length] = <int32_t>demand
        self._from[self.length] = <int32_t>source
        self._to[self.length] = <int32_t>target
        self._amount[self.length] = amount
        self.length += 1
        self.ev.shift(demand, source, target, amount)
        return True

    cdef bint set_option(self, Py_ssize_t site, Py_ssize_t option) noexcept nogil:
        if self.length == self._capacity:
            return False
        self.what[self.length] = <int32_t>(-1 - site)
        self._from[self.length] = self.ev.option[site]
        self.length += 1
        self.ev.set_option(site, option)
        return True

    cdef void undo(self, double cost) noexcept nogil:
        """Return the state to the start of the journal, where the cost was ``cost``."""
        cdef Py_ssize_t n
        while self.length > 0:
            self.length -= 1
            n = self.length
            if self.what[n] < 0:
                self.ev.set_option(-1 - self.what[n], self._from[n])
            else:
                self.ev.shift(self.what[n], self._to[n], self._from[n], self._amount[n])
        self.ev.cost = cost

    cdef bint keep_if_better(self, double cost) noexcept nogil:
        return self.keep_if_below(cost, cost - CENT)

    cdef bint keep_if_below(self, double cost, double limit) noexcept nogil:
        # Shifts keep the budget one by one, but opening spends capital by itself.
        if self.ev.cost < limit and self.ev.capex <= self.ev.budget_usd * (1.0 + SLACK):
            self.begin()
            return True
        self.undo(cost)
        return False
