"""The Lagrangian bound under every rule: below the optimum at any prices, and prices that raise it pay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
from full_strategies import full_documents
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference_full import TooManyError, optimum

from siteopt._core.lagrangian import SitePricer
from siteopt.bounds.lagrangian import LagrangianAscent
from siteopt.compile import compile_instance
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    from siteopt.instance import Instance

#: Of what plans of this size cost.
TOLERANCE = 1e-6


def enumerated(document: dict[str, Any]) -> tuple[Instance, float]:
    """The instance and its true optimum, where there is one."""
    scenario = load_scenario(document)
    try:
        found = optimum(scenario)
    except TooManyError:
        found = None
    assume(found is not None)
    assert found is not None
    return compile_instance(scenario), found[0]


def priced(instance: Instance, rng: np.random.Generator, size_usd: float) -> float:
    """The dual function at random prices, some of them nothing."""
    pricer, demands, variants = SitePricer(instance), instance.demands, instance.variants
    demand = np.minimum(rng.normal(1.0, 1.0, len(demands.region)) * size_usd, demands.unserved_usd)
    limit = rng.exponential(1e6, len(instance.grid.id)) * rng.integers(0, 2)
    link = rng.exponential(size_usd / 10.0, len(instance.links.id)) * rng.integers(0, 2)
    per_rps = float((variants.usd / variants.usable_rps).max())
    cover = rng.exponential(per_rps, (pricer.n_site, pricer.n_cover)) * rng.integers(0, 2)
    capital = float(rng.exponential(0.3)) if np.isfinite(instance.budget_usd) else 0.0
    value = pricer.price(demand, limit, capital, link, cover)
    value += demand.sum() - limit @ instance.grid.limit_mw - link @ instance.links.limit_gbps
    return float(value - (capital * instance.budget_usd if capital else 0.0))


@settings(max_examples=150)
@given(document=full_documents(), seed=st.integers(0, 2**32 - 1))
def test_no_prices_give_a_bound_above_the_optimum(document: dict[str, Any], seed: int) -> None:
    """Weak duality, with links, reserve and tenants priced or held to in the subproblem."""
    instance, best_usd = enumerated(document)
    rng = np.random.default_rng(seed)
    size = abs(best_usd) / max(1, len(instance.demands.region)) + 1e5
    slack = TOLERANCE * (abs(best_usd) + size * len(instance.demands.region))
    for _ in range(5):
        assert priced(instance, rng, size) <= best_usd + slack


@settings(max_examples=60)
@given(document=full_documents(), guess=st.sampled_from([0.5, 1.0, 3.0]), by_groups=st.booleans())
def test_the_ascent_stays_below_the_optimum_and_never_falls(
    document: dict[str, Any], guess: float, by_groups: bool
) -> None:
    instance, best_usd = enumerated(document)
    with mock.patch("siteopt.bounds.groups.MANY", 0 if by_groups else np.inf):
        ascent, seen = LagrangianAscent(instance), [-np.inf]
    for _ in range(6):
        ascent.run(20, best_usd * guess)
        seen.append(ascent.bound_usd)
    assert seen == sorted(seen)
    assert seen[-1] <= best_usd + TOLERANCE * (abs(best_usd) + 1e6)
