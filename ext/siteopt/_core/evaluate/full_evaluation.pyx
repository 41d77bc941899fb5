"""Full evaluation of a plan with its own replicas and modules: what it costs, line by line, and what it uses."""

import numpy as np

from libc.stdint cimport int32_t

from siteopt._core.evaluate.cost_lines cimport (
    ACCELERATORS, CARBON, COINCIDENT_PEAK, CONNECTION, DATA_REPLICAS, DEMAND_CHARGES, EGRESS, ENERGY, FACILITIES, LAND,
    N_LINES, REFRESH, REVENUE, SALVAGE, STAFF, TRANSIT, UNSERVED,
)
from siteopt._core.evaluate.instance_arrays cimport InstanceArrays


cdef class FullEvaluation(InstanceArrays):
    """Evaluator of whole plans of one instance.

    Parameters
    ----------
    instance : siteopt.instance.Instance
    """

    def evaluate(
        self,
        const int32_t[::1] option not None,
        const int32_t[::1] modules not None,
        const int32_t[::1] replicas not None,
        const double[::1] share not None,
        const double[::1] unserved not None,
    ):
        """Return the figures of a plan as it stands, with its own replicas and modules.

        Parameters
        ----------
        option, modules : ndarray of int32, shape (n_site,)
        replicas : ndarray of int32, shape (n_pool,)
        share : ndarray of float64, shape (n_arc,)
        unserved : ndarray of float64, shape (n_demand,)

        Returns
        -------
        lines : ndarray of float64, shape (n_line,)
            Cost lines, USD, in the order of ``siteopt.plan.COST_LINES``.
        it_mw, facility_mw, capex_usd : ndarray of float64, shape (n_site,)
        load_erlang : ndarray of float64, shape (n_pool,)
        used_mw : ndarray of float64, shape (n_limit,)
        used_gbps : ndarray of float64, shape (n_link,)
        tenant_mw : ndarray of float64, shape (n_site, n_tenant)
        """
        found = (option.shape[0], modules.shape[0], replicas.shape[0], share.shape[0], unserved.shape[0])
        expected = (self.n_site, self.n_site, self.n_pool, self.n_arc, self.n_demand)
        if found != expected:
            raise ValueError(f"option, modules, replicas, share, unserved have {found} entries, not {expected}")
        lines, used, gbps = np.zeros(N_LINES), np.zeros(self.n_limit), np.zeros(self.n_link)
        it_mw, mean_mw, facility, capex = np.zeros((4, self.n_site))
        peak, mean, tenants = np.zeros(self.n_pool), np.zeros(self.n_pool), np.zeros(self.n_site * self.n_tenant)
        cdef double[::1] c_lines = lines, c_used = used, c_it = it_mw, c_mean = mean_mw, c_gbps = gbps
        cdef double[::1] c_facility = facility, c_capex = capex, c_peak = peak, c_load = mean, c_tenants = tenants
        with nogil:
            self._flows(share, replicas, unserved, c_lines, c_peak, c_load, c_gbps)
            self._pools(replicas, c_lines, c_load, c_it, c_mean, c_capex, c_tenants)
            self._sites(option, modules, c_lines, c_it, c_mean, c_facility, c_capex, c_used)
        return lines, it_mw, facility, capex, peak, used, gbps, tenants.reshape(self.n_site, self.n_tenant)

    cdef void _flows(
        self,
        const double[::1] share,      # IN
        const int32_t[::1] replicas,  # IN
        const double[::1] unserved,   # IN
        double[::1] lines,            # OUT egress, transit, unserved, revenue
        double[::1] peak,             # OUT replicas kept busy at peak, by pool
        double[::1] mean,             # OUT the same on average
        double[::1] gbps,             # OUT traffic, by link
    ) noexcept nogil:
        cdef Py_ssize_t a, i, p
        for a in range(self.n_arc):
            if share[a] == 0.0:
                continue
            i, p = self.arc_demand[a], self.arc_pool[a]
            peak[p] += share[a] * self.peak_rps[i] / self.pool_rps[p]
            mean[p] += share[a] * self.mean_rps[i] / self.pool_rps[p]
            lines[EGRESS] += share[a] * self.egress_usd[a]
            lines[TRANSIT] += share[a] * self.transit_usd[a]
            lines[REVENUE] -= share[a] * self.revenue_usd[i]
            self.add_gbps(self.arc_route[a], share[a] * self.arc_gbps[a], gbps)
            self.add_gbps(self.pool_home_route[p], share[a] * self.arc_home_gbps[a], gbps)
        for p in range(self.n_pool):
            if replicas[p] > 0:
                self.add_gbps(self.pool_home_route[p], self.pool_sync_gbps[p], gbps)
        for i in range(self.n_demand):
            if unserved[i] > 0.0:
                lines[UNSERVED] += unserved[i] * self.unserved_usd[i]

    cdef void _pools(
        self,
        const int32_t[::1] replicas,  # IN
        double[::1] lines,            # INOUT accelerators, refresh, data replicas, salvage
        const double[::1] mean,       # IN
        double[::1] it_mw,            # OUT
        double[::1] mean_mw,          # OUT
        double[::1] capex,            # OUT
        double[::1] tenants,          # OUT IT power by site and tenant
    ) noexcept nogil:
        cdef Py_ssize_t j, p
        cdef double power
        for p in range(self.n_pool):
            j = self.pool_site[p]
            power = replicas[p] * self.pool_replica_mw[p]
            it_mw[j] += power
            mean_mw[j] += self.pool_replica_mw[p] * (
                self.pool_idle[p] * replicas[p] + (1.0 - self.pool_idle[p]) * mean[p]
            )
            capex[j] += replicas[p] * self.pool_capex[p]
            lines[ACCELERATORS] += replicas[p] * self.pool_capex[p]
            lines[REFRESH] += replicas[p] * self.pool_refresh[p]
            lines[SALVAGE] -= replicas[p] * self.pool_salvage[p]
            if replicas[p] > 0:
                lines[DATA_REPLICAS] += self.pool_fixed[p]
            if self.pool_tenant[p] >= 0:
                tenants[j * self.n_tenant + self.pool_tenant[p]] += power

    cdef void _sites(
        self,
        const int32_t[::1] option,   # IN
        const int32_t[::1] modules,  # IN
        double[::1] lines,           # INOUT
        const double[::1] it_mw,     # IN
        const double[::1] mean_mw,   # IN
        double[::1] facility_mw,     # OUT
        double[::1] capex,           # INOUT
        double[::1] used,            # OUT
    ) noexcept nogil:
        cdef Py_ssize_t j, o, e
        cdef double new_modules, facility
        for j in range(self.n_site):
            o = option[j]
            if o < 0:
                continue
            new_modules = self.capex_of_modules(o, modules[j])
            facility = self.facility_usd[o] + new_modules
            facility_mw[j] = it_mw[j] * self.pue[o]
            capex[j] += self.fixed_capex_usd[o] + new_modules
            lines[LAND] += self.land_usd[o]
            lines[CONNECTION] += self.connection_usd[o]
            lines[FACILITIES] += facility
            lines[REFRESH] += facility * self.refresh_share[o]
            lines[ENERGY] += self.energy_usd[j] * self.pue[o] * mean_mw[j]
            lines[DEMAND_CHARGES] += self.demand_usd[j] * facility_mw[j]
            lines[COINCIDENT_PEAK] += self.coincident_usd[j] * facility_mw[j]
            lines[STAFF] += self.staff_usd[o]
            lines[CARBON] += self.carbon_usd[j] * self.pue[o] * mean_mw[j]
            lines[SALVAGE] -= facility * self.salvage_share[o]
            for e in range(self.grid_site_ptr[j], self.grid_site_ptr[j + 1]):
                used[self.grid_site_limit[e]] += self.grid_site_coefficient[e] * facility_mw[j]
