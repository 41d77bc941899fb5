"""Pricing from the block against pricing of listed flows, and the bound from it against the true optimum."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reference.optimum.all_rules import TooManyError, optimum
from support.strategies.all_rules import full_documents

from siteopt._core.dual.implicit_flows import BlockPricer
from siteopt._core.dual.lagrangian import SitePricer
from siteopt.bounds.implicit_flows import BlockAscent
from siteopt.compile import compile_instance
from siteopt.compile.implicit_flows import compile_block
from siteopt.compile.many import largest_flow_count
from siteopt.report.extent import block_extent, listed_extent
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    from siteopt.compile.implicit_flows import Block
    from siteopt.instance import Instance

#: Of what plans of this size cost; the block holds round trips in single precision.
TOLERANCE = 1e-6
EXACT = 1e-11


def at_random_prices(
    block: Block, instance: Instance, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Total from the block, from listed flows, and the size of what was priced."""
    demands, size = instance.demands, 10.0 ** rng.uniform(4.0, 8.0)
    demand = rng.normal(1.0, 1.0, len(demands.region)) * size
    limit = rng.exponential(1e6, len(instance.grid.id)) * rng.integers(0, 2)
    capital = float(rng.exponential(0.3) * rng.integers(0, 2))
    pricer = SitePricer(instance)
    link, cover = np.zeros(len(instance.links.id)), np.zeros((pricer.n_site, pricer.n_cover))
    listed = pricer.price(demand, limit, capital, link, cover)
    total = BlockPricer(block).price(demand, limit, capital)
    return total, listed, float(np.abs(demand).sum() + np.abs(demands.revenue_usd).sum()) + abs(listed)


@settings(max_examples=40)
@given(document=full_documents(), seed=st.integers(0, 2**32 - 1))
def test_the_block_prices_what_listed_flows_do(document: dict[str, Any], seed: int) -> None:
    """Never above; equal where no tenant has a limit, which the block leaves out, and pools are as good.

    A round trip rounded down to single precision lets a pool carry a little more than the listed one.
    """
    scenario = load_scenario(document)
    block, instance = compile_block(scenario), compile_instance(scenario)
    free = replace(instance, tenancy=replace(instance.tenancy, share=np.inf, site_mw=np.inf))
    best_rps = block.best_rps.copy()
    best_rps[instance.pools.variant, instance.pools.site] = instance.pool_best_rps
    same = replace(block, best_rps=best_rps)
    rng = np.random.default_rng(seed)
    for _ in range(4):
        total, listed, size = at_random_prices(block, instance, rng)
        assert total <= listed + TOLERANCE * size
        total, listed, size = at_random_prices(same, free, rng)
        assert abs(total - listed) <= EXACT * size


@settings(max_examples=30)
@given(document=full_documents())
def test_the_block_counts_the_flows_that_the_instance_lists(document: dict[str, Any]) -> None:
    scenario = load_scenario(document)
    block, instance = compile_block(scenario), compile_instance(scenario)
    assert block.flow_count == len(instance.arcs.demand)
    assert block.flow_count <= largest_flow_count(scenario)
    np.testing.assert_array_equal(block.instance.demands.is_left_out, instance.demands.is_left_out)


@settings(max_examples=30)
@given(document=full_documents())
def test_the_block_reaches_what_the_instance_reaches(document: dict[str, Any]) -> None:
    scenario = load_scenario(document)
    implicit, listed = block_extent(compile_block(scenario)), listed_extent(compile_instance(scenario))
    np.testing.assert_array_equal(implicit.reach, listed.reach)
    for k in np.unique(listed.instance.demands.workload):
        np.testing.assert_array_equal(implicit.sites[k], listed.sites[k])


@settings(max_examples=20)
@given(document=full_documents())
def test_the_bound_from_the_block_stays_below_the_optimum(document: dict[str, Any]) -> None:
    scenario = load_scenario(document)
    try:
        found = optimum(scenario)
    except TooManyError:
        return
    if found is None:
        return
    ascent = BlockAscent(compile_block(scenario))
    ascent.run(100, found[0])
    assert ascent.bound_usd <= found[0] + TOLERANCE * (abs(found[0]) + 1e6)
