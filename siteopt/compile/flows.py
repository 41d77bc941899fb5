"""Admissible flows: which site may serve which demand with which variant, and at what round trip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.network.latency import rtt_block_ms
from siteopt.scenario.jurisdictions import allowed_jurisdictions

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from siteopt.compile.variants import Variant
    from siteopt.network.topology import Topology
    from siteopt.scenario.schema import Scenario, Workload

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int32]
    RttBlock = Callable[[frozenset[str] | None], Floats]

#: A round trip may exceed its limit by this much, so that rounding never drops an arc that just fits.
RTT_TOLERANCE_MS = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Admissible (demand, site, variant) triples, sorted by demand, then round trip; one array each, one length."""

    demand: Indices
    site: Indices
    variant: Indices
    rtt_ms: Floats


def admissible_flows(scenario: Scenario, topology: Topology, variants: tuple[Variant, ...]) -> Flows:
    """Filter the shared region-by-site block of round trips once for each variant.

    No demand gets a row of its own before the filter has been through.
    """
    region_index = {r.id: i for i, r in enumerate(scenario.regions)}
    by_workload: dict[str, list[tuple[int, int]]] = {w.id: [] for w in scenario.workloads}
    for i, row in enumerate(scenario.demand):
        by_workload[row.workload].append((i, region_index[row.region]))
    block = _block_cache(topology)
    parts = []
    for v, variant in enumerate(variants):
        workload = scenario.workloads[variant.workload]
        rows = np.array(by_workload[workload.id], dtype=np.int32).reshape(-1, 2)
        demand, region = rows[:, 0], rows[:, 1]
        rtt = rule_rtt_ms(scenario, topology, workload, region, block)
        near, site = np.nonzero(
            np.isfinite(rtt) & (rtt <= variant.largest_rtt_ms(workload) + RTT_TOLERANCE_MS)
        )
        parts.append(
            Flows(demand[near], site.astype(np.int32), np.full(len(near), v, np.int32), rtt[near, site])
        )
    flows = Flows(
        np.concatenate([p.demand for p in parts]),
        np.concatenate([p.site for p in parts]),
        np.concatenate([p.variant for p in parts]),
        np.concatenate([p.rtt_ms for p in parts]),
    )
    order = np.lexsort((flows.variant, flows.site, flows.rtt_ms, flows.demand))
    return Flows(flows.demand[order], flows.site[order], flows.variant[order], flows.rtt_ms[order])


def _block_cache(topology: Topology) -> RttBlock:
    blocks: dict[frozenset[str] | None, NDArray[np.float64]] = {}

    def block(allowed: frozenset[str] | None) -> NDArray[np.float64]:
        if allowed not in blocks:
            blocks[allowed] = rtt_block_ms(topology, allowed)
        return blocks[allowed]

    return block


def rule_rtt_ms(
    scenario: Scenario, topology: Topology, workload: Workload, region: Indices, block: RttBlock
) -> Floats:
    """Round trips from the given regions to every site, ``inf`` where tier, jurisdiction or route forbid the flow."""
    site_ok = np.array([s.tier in workload.tiers and s.status != "forbidden" for s in scenario.sites])
    result = np.full((len(region), len(site_ok)), np.inf)
    homes = np.array([r.jurisdiction for r in scenario.regions])[region]
    site_home = np.array([s.jurisdiction for s in scenario.sites])
    for home in sorted(set(homes.tolist())):  # the rule "same" differs from home to home, all others do not
        allowed = allowed_jurisdictions(scenario, workload, home)
        rows = np.flatnonzero(homes == home)
        if workload.sovereign_route and not topology.has_network and home not in allowed:
            continue
        rtt = block(allowed if workload.sovereign_route else None)[region[rows]]
        ok = site_ok & np.isin(site_home, list(allowed))
        result[rows] = np.where(ok[None, :] & np.isfinite(rtt), rtt, np.inf)
    return result
