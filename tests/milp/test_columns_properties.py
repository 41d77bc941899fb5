"""Columns of the exact model against the evaluator and the verifier, with every family of rules at work at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.reference.model_columns import assert_feasible, solution_of
from support.strategies.all_rules import full_documents

from siteopt import load_scenario, verify
from siteopt.compile import compile_instance
from siteopt.evaluate import evaluate_solution, plan_of
from siteopt.highs.driver import HighsDriver, Limits
from siteopt.highs.monitor import Silent
from siteopt.milp.build import build_model
from siteopt.milp.columns import columns_of
from siteopt.milp.layout import layout_of
from siteopt.milp.matrix import compile_matrix
from siteopt.milp.moves import model_size
from siteopt.milp.objective import USD_PER_UNIT
from siteopt.search.local_search import Search

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution

#: Of a million USD.
UNIT = 1e-6


def searched(instance: Instance, seed: int) -> Solution:
    search = Search(instance, seed)
    search.construct()
    for _ in range(3):
        search.round()
    solution = search.solution()
    assume(solution is not None)
    assert solution is not None
    return solution


@settings(max_examples=80)
@given(document=full_documents(), seed=st.integers(0, 2**32 - 1))
def test_what_the_inner_model_accepts_holds_and_costs_what_the_evaluator_says(
    document: dict[str, Any], seed: int
) -> None:
    """Prices are drawn anew, so that the solver ends up anywhere among the plans that the model admits."""
    scenario = load_scenario(document)
    instance = compile_instance(scenario)
    model = build_model(instance, bracket="inner", segments=3)
    matrix = compile_matrix(model.pyomo)
    prices = matrix.cost * np.random.default_rng(seed).uniform(0.1, 3.0, len(matrix.cost))
    answer = HighsDriver(replace(matrix, cost=prices)).solve(Limits(gap=0.1), Silent())
    assume(answer.values is not None)
    assert answer.values is not None
    solution = solution_of(instance, model, answer.values)
    x = columns_of(instance, solution, model.layout)
    assert_feasible(matrix, x)
    cost_usd = evaluate_solution(instance, solution).cost_usd
    assert matrix.cost @ x == pytest.approx(cost_usd / USD_PER_UNIT, rel=1e-9, abs=UNIT)
    assert verify(scenario, plan_of(scenario, instance, solution)) == []


@settings(max_examples=60)
@given(document=full_documents(), seed=st.integers(0, 1000), segments=st.sampled_from([1, 3, 13]))
def test_plans_of_the_search_are_columns_of_the_outer_model(
    document: dict[str, Any], seed: int, segments: int
) -> None:
    """Reserve, copies, counts of modules and all: none of them is above the bound."""
    instance = compile_instance(load_scenario(document))
    solution = searched(instance, seed)
    model = build_model(instance, segments=segments)
    matrix, x = compile_matrix(model.pyomo), columns_of(instance, solution, model.layout)
    assert_feasible(matrix, x)
    cost_usd = evaluate_solution(instance, solution).cost_usd
    assert matrix.cost @ x == pytest.approx(cost_usd / USD_PER_UNIT, rel=1e-9, abs=UNIT)


@settings(max_examples=100)
@given(document=full_documents())
def test_the_size_of_the_model_is_known_without_it(document: dict[str, Any]) -> None:
    instance = compile_instance(load_scenario(document))
    assert model_size(instance) == len(instance.arcs.demand) + len(layout_of(instance).moves.group)
