"""Pricing of implicit flows against that of listed ones, and the bound from them against the true optimum."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reference.optimum.all_rules import TooManyError, optimum
from support.strategies.all_rules import full_documents

from siteopt._core.dual.implicit_flows import ImplicitPricer
from siteopt._core.dual.lagrangian import SitePricer
from siteopt.bounds.implicit_flows import ImplicitAscent
from siteopt.compile import compile_instance
from siteopt.compile.implicit_flows import compile_implicit_flows
from siteopt.compile.many import largest_flow_count
from siteopt.report.extent import implicit_extent, listed_extent
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    from siteopt.compile.implicit_flows import ImplicitFlows
    from siteopt.instance import Instance

#: Of what plans of this size cost; implicit flows hold round trips in single precision.
TOLERANCE = 1e-6
EXACT = 1e-11


def at_random_prices(
    implicit: ImplicitFlows, instance: Instance, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Total from implicit flows, from listed ones, and the size of what was priced."""
    demands, size = instance.demands, 10.0 ** rng.uniform(4.0, 8.0)
    demand = rng.normal(1.0, 1.0, len(demands.region)) * size
    limit = rng.exponential(1e6, len(instance.grid.id)) * rng.integers(0, 2)
    capital = float(rng.exponential(0.3) * rng.integers(0, 2))
    pricer = SitePricer(instance)
    link, cover = np.zeros(len(instance.links.id)), np.zeros((pricer.n_site, pricer.n_cover))
    listed = pricer.price(demand, limit, capital, link, cover)
    total = ImplicitPricer(implicit).price(demand, limit, capital)
    return total, listed, float(np.abs(demand).sum() + np.abs(demands.revenue_usd).sum()) + abs(listed)


@settings(max_examples=40)
@given(document=full_documents(), seed=st.integers(0, 2**32 - 1))
def test_implicit_flows_are_priced_as_listed_ones(document: dict[str, Any], seed: int) -> None:
    """Never above; equal where no tenant has a limit, which implicit flows leave out, and pools are as good.

    A round trip rounded down to single precision lets a pool carry a little more than the listed one.
    """
    scenario = load_scenario(document)
    implicit, instance = compile_implicit_flows(scenario), compile_instance(scenario)
    free = replace(instance, tenancy=replace(instance.tenancy, share=np.inf, site_mw=np.inf))
    best_rps = implicit.best_rps.copy()
    best_rps[instance.pools.variant, instance.pools.site] = instance.pool_best_rps
    same = replace(implicit, best_rps=best_rps)
    rng = np.random.default_rng(seed)
    for _ in range(4):
        total, listed, size = at_random_prices(implicit, instance, rng)
        assert total <= listed + TOLERANCE * size
        total, listed, size = at_random_prices(same, free, rng)
        assert abs(total - listed) <= EXACT * size


@settings(max_examples=30)
@given(document=full_documents())
def test_implicit_flows_count_those_that_the_instance_lists(document: dict[str, Any]) -> None:
    scenario = load_scenario(document)
    implicit, instance = compile_implicit_flows(scenario), compile_instance(scenario)
    assert implicit.flow_count == len(instance.arcs.demand)
    assert implicit.flow_count <= largest_flow_count(scenario)
    np.testing.assert_array_equal(implicit.instance.demands.is_left_out, instance.demands.is_left_out)


@settings(max_examples=30)
@given(document=full_documents())
def test_implicit_flows_reach_what_the_instance_reaches(document: dict[str, Any]) -> None:
    scenario = load_scenario(document)
    implicit, listed = (
        implicit_extent(compile_implicit_flows(scenario)),
        listed_extent(compile_instance(scenario)),
    )
    np.testing.assert_array_equal(implicit.reach, listed.reach)
    for k in np.unique(listed.instance.demands.workload):
        np.testing.assert_array_equal(implicit.sites[k], listed.sites[k])


@settings(max_examples=20)
@given(document=full_documents())
def test_the_bound_of_implicit_flows_stays_below_the_optimum(document: dict[str, Any]) -> None:
    scenario = load_scenario(document)
    try:
        found = optimum(scenario)
    except TooManyError:
        return
    if found is None:
        return
    ascent = ImplicitAscent(compile_implicit_flows(scenario))
    ascent.run(100, found[0])
    assert ascent.bound_usd <= found[0] + TOLERANCE * (abs(found[0]) + 1e6)
