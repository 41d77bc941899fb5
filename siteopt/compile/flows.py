"""Admissible flows: which site may serve which demand with which variant, and at what round trip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.physics.network.latency import home_rtt_ms, region_rtt_ms, unless_slower
from siteopt.scenario.facilities import mode_tiers
from siteopt.scenario.jurisdictions import allowed_jurisdictions

if TYPE_CHECKING:
    from siteopt.arrays import Flags, Floats, Indices, Masks
    from siteopt.compile.variants import Variant
    from siteopt.instance import Options
    from siteopt.physics.network.topology import Topology
    from siteopt.scenario.schema import Scenario, Workload

    Allowed = frozenset[str] | None

#: A round trip may exceed its limit by this much, so that rounding never drops an arc that just fits.
RTT_TOLERANCE_MS = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Admissible (demand, site, variant) triples, sorted by demand, then round trip; one array each, one length.

    ``is_usual`` says whether the SLO holds without any failure; of a protected workload the others may still take
    over when a site fails.
    """

    demand: Indices
    site: Indices
    variant: Indices
    rtt_ms: Floats
    is_usual: Masks


class Distances:
    """Round trips of a scenario, the matrix of each rule computed once.

    Parameters
    ----------
    scenario : Scenario
    topology : Topology
    """

    def __init__(self, scenario: Scenario, topology: Topology) -> None:
        self._scenario, self._topology = scenario, topology
        self._rtt_ms: dict[Allowed, Floats] = {}
        self._homes: dict[tuple[int, Allowed], Floats] = {}
        self._node = {name: n for n, name in enumerate(topology.node_ids)}

    def user_ms(self, workload: Workload, allowed: Allowed) -> Floats:
        """Return the round trips of every region to every site under a workload's rule, shape (n_region, n_site)."""
        inside_ms = self._inside_ms(allowed)
        if workload.sovereign_route == "fastest":
            return unless_slower(inside_ms, self._inside_ms(None))
        return inside_ms

    def home_ms(self, workload: Workload, allowed: Allowed) -> Floats:
        """Return the round trips between every site and the data of a workload under its rule, shape (n_site,)."""
        inside_ms = self._home_inside_ms(workload, allowed)
        if workload.sovereign_route == "fastest":
            return unless_slower(inside_ms, self._home_inside_ms(workload, None))
        return inside_ms

    def _inside_ms(self, allowed: Allowed) -> Floats:
        if allowed not in self._rtt_ms:
            self._rtt_ms[allowed] = region_rtt_ms(self._topology, allowed)
        return self._rtt_ms[allowed]

    def _home_inside_ms(self, workload: Workload, allowed: Allowed) -> Floats:
        assert workload.home is not None
        key = self._node[workload.home.node], allowed
        if key not in self._homes:
            self._homes[key] = home_rtt_ms(self._topology, *key)
        return self._homes[key]

    def rule_ms(self, workload: Workload, region: Indices, *, trips: float = 0.0) -> Floats:
        """Return the round trips of one call from the given regions to every site, shape (n, n_site).

        ``inf`` where tier, jurisdiction or route forbid the flow. A route begins where the users are: the jurisdiction
        of their region is part of it, with a network or without. With a home the route between site and data must be
        allowed too, and ``trips`` of its round trips are added.
        """
        scenario = self._scenario
        homes = np.array([r.jurisdiction for r in scenario.regions])[region]
        site_home = np.array([s.jurisdiction for s in scenario.sites])
        site_ok = np.array([s.tier in workload.tiers for s in scenario.sites])
        result = np.full((len(region), len(site_ok)), np.inf)
        for home in sorted(
            set(homes.tolist())
        ):  # the rule "same" differs from home to home, all others do not
            allowed = allowed_jurisdictions(scenario, workload, home)
            rows = np.flatnonzero(homes == home)
            if workload.sovereign_route and home not in allowed:
                continue
            on_route = allowed if workload.sovereign_route else None
            rtt = self.user_ms(workload, on_route)[region[rows]]
            if workload.home is not None:
                data_ms = self.home_ms(workload, on_route)
                rtt = rtt + np.where(np.isfinite(data_ms), trips * np.nan_to_num(data_ms, posinf=0.0), np.inf)
            ok = site_ok & np.isin(site_home, list(allowed))
            result[rows] = np.where(ok[None, :] & np.isfinite(rtt), rtt, np.inf)
        return result


def call_trips(variant: Variant, workload: Workload) -> float:
    """Return the round trips to the data that one call makes: none to a copy at the site."""
    return workload.home.trips_per_call if workload.home is not None and variant.data == "home" else 0.0


def admissible_flows(
    scenario: Scenario, distances: Distances, variants: tuple[Variant, ...], houses: Masks
) -> Flows:
    """Filter the shared region-by-site matrix of round trips once for each variant.

    No demand gets a row of its own until the filter has run.

    Parameters
    ----------
    scenario : Scenario
    distances : Distances
    variants : tuple of Variant
    houses : ndarray of bool, shape (n_site, n_variant)
        Whether some option of the site can house the variant.
    """
    region_index = {r.id: i for i, r in enumerate(scenario.regions)}
    by_workload: dict[str, list[tuple[int, int]]] = {w.id: [] for w in scenario.workloads}
    for i, row in enumerate(scenario.demand):
        by_workload[row.workload].append((i, region_index[row.region]))
    tiers = mode_tiers(scenario.policy.mode)
    serves = np.array([s.tier in tiers for s in scenario.sites])
    parts = []
    for v, variant in enumerate(variants):
        workload = scenario.workloads[variant.workload]
        rows = np.array(by_workload[workload.id], dtype=np.int32).reshape(-1, 2)
        rtt = distances.rule_ms(workload, rows[:, 1], trips=call_trips(variant, workload))
        usual_ms = variant.largest_rtt_ms(workload)
        limit = max(usual_ms, variant.largest_rtt_ms(workload, degraded=True)) + RTT_TOLERANCE_MS
        near, site = np.nonzero(np.isfinite(rtt) & (rtt <= limit) & (houses[:, v] & serves)[None, :])
        found = rtt[near, site]
        parts.append(
            Flows(
                rows[near, 0],
                site.astype(np.int32),
                np.full(len(near), v, np.int32),
                found,
                found <= usual_ms + RTT_TOLERANCE_MS,
            )
        )
    return _sorted(parts)


def _sorted(parts: list[Flows]) -> Flows:
    names = ("demand", "site", "variant", "rtt_ms", "is_usual")
    columns = {name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
    order = np.lexsort((columns["variant"], columns["site"], columns["rtt_ms"], columns["demand"]))
    return Flows(**{name: column[order] for name, column in columns.items()})


def houses_variant(options: Options, admits: Flags, n_site: int) -> Masks:
    """Whether some option of each site can house each variant, shape (n_site, n_variant)."""
    result = np.zeros((n_site, admits.shape[1]), dtype=bool)
    np.logical_or.at(result, options.site, admits[options.design] == 1)
    return result
