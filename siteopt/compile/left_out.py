"""Demands that a mode leaves out: they must be served, no site of the mode may do it, and some other site could."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile.facilities import build_designs, build_options
from siteopt.compile.flows import RTT_TOLERANCE_MS, call_trips, houses_variant
from siteopt.units import present_value_of_one_per_year

if TYPE_CHECKING:
    from siteopt.arrays import Masks
    from siteopt.compile.flows import Distances
    from siteopt.compile.variants import Variant
    from siteopt.scenario.schema import Scenario

#: Demands whose round trips are looked at at a time.
MOST_ROWS = 256


def left_out_by_mode(
    scenario: Scenario, distances: Distances, variants: tuple[Variant, ...], is_reached: Masks
) -> Masks:
    """Tell the mode's part of what no site may serve from what no site could serve in any mode.

    Parameters
    ----------
    scenario : Scenario
    distances : Distances
    variants : tuple of Variant
    is_reached : ndarray of bool, shape (n_demand,)
        Demands that some site of the mode may serve.

    Returns
    -------
    ndarray of bool, shape (n_demand,)
        False for all that may stay unserved at a penalty, and in mode hybrid, which leaves nothing out.
    """
    left_out = np.zeros(len(scenario.demand), dtype=bool)
    must = {w.id for w in scenario.workloads if w.unserved_usd_per_1k is None}
    lost = [n for n, d in enumerate(scenario.demand) if not is_reached[n] and d.workload in must]
    if scenario.policy.mode == "hybrid" or not lost:
        return left_out
    houses = _houses_in_hybrid(scenario, variants)
    region = {r.id: i for i, r in enumerate(scenario.regions)}
    for v, variant in enumerate(variants):
        workload = scenario.workloads[variant.workload]
        asked = np.array([n for n in lost if scenario.demand[n].workload == workload.id], dtype=np.int64)
        limit_ms = variant.largest_rtt_ms(workload) + RTT_TOLERANCE_MS
        for first in range(0, len(asked), MOST_ROWS):
            rows = asked[first : first + MOST_ROWS]
            regions = np.array([region[scenario.demand[n].region] for n in rows.tolist()], dtype=np.int32)
            rtt_ms = distances.rule_ms(workload, regions, trips=call_trips(variant, workload))
            left_out[rows] |= ((rtt_ms <= limit_ms) & houses[:, v]).any(axis=1)
    return left_out


def _houses_in_hybrid(scenario: Scenario, variants: tuple[Variant, ...]) -> Masks:
    """Whether some option of each site can house each variant where every tier may serve, shape (n_site, n_variant)."""
    policy = scenario.policy.model_copy(update={"mode": "hybrid"})
    hybrid = scenario.model_copy(update={"policy": policy})
    horizon = scenario.horizon
    options = build_options(hybrid, present_value_of_one_per_year(horizon.years, horizon.discount_rate))
    return houses_variant(options, build_designs(hybrid, options, variants).admits, len(scenario.sites))
