"""The Lagrangian bound under every rule: below the optimum at any prices, and prices that raise it pay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reference.dual import dual_usd, enumerated, priced_usd, random_prices
from support.strategies.all_rules import full_documents

from siteopt._core.dual.lagrangian import SitePricer
from siteopt._core.dual.subproblem import SiteSubproblems
from siteopt.bounds.lagrangian import LagrangianAscent
from siteopt.compile import compile_instance
from siteopt.scenario import load_scenario

#: Of what plans of this size cost.
TOLERANCE = 1e-6


@pytest.mark.slow
@settings(max_examples=150)
@given(document=full_documents(), seed=st.integers(0, 2**32 - 1))
def test_no_prices_give_a_bound_above_the_optimum(document: dict[str, Any], seed: int) -> None:
    """Weak duality, with links, reserve and tenants priced or held to in the subproblem."""
    instance, best_usd = enumerated(document)
    rng = np.random.default_rng(seed)
    size = abs(best_usd) / max(1, len(instance.demands.region)) + 1e5
    slack = TOLERANCE * (abs(best_usd) + size * len(instance.demands.region))
    for _ in range(5):
        assert dual_usd(instance, random_prices(instance, rng, size)) <= best_usd + slack


@settings(max_examples=30)
@given(document=full_documents())
def test_prices_of_a_linear_rule_bring_no_bound_above_the_optimum_however_large(
    document: dict[str, Any],
) -> None:
    """What a rule is paid for and what its sites are paid cancel out; from some size on the rest is rounding."""
    every = [site["id"] for site in document["sites"]]
    rule = {"id": "some", "terms": [{"sites": every, "coefficient": 1.0}], "sense": ">=", "value": 1.0}
    instance, best_usd = enumerated(document | {"rules": [rule]})
    ascent = LagrangianAscent(instance)
    # Aiming far above the optimum makes the steps long, and prices that cost nothing grow without end.
    for power in range(6, 26):
        ascent.run(20, 10.0**power)
        assert ascent.bound_usd <= best_usd + TOLERANCE * (abs(best_usd) + 1e6)


@settings(max_examples=40)
@given(document=full_documents(), seed=st.integers(0, 2**32 - 1))
def test_where_nothing_is_worth_serving_sites_are_empty(document: dict[str, Any], seed: int) -> None:
    """The subproblem without any items: what must stand does, at its least cost, and nothing else."""
    instance = compile_instance(load_scenario(document))
    prices = random_prices(instance, np.random.default_rng(seed), 3e6)
    worthless = replace(
        prices,
        demand_usd=np.full(len(prices.demand_usd), -1e15),
        cover_usd_per_rps=np.zeros(prices.cover_usd_per_rps.shape),
    )
    pricer, empty = (
        SitePricer(instance),
        SiteSubproblems(instance, len(instance.variants.protected_workloads), 1),
    )
    assert priced_usd(instance, pricer, worthless) == pytest.approx(priced_usd(instance, empty, worthless))
    assert np.array_equal(pricer.option, empty.option)
    assert not pricer.used_mw.any()
    assert not empty.served.any()


@pytest.mark.slow
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
