"""Implicit flows, where there are too many to list: matrices of round trips, costs as constants of site and variant.

What a flow gains is separable: the part of its demand, less its peak times a constant of (variant, site), less its mean
times another one. Whether it is admissible is one comparison of a round trip. So a site's flows are priced from the
matrices, and nothing is ever stored per flow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile.arrays import floats, indices
from siteopt.compile.bare import bare_instance
from siteopt.compile.facilities import build_designs, build_options
from siteopt.compile.flows import RTT_TOLERANCE_MS, Distances, call_trips, houses_variant
from siteopt.compile.gravity import calls_home_usd
from siteopt.compile.left_out import left_out_by_mode
from siteopt.compile.links import route_rule
from siteopt.compile.slack_tiers import carried_rps
from siteopt.compile.variants import resolve_variants
from siteopt.physics.network.topology import build_topology
from siteopt.scenario.facilities import mode_tiers
from siteopt.tolerances import COUNT_SLACK
from siteopt.units import SECONDS_PER_YEAR, present_value_of_one_per_year

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.arrays import Flags, Floats, Indices, Masks, Singles
    from siteopt.compile.variants import Variant
    from siteopt.instance import Instance
    from siteopt.physics.network.topology import Topology
    from siteopt.scenario.schema import Scenario, Workload

#: Regions whose round trips are worked out at a time, so that double precision never holds a whole matrix.
REGIONS = 64
#: Flows of a variant are listed where it has less than this share of all pairs of site and region.
SPARSE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class ImplicitFlows:
    """The whole problem, with its flows left implicit.

    Attributes
    ----------
    instance : Instance
        Sites, options, variants, demands and grid limits; no pools, no arcs, no links, nothing protected.
    rtt_ms : ndarray of float32, shape (n_rule, n_site, n_region)
        Round trips, ``inf`` where a workload's rule forbids the flow; rounded down, so that none that fits is lost.
    rule : ndarray of int32, shape (n_variant,)
        Which of these matrices each variant obeys.
    reach_ms : ndarray of float32, shape (n_variant, n_site)
        Longest round trip that a variant may have from a site; ``-inf`` where it cannot stand there. Rounded up.
    n_flow : ndarray of int64, shape (n_variant, n_region)
        Sites that each region may reach with each variant.
    best_rps : ndarray of float64, shape (n_variant, n_site)
        As :attr:`siteopt.instance.Instance.pool_best_rps`.
    flow_usd_per_rps : ndarray of float64, shape (n_variant, n_site)
        Egress and calls to data over the horizon, per mean call per second.
    transit_usd_per_rps : ndarray of float64, shape (n_variant,)
        Transit between region and site, where they are not attached to the same backbone node.
    region_node, site_node : ndarray of int32
        Backbone nodes; without a network all differ.
    is_lost : ndarray of bool, shape (n_demand,)
        Demands that no site may serve.
    is_listed : ndarray of uint8, shape (n_variant,)
        Whether a variant has so few flows that they are listed.
    listed_ptr : ndarray of int32, shape (n_variant, n_site + 1)
        Rows of each variant and site in ``listed``; none where a variant is not listed.
    listed : ndarray of int32
        Demands that a listed variant may serve from a site.
    """

    instance: Instance
    rtt_ms: Singles
    rule: Indices
    reach_ms: Singles
    n_flow: NDArray[np.int64]
    best_rps: Floats
    flow_usd_per_rps: Floats
    transit_usd_per_rps: Floats
    region_node: Indices
    site_node: Indices
    is_lost: Masks
    is_listed: Flags
    listed_ptr: Indices
    listed: Indices

    @property
    def flow_count(self) -> int:
        """Admissible (demand, site, variant) triples."""
        demands = self.instance.demands
        return sum(
            int(self.n_flow[v, demands.region[demands.workload == k]].sum())
            for v, k in enumerate(self.instance.variants.workload.tolist())
        )


def compile_implicit_flows(scenario: Scenario) -> ImplicitFlows:
    """Compile a scenario without listing its flows.

    Parameters
    ----------
    scenario : Scenario

    Returns
    -------
    ImplicitFlows
        Of the same flows as :func:`siteopt.compile.compile_instance`, up to the rounding of their round trips.
    """
    present_value = present_value_of_one_per_year(scenario.horizon.years, scenario.horizon.discount_rate)
    topology, resolved = build_topology(scenario), resolve_variants(scenario)
    options = build_options(scenario, present_value)
    designs = build_designs(scenario, options, resolved)
    houses = houses_variant(options, designs.admits, len(scenario.sites))
    distances = Distances(scenario, topology)
    rtt, rule = _round_trips(scenario, distances, resolved)
    reach = _reach(scenario, distances, resolved, houses)
    counts, shortest = _counted(rtt, rule, reach)
    is_lost = _lost(scenario, resolved, counts)
    is_left_out = left_out_by_mode(scenario, distances, resolved, ~is_lost)
    instance = bare_instance(scenario, resolved, options, designs, is_lost, is_left_out, present_value)
    egress, transit = _money(scenario, resolved, present_value)
    data = _data(scenario, resolved, topology, present_value)
    n_site = len(scenario.sites)
    is_listed, listed_ptr, listed = _listed(rtt, rule, reach, counts, instance)
    return ImplicitFlows(
        instance=instance,
        rtt_ms=rtt,
        rule=rule,
        reach_ms=reach,
        n_flow=counts,
        best_rps=_best_rps(scenario, resolved, instance, shortest),
        flow_usd_per_rps=egress + data,
        transit_usd_per_rps=transit,
        region_node=topology.region_node
        if topology.has_network
        else np.zeros(len(scenario.regions), np.int32),
        site_node=topology.site_node if topology.has_network else np.full(n_site, -1, np.int32),
        is_lost=is_lost,
        is_listed=is_listed,
        listed_ptr=listed_ptr,
        listed=listed,
    )


def _round_trips(
    scenario: Scenario, distances: Distances, variants: tuple[Variant, ...]
) -> tuple[Singles, Indices]:
    """Return one matrix for each distinct rule of tiers, jurisdictions and routes, and the rule of each variant."""
    n_region, n_site = len(scenario.regions), len(scenario.sites)
    tiers = np.array([s.tier for s in scenario.sites])
    rules: dict[object, int] = {}
    owners: list[Workload] = []
    rule = []
    for variant in variants:
        workload = scenario.workloads[variant.workload]
        key = (
            np.isin(tiers, workload.tiers).tobytes(),
            workload.jurisdictions,
            workload.sovereign_route,
            None if workload.home is None else workload.home.node,
        )
        if key not in rules:
            rules[key] = len(owners)
            owners.append(workload)
        rule.append(rules[key])
    rtt = np.empty((len(owners), n_site, n_region), dtype=np.float32)
    for b, workload in enumerate(owners):
        for first in range(0, n_region, REGIONS):
            rows = np.arange(first, min(n_region, first + REGIONS), dtype=np.int32)
            exact = distances.rule_ms(workload, rows)
            rtt[b][:, rows] = np.nextafter(exact.astype(np.float32), np.float32(-np.inf)).T
    rtt[rtt >= np.finfo(np.float32).max] = np.inf
    return rtt, indices(rule)


def _reach(scenario: Scenario, distances: Distances, variants: tuple[Variant, ...], houses: Masks) -> Singles:
    """Return what the SLO leaves to a round trip, less the calls home; see :class:`ImplicitFlows`."""
    served = mode_tiers(scenario.policy.mode)
    serves = np.array([s.tier in served for s in scenario.sites])
    reach = np.full((len(variants), len(scenario.sites)), -np.inf, dtype=np.float32)
    for v, variant in enumerate(variants):
        workload = scenario.workloads[variant.workload]
        limit = np.full(len(scenario.sites), variant.largest_rtt_ms(workload) + RTT_TOLERANCE_MS)
        trips = call_trips(variant, workload)
        if trips and not workload.sovereign_route:
            limit = limit - trips * distances.home_ms(workload, None)
        elif trips:
            homes = {r.jurisdiction for r in scenario.regions}
            nearest = [distances.home_ms(workload, route_rule(scenario, workload, home)) for home in homes]
            limit = limit - trips * np.minimum.reduce(nearest)
        up = np.nextafter(limit.astype(np.float32), np.float32(np.inf))
        reach[v] = np.where(houses[:, v] & serves, np.minimum(up, np.finfo(np.float32).max), -np.inf)
    return reach


def _counted(rtt: Singles, rule: Indices, reach: Singles) -> tuple[NDArray[np.int64], Floats]:
    """Count the sites in reach of each region, and find the shortest round trip, by variant."""
    counts = np.zeros((len(rule), rtt.shape[2]), dtype=np.int64)
    shortest = np.full(len(rule), np.inf)
    for v, b in enumerate(rule.tolist()):
        for first in range(0, rtt.shape[1], 4096):
            rows = slice(first, first + 4096)
            ok = rtt[b, rows] <= reach[v, rows, None]
            counts[v] += np.count_nonzero(ok, axis=0)
            least = np.min(rtt[b, rows], where=ok, initial=np.inf)
            shortest[v] = min(shortest[v], float(least))
    return counts, shortest


def _listed(
    rtt: Singles, rule: Indices, reach: Singles, counts: NDArray[np.int64], instance: Instance
) -> tuple[Flags, Indices, Indices]:
    """List the flows of the variants that have few; see :class:`ImplicitFlows`."""
    n_site, demands = rtt.shape[1], instance.demands
    is_listed = counts.sum(axis=1) < SPARSE * counts.shape[1] * n_site
    ptr, rows, first = np.zeros((len(rule), n_site + 1), dtype=np.int32), [np.zeros(0, dtype=np.int32)], 0
    for v in np.flatnonzero(is_listed):
        asked = np.flatnonzero(demands.workload == instance.variants.workload[v])
        site, column = np.nonzero(rtt[rule[v]][:, demands.region[asked]] <= reach[v][:, None])
        ptr[v] = first + np.searchsorted(site, np.arange(n_site + 1))
        rows.append(asked[column].astype(np.int32))
        first += len(site)
    return is_listed.astype(np.uint8), ptr, np.concatenate(rows)


def _lost(scenario: Scenario, variants: tuple[Variant, ...], counts: NDArray[np.int64]) -> Masks:
    """Find the demands that no site may serve."""
    region = {r.id: i for i, r in enumerate(scenario.regions)}
    reached: dict[str, NDArray[np.int64]] = {w.id: np.zeros_like(counts[0]) for w in scenario.workloads}
    for v, variant in enumerate(variants):
        reached[scenario.workloads[variant.workload].id] += counts[v]
    return np.array([reached[d.workload][region[d.region]] == 0 for d in scenario.demand])


def _money(scenario: Scenario, variants: tuple[Variant, ...], present_value: float) -> tuple[Floats, Floats]:
    """Return egress by variant and site, and transit by variant, per mean call per second over the horizon."""
    policy = scenario.policy
    price = floats(
        policy.egress_usd_per_gb if s.egress_usd_per_gb is None else s.egress_usd_per_gb
        for s in scenario.sites
    )
    workloads = [scenario.workloads[v.workload] for v in variants]
    seconds = present_value * SECONDS_PER_YEAR
    out = floats(seconds * w.gb_out / w.calls_per_request for w in workloads)
    both = floats(seconds * (w.gb_in + w.gb_out) / w.calls_per_request for w in workloads)
    return np.outer(out, price), both * policy.transit_usd_per_gb


def _data(
    scenario: Scenario, variants: tuple[Variant, ...], topology: Topology, present_value: float
) -> Floats:
    """Return what calls to the data cost, by variant and site, per mean call per second over the horizon."""
    sites = np.arange(len(scenario.sites), dtype=np.int32)
    usd = np.zeros((len(variants), len(sites)))
    for v, variant in enumerate(variants):
        if variant.data == "home":
            workload = scenario.workloads[variant.workload]
            usd[v] = np.add(*calls_home_usd(scenario, topology, workload, sites, present_value))
    return usd


def _best_rps(
    scenario: Scenario, variants: tuple[Variant, ...], instance: Instance, shortest_ms: Floats
) -> Floats:
    """Return the highest rate per replica: utilisation cap and pooling of the most replicas, at the nearest user."""
    most_mw, usable = instance.site_capacity_mw, instance.variants.usable_rps
    best = np.repeat(usable[:, None], len(most_mw), axis=1)
    demands = instance.demands
    load = np.bincount(demands.workload, weights=demands.peak_rps, minlength=len(scenario.workloads))
    for v, variant in enumerate(variants):
        if variant.queue is None or not np.isfinite(shortest_ms[v]):
            continue
        workload = scenario.workloads[variant.workload]
        burst = workload.burst_factor
        table = carried_rps(
            variant,
            variant.rooms(workload),
            float(shortest_ms[v]),
            float(load[variant.workload]) * burst,
            scenario.policy.utilisation_cap * burst,
        )
        rate = np.maximum.accumulate(table[1:] / burst / np.arange(1, len(table)))
        most = np.maximum(1, np.floor(most_mw / variant.replica_mw + COUNT_SLACK)).astype(int)
        rows = np.flatnonzero(most < len(table))
        best[v, rows] = np.minimum(best[v, rows], np.maximum(rate[most[rows] - 1], 1e-9 * best[v, rows]))
    return best
