"""A part solved exactly: between the Lagrangian bound and the optimum, whatever the prices and the part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.reference.dual import dual_usd, enumerated, random_prices
from support.strategies.all_rules import full_documents

from siteopt.bounds.lagrangian import LagrangianAscent
from siteopt.compile import compile_instance
from siteopt.highs.driver import HighsDriver, Limits
from siteopt.highs.monitor import Silent
from siteopt.matheuristics.partial_bound import can_solve_part, hardest_to_reach, prove_in_part
from siteopt.matheuristics.partial_model import Part, PartialModel
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.instance import Instance, Prices

#: Of what plans of this size cost, and of what the prices add up to.
TOLERANCE = 2e-6


def partial_usd(instance: Instance, prices: Prices, kept: NDArray[np.bool_]) -> float:
    """Optimum of the model of a part; ``inf`` where the kept demands cannot all be served."""
    model = PartialModel(instance, prices, Part.of_demands(instance, kept))
    answer = HighsDriver(model.matrix()).solve(Limits(gap=0.0), Silent())
    return answer.objective * model.unit_usd


def slack_usd(prices: Prices, best_usd: float) -> float:
    return TOLERANCE * (abs(best_usd) + float(np.abs(prices.demand_usd).sum()) + 1e6)


@settings(max_examples=60)
@given(document=full_documents(), seed=st.integers(0, 2**32 - 1))
def test_with_nothing_kept_it_is_the_lagrangian_bound(document: dict[str, Any], seed: int) -> None:
    """The same subproblems, solved by HiGHS all at once instead of by the kernel one by one."""
    instance = compile_instance(load_scenario(document))
    assume(can_solve_part(instance))
    # Otherwise the model says that there is no plan, which the dual function at no prices does.
    assume(np.count_nonzero(instance.sites.is_forced > instance.sites.is_existing) <= instance.max_sites)
    prices = random_prices(instance, np.random.default_rng(seed), 3e6)
    nothing = np.zeros(len(instance.demands.region), dtype=bool)
    expected = dual_usd(instance, prices)
    slack = slack_usd(prices, expected)
    value = partial_usd(instance, prices, nothing)
    if len(instance.linear_rules):
        # The model has the planner's own rules as rows, where the dual only prices them.
        assert value >= expected - slack
    else:
        assert value == pytest.approx(expected, abs=slack)


@settings(max_examples=100)
@given(document=full_documents(), seed=st.integers(0, 2**32 - 1))
def test_a_part_lies_between_the_lagrangian_bound_and_the_optimum(
    document: dict[str, Any], seed: int
) -> None:
    instance, best_usd = enumerated(document)
    assume(can_solve_part(instance))
    rng = np.random.default_rng(seed)
    prices = random_prices(instance, rng, abs(best_usd) / max(1, len(instance.demands.region)) + 1e5)
    kept = rng.integers(0, 2, len(instance.demands.region)) > 0
    value, slack = partial_usd(instance, prices, kept), slack_usd(prices, best_usd)
    assert dual_usd(instance, prices) - slack <= value <= best_usd + slack


@settings(max_examples=40)
@given(document=full_documents(), tangents=st.sampled_from([1, 2, 14]))
def test_what_is_proved_is_a_bound_however_few_the_tangents(document: dict[str, Any], tangents: int) -> None:
    instance, best_usd = enumerated(document)
    assume(can_solve_part(instance))
    ascent = LagrangianAscent(instance)
    ascent.run(60, best_usd)
    proved: list[float] = []
    with mock.patch("siteopt.matheuristics.partial_model.TANGENTS", tangents):
        prove_in_part(instance, ascent.prices, Limits(gap=1e-6), proved.append, lambda: True)
    assert proved
    assert max(proved) <= best_usd + TOLERANCE * (abs(best_usd) + 1e6)


def test_the_hardest_to_reach_are_kept_first(germany_instance: Instance) -> None:
    demands, options = germany_instance.demands, germany_instance.options
    arcs, pools, n_site = germany_instance.arcs, germany_instance.pools, len(germany_instance.sites.id)
    designs = np.array([len(set(options.design[options.site == j].tolist())) for j in range(n_site)])
    flows = np.bincount(arcs.demand, weights=designs[pools.site[arcs.pool]], minlength=len(demands.region))
    most = int(flows.sum() // 3)
    kept = hardest_to_reach(germany_instance, most)
    assert 0.0 < flows[kept].sum() <= most
    assert flows[kept].max() <= flows[~kept].min()
    assert not hardest_to_reach(germany_instance, 0).any()
    assert hardest_to_reach(germany_instance, int(flows.sum())).all()


def test_the_german_example_gains_by_it(germany_instance: Instance) -> None:
    """The bound rises above that of the prices, and stops when it is told to."""
    ascent = LagrangianAscent(germany_instance)
    ascent.run(400, np.inf)
    proved: list[float] = []
    prove_in_part(germany_instance, ascent.prices, Limits(tree_nodes=5), proved.append, lambda: True)
    assert max(proved) > ascent.bound_usd
    stopped: list[float] = []
    prove_in_part(germany_instance, ascent.prices, Limits(), stopped.append, lambda: False)
    assert len(stopped) <= 1
