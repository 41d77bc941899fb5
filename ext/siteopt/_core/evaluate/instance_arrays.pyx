"""The arrays of an instance in the form that kernels read: shared, read-only, by pool, site, arc and link."""

import numpy as np


cdef class InstanceArrays:
    """Arrays of one instance.

    Parameters
    ----------
    instance : siteopt.instance.Instance
    """

    def __init__(self, instance):
        s, o, p, d, a, g = (
            instance.sites, instance.options, instance.pools, instance.demands, instance.arcs, instance.grid
        )
        v = instance.variants
        self.n_site, self.n_option, self.n_pool = len(s.id), len(o.site), len(p.site)
        self.n_demand, self.n_arc, self.n_limit = len(d.region), len(a.demand), len(g.id)
        self.energy_usd, self.carbon_usd = s.energy_usd_per_mw, s.carbon_usd_per_mw
        self.demand_usd, self.coincident_usd = s.demand_usd_per_mw, s.coincident_usd_per_mw
        self.peak_usd = s.demand_usd_per_mw + s.coincident_usd_per_mw
        self.mean_usd = s.energy_usd_per_mw + s.carbon_usd_per_mw
        self.is_existing, self.is_forced = s.is_existing, s.is_forced
        self.option_ptr, self.site_pool_ptr = s.option_ptr, s.pool_ptr
        self._read_options(instance)
        self.pool_site, self.pool_variant, self.pool_arc_ptr, self.pool_arc = p.site, p.variant, p.arc_ptr, p.arc
        self.pool_rps, self.pool_usable_rps = v.rps[p.variant], v.usable_rps[p.variant]
        self.pool_replica_mw, self.pool_idle = v.replica_mw[p.variant], v.idle_fraction[p.variant]
        self.pool_usd, self.pool_capex = v.usd[p.variant], v.capex_usd[p.variant]
        self.pool_refresh, self.pool_salvage = v.refresh_usd[p.variant], v.salvage_usd[p.variant]
        self.pool_fixed, self.pool_sync_gbps, self.pool_home_route = p.fixed_usd, p.sync_gbps, p.home_route
        self.pool_tenant = v.tenant[p.variant]
        self.peak_rps, self.mean_rps, self.revenue_usd = d.peak_rps, d.mean_rps, d.revenue_usd
        self.unserved_usd, self.is_splittable, self.demand_arc_ptr = d.unserved_usd, d.is_splittable, d.arc_ptr
        self.arc_demand, self.arc_pool, self.own_usd = a.demand, a.pool, a.usd
        self.egress_usd, self.transit_usd = a.egress_usd, a.transit_usd
        usual, degraded, self.arc_slack_tier = instance.slack_tiers, instance.degraded_slack_tiers, a.slack_tier
        self.table_ptr, self.carried_rps = usual.table_ptr, usual.inner_rps
        self.degraded_table_ptr, self.degraded_rps = degraded.table_ptr, degraded.inner_rps
        self.pool_first_slack_tier = v.slack_tier_ptr[p.variant]
        self.pool_slack_tiers = np.diff(v.slack_tier_ptr)[p.variant]
        self.most_slack_tiers = int(np.diff(v.slack_tier_ptr).max(initial=0))
        self.rival_first, self.rival_last = instance.rivals
        self.limit_mw, self.grid_ptr, self.grid_site = g.limit_mw, g.ptr, g.site
        self.grid_coefficient, self.grid_site_ptr = g.coefficient, g.site_ptr
        self.grid_site_limit, self.grid_site_coefficient = g.site_limit, g.site_coefficient
        self.n_link, self.limit_gbps = len(instance.links.id), instance.links.limit_gbps
        self.route_ptr, self.route_link = instance.links.route_ptr, instance.links.route_link
        self.arc_route, self.arc_gbps, self.arc_home_gbps = a.route, a.gbps, a.home_gbps
        self.n_tenant, self.tenant_share = len(instance.tenancy.id), instance.tenancy.share
        self.tenant_site_mw = instance.tenancy.site_mw
        self.budget_usd, self.max_sites = instance.budget_usd, instance.max_sites
        rules = instance.linear_rules
        self.n_rule, self.rule_lower, self.rule_upper = len(rules.id), rules.lower, rules.upper
        self.option_rule_ptr, self.option_rule = rules.option_ptr, rules.rule
        self.option_rule_coefficient = rules.coefficient

    def _read_options(self, instance):
        o, d = instance.options, instance.designs
        self.option_site, self.option_design, self.headroom_mw = o.site, o.design, o.headroom_mw
        self.land_usd, self.connection_usd, self.facility_usd = o.land_usd, o.connection_usd, o.facility_usd
        self.staff_usd, self.fixed_usd, self.fixed_capex_usd = o.staff_usd, o.fixed_usd, o.fixed_capex_usd
        self.module_mw, self.pue, self.spare_modules = o.module_mw, o.pue, o.spare_modules
        self.min_modules, self.max_modules = o.min_modules, o.max_modules
        self.capex_first, self.module_capex = d.capex_ptr[o.design], d.capex_usd
        self.capex_most = np.diff(d.capex_ptr)[o.design] - 1
        self.sunk_capex = d.capex_usd[d.capex_ptr[o.design] + o.sunk_modules]
        self.refresh_share, self.salvage_share = d.refresh_share[o.design], d.salvage_share[o.design]
        self.life_factor, self.admits = instance.life_factor, d.admits
        full = d.capex_usd[d.capex_ptr[o.design] + o.max_modules]
        counted = np.maximum(o.max_modules - o.spare_modules, 1)
        self.full_usd_per_mw = instance.life_factor * full / (counted * o.module_mw)
