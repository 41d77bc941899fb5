"""What the passes of other files may use of the search."""

from libc.stdint cimport uint8_t

from siteopt._core.search.site_search cimport SiteSearch


cdef class LocalSearch(SiteSearch):
    cdef uint8_t[::1] _is_cut

    cdef bint _ruin(self, Py_ssize_t sites, double worse_usd) noexcept nogil
    cdef bint _flip(self, Py_ssize_t j) noexcept nogil
