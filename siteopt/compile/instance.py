"""Assemble the instance: who may be served where, then pools, demands, arcs and limits around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile.demands import Reach, build_arcs, build_backups, build_demands
from siteopt.compile.facilities import build_designs, build_options, build_sites
from siteopt.compile.flows import Distances, admissible_flows, houses_variant
from siteopt.compile.gravity import pool_data
from siteopt.compile.left_out import left_out_by_mode
from siteopt.compile.limits import shared_limits
from siteopt.compile.links import RouteTable
from siteopt.compile.pools import build_pools, build_variants, pools_of
from siteopt.compile.slack_tiers import build_slack_tiers
from siteopt.compile.variants import resolve_variants
from siteopt.instance import Instance
from siteopt.physics.network.topology import build_topology
from siteopt.units import present_value_of_one_per_year

if TYPE_CHECKING:
    from siteopt.arrays import Indices, Rows
    from siteopt.compile.flows import Flows
    from siteopt.compile.variants import Variant
    from siteopt.instance import SlackTiers
    from siteopt.scenario.schema import Scenario


def compile_instance(scenario: Scenario) -> Instance:
    """Compile a scenario into arrays.

    Parameters
    ----------
    scenario : Scenario

    Returns
    -------
    Instance
        Holds exactly the flows that are admissible at zero wait: mode, tier, jurisdiction, route, racks and SLO
        allow them.
    """
    present_value = present_value_of_one_per_year(scenario.horizon.years, scenario.horizon.discount_rate)
    topology, resolved = build_topology(scenario), resolve_variants(scenario)
    options = build_options(scenario, present_value)
    designs = build_designs(scenario, options, resolved)
    houses = houses_variant(options, designs.admits, len(scenario.sites))
    distances = Distances(scenario, topology)
    found = admissible_flows(scenario, distances, resolved, houses)
    site, variant, flow_pool = pools_of(found, len(resolved))
    usual = np.flatnonzero(found.is_usual)
    protected = [scenario.workloads[v.workload].protect is not None for v in resolved]
    backup = np.flatnonzero(np.array(protected, dtype=bool)[found.variant])
    slack_tiers, slack_tier_ptr, slack_tier = _slack_tiers(scenario, resolved, found, usual)
    degraded_slack_tiers, degraded_slack_tier_ptr, degraded_slack_tier = _slack_tiers(
        scenario, resolved, found, backup, degraded=True
    )
    reach = Reach(found, flow_pool, slack_tier, degraded_slack_tier, usual, backup)
    routes = RouteTable(scenario, topology)
    data = pool_data(scenario, topology, routes, resolved, (site, variant), present_value)
    is_reached = np.bincount(found.demand[usual], minlength=len(scenario.demand)) > 0
    is_left_out = left_out_by_mode(scenario, distances, resolved, is_reached)
    demands = build_demands(scenario, reach, is_left_out, present_value)
    return Instance(
        sites=build_sites(scenario, options.site, site, present_value),
        designs=designs,
        options=options,
        variants=build_variants(scenario, resolved, slack_tier_ptr, degraded_slack_tier_ptr),
        slack_tiers=slack_tiers,
        degraded_slack_tiers=degraded_slack_tiers,
        pools=build_pools(site, variant, flow_pool[usual], data),
        demands=demands,
        arcs=build_arcs(scenario, topology, routes, reach, demands, data, present_value),
        backups=build_backups(reach),
        links=routes.links(),
        workload_ids=tuple(w.id for w in scenario.workloads),
        **shared_limits(scenario, options),
    )


def _slack_tiers(
    scenario: Scenario,
    resolved: tuple[Variant, ...],
    found: Flows,
    rows: Rows,
    *,
    degraded: bool = False,
) -> tuple[SlackTiers, Indices, Indices]:
    """Build the slack tiers of some flows; return them, their rows by variant and that of every flow (-1: none)."""
    calls = {w.id: w.calls_per_request for w in scenario.workloads}
    index = {w.id: k for k, w in enumerate(scenario.workloads)}
    peak_rps = np.zeros(len(index))
    for d in scenario.demand:
        peak_rps[index[d.workload]] += d.peak_rps * calls[d.workload]
    slack_tiers, ptr, slack_tier = build_slack_tiers(
        scenario, resolved, found.variant[rows], found.rtt_ms[rows], peak_rps, degraded=degraded
    )
    of_flow = np.full(len(found.demand), -1, dtype=np.int32)
    of_flow[rows] = slack_tier
    return slack_tiers, ptr, of_flow
