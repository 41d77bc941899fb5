"""Declarations of the rules that the state of a search has to keep, for the files that change it."""

from siteopt._core.evaluate.search_state cimport SearchState
from siteopt._core.tolerances cimport SLACK, TINY


cdef bint all_hold(SearchState state) noexcept nogil
cdef bint tenants_fit(SearchState state, Py_ssize_t site) noexcept nogil
cdef bint houses(SearchState state, Py_ssize_t site, Py_ssize_t option) noexcept nogil
cdef double on_link(SearchState state, Py_ssize_t arc, double amount, int more_flows, Py_ssize_t link) noexcept nogil
cdef bint links_hold(
    SearchState state, Py_ssize_t source, int fewer_flows, Py_ssize_t target, int more_flows, double amount
) noexcept nogil
cdef bint route_holds(SearchState state, Py_ssize_t route) noexcept nogil
cdef bint grid_holds(
    SearchState state, Py_ssize_t j, double less_mw, Py_ssize_t k, double more_mw
) noexcept nogil
cdef bint site_holds(SearchState state, Py_ssize_t site) noexcept nogil


cdef inline bint site_fits(
    SearchState state, Py_ssize_t site, Py_ssize_t option, double it_mw, int modules
) noexcept nogil:
    return (
        modules <= state.max_modules[option]
        and it_mw * state.pue[option] <= state.headroom_mw[option] * (1.0 + SLACK) + TINY
    )


cdef inline bint has_rival(SearchState state, Py_ssize_t pool, Py_ssize_t leaving) noexcept nogil:
    """Return whether another pool of the site already serves the pool's workload, once all flow on arc ``leaving``
    has gone."""
    cdef Py_ssize_t q
    for q in range(state.rival_first[pool], state.rival_last[pool]):
        if q == pool:
            continue
        if state.reserve[q] > 0.0 or state.flows[q] > (1 if leaving >= 0 and state.arc_pool[leaving] == q else 0):
            return True
    return False
