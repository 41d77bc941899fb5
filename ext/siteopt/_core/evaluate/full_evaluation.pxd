"""Full evaluation, for the state of a search that stands on the same arrays."""

from libc.stdint cimport int32_t

from siteopt._core.evaluate.instance_arrays cimport InstanceArrays


cdef class FullEvaluation(InstanceArrays):
    cdef void _flows_in_full(
        self, const double[::1] share, const int32_t[::1] replicas, const double[::1] unserved, double[::1] lines,
        double[::1] peak, double[::1] mean, double[::1] gbps
    ) noexcept nogil
    cdef void _pools_in_full(
        self, const int32_t[::1] replicas, double[::1] lines, const double[::1] mean, double[::1] it_mw,
        double[::1] mean_mw, double[::1] capex, double[::1] tenants
    ) noexcept nogil
    cdef void _sites_in_full(
        self, const int32_t[::1] option, const int32_t[::1] modules, double[::1] lines, const double[::1] it_mw,
        const double[::1] mean_mw, double[::1] facility_mw, double[::1] capex, double[::1] used
    ) noexcept nogil
