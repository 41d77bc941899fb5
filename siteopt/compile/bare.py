"""The instance of a scenario without its flows: sites, options, variants, demands and limits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile.demands import Reach, build_demands
from siteopt.compile.facilities import build_sites
from siteopt.compile.flows import Flows
from siteopt.compile.limits import shared_limits
from siteopt.compile.pools import build_variants
from siteopt.instance import Arcs, Backups, Instance, Links, Pools, SlackTiers

if TYPE_CHECKING:
    from siteopt.arrays import Masks
    from siteopt.compile.variants import Variant
    from siteopt.instance import Demands, Designs, Options
    from siteopt.scenario.schema import Scenario


def bare_instance(
    scenario: Scenario,
    variants: tuple[Variant, ...],
    options: Options,
    designs: Designs,
    is_lost: Masks,
    is_left_out: Masks,
    present_value: float,
) -> Instance:
    """Build an instance without flows; ``is_lost`` says which demands no site may serve, and
    ``is_left_out`` which of these the mode leaves out, shape (n_demand,) both.

    Links, tails, tenants' limits and the cover of failures are left out: a bound without them is valid.
    """
    none, nothing = np.zeros(0, dtype=np.int32), np.zeros(0)
    pointer = np.zeros(len(variants) + 1, dtype=np.int32)
    table = build_variants(scenario, variants, pointer, pointer)
    no_slack_tiers = SlackTiers(none, nothing, nothing, np.zeros(1, dtype=np.int32), nothing, nothing)
    no_pools = Pools(none, none, nothing, none, nothing, np.zeros(1, dtype=np.int32), none)
    limits = shared_limits(scenario, options)
    return Instance(
        sites=build_sites(scenario, options.site, none, present_value),
        designs=designs,
        options=options,
        variants=replace(table, is_protected=np.zeros(len(variants), dtype=np.uint8)),
        slack_tiers=no_slack_tiers,
        degraded_slack_tiers=no_slack_tiers,
        pools=no_pools,
        demands=_demands(scenario, is_lost, is_left_out, present_value),
        arcs=Arcs(none, none, *(nothing,) * 4, none, none, none, nothing, nothing),
        backups=Backups(none, none, nothing, none),
        links=Links((), nothing, np.zeros(1, dtype=np.int32), none),
        workload_ids=tuple(w.id for w in scenario.workloads),
        **limits | {"tenancy": replace(limits["tenancy"], share=np.inf, site_mw=np.inf)},
    )


def _demands(scenario: Scenario, is_lost: Masks, is_left_out: Masks, present_value: float) -> Demands:
    """Build demands without arcs; meanwhile one flow stands in for those of each demand that some site may serve."""
    reached = np.flatnonzero(~is_lost).astype(np.int32)
    none, usual = np.zeros(len(reached), dtype=np.int32), np.arange(len(reached))
    flows = Flows(reached, none, none, np.zeros(len(reached)), np.ones(len(reached), dtype=bool))
    reach = Reach(flows, none, none, none, usual, usual[:0])
    demands = build_demands(scenario, reach, is_left_out, present_value)
    return replace(demands, arc_ptr=np.zeros_like(demands.arc_ptr))
