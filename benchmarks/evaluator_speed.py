"""Evaluations per second on the German example: the Cython evaluator, NumPy, and the plain Python twin.

python benchmarks/evaluator_speed.py
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from generated import without_tails
from vectorised_evaluator import VectorisedEvaluator

import siteopt
from siteopt._core.evaluate.evaluator import Evaluator
from siteopt._core.evaluate.full_evaluation import FullEvaluation
from siteopt.compile import compile_instance
from siteopt.evaluate import unserved_penalty_usd
from siteopt.instance import Solution
from siteopt.search.local_search import Search

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.reference import evaluator as reference  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.instance import Instance

EXAMPLE = Path(__file__).parents[1] / "examples" / "germany" / "scenario.json"
REPEATS = 7
N_RANDOM = 1_000_000
FEWEST_ROUNDS, MOST_ROUNDS = 10, 200
AIM = 5e6


def per_second(call: Callable[[], Any], work: float, repeats: int = REPEATS) -> float:
    """Units of work per second: best of a few runs, as others share the machine."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return work / best


def a_good_plan(instance: Instance) -> Solution:
    """What the search has after a second or so."""
    search = Search(instance, 1)
    search.construct()
    for n in range(MOST_ROUNDS):
        search.round()
        solution = search.solution()
        if n >= FEWEST_ROUNDS and solution is not None:
            return solution
    raise SystemExit("the search has no feasible plan of the example")


def neighbourhood(instance: Instance, solution: Solution) -> tuple[Any, Any]:
    """Every move of every flow to another arc of its demand, in the order in which the search tries them."""
    flowing = np.flatnonzero(solution.share > 0.0)
    ptr, demand = instance.demands.arc_ptr, instance.arcs.demand
    source = [np.full(ptr[demand[a] + 1] - ptr[demand[a]], a) for a in flowing]
    target = [np.arange(ptr[demand[a]], ptr[demand[a] + 1]) for a in flowing]
    pairs = np.concatenate(source), np.concatenate(target)
    site = instance.pools.site[instance.arcs.pool]
    moved = site[pairs[0]] != site[pairs[1]]
    return tuple(side[moved].astype(np.int32) for side in pairs)


def full_evaluations(instance: Instance, solution: Solution, numpy_way: VectorisedEvaluator) -> None:
    """Time all three and check that they agree."""
    kernel = FullEvaluation(instance)
    plan = (solution.option, solution.modules, solution.replicas, solution.share, solution.unserved)
    cost = float(kernel.evaluate(*plan)[0].sum())
    twin = reference.evaluate(instance, solution).cost_usd
    np.testing.assert_allclose([numpy_way.cost_usd(solution), twin], cost, rtol=1e-9)
    table(
        "full evaluations",
        per_second(lambda: [kernel.evaluate(*plan) for _ in range(200)], 200),
        per_second(lambda: [numpy_way.cost_usd(solution) for _ in range(100)], 100),
        per_second(lambda: reference.evaluate(instance, solution), 1, repeats=3),
    )


def deltas(
    name: str,
    instance: Instance,
    solution: Solution,
    numpy_way: VectorisedEvaluator,
    moves: tuple[Any, Any],
    python_per_second: float,
) -> float:
    """Time kernel and NumPy on a batch of moves, check that they agree; returns the kernel's rate."""
    kernel = Evaluator(instance, unserved_penalty_usd(instance))
    kernel.load(solution.option, solution.share, solution.unserved)
    source, target = moves
    ours = kernel.move_deltas(source, target)
    theirs = numpy_way.move_deltas(source, target)
    np.testing.assert_array_equal(np.isinf(ours), np.isinf(theirs))
    finite = np.isfinite(ours)
    np.testing.assert_allclose(ours[finite], theirs[finite], rtol=1e-6, atol=1.0)
    rate = per_second(lambda: kernel.move_deltas(source, target), len(source))
    table(
        f"{name}: {len(source):,} moves, {finite.mean():.0%} feasible",
        rate,
        per_second(lambda: numpy_way.move_deltas(source, target), len(source), repeats=3),
        python_per_second,
    )
    return rate


def python_deltas(instance: Instance, solution: Solution, moves: tuple[Any, Any]) -> float:
    """Deltas per second of the twin, which evaluates the plan after the move in full."""

    def one(source: int, target: int) -> float:
        share = solution.share.copy()
        share[target] += share[source]
        share[source] = 0.0
        replicas, modules = reference.fewest(instance, solution.option, share)
        moved = Solution(solution.option, modules, replicas, share, solution.unserved)
        return reference.evaluate(instance, moved).cost_usd

    return per_second(lambda: one(int(moves[0][0]), int(moves[1][0])), 1, repeats=2)


def table(name: str, kernel: float, numpy_way: float, python: float) -> None:
    """One line: rates, and how many times the kernel's is the others'."""
    print(
        f"{name:76s}{kernel:14,.0f}{numpy_way:12,.0f} ({kernel / numpy_way:,.0f}x)"
        f"{python:10,.2f} ({kernel / python:,.0f}x)",
        flush=True,
    )


def tail_deltas(instance: Instance) -> float:
    """Rate of the kernel alone where pools are sized by tail tables: look-ups in A(n), tiers and rivals counted."""
    solution = a_good_plan(instance)
    kernel = Evaluator(instance, unserved_penalty_usd(instance))
    kernel.load(solution.option, solution.share, solution.unserved)
    source, target = neighbourhood(instance, solution)
    is_open = solution.option[instance.pools.site[instance.arcs.pool[target]]] >= 0
    some = np.random.default_rng(1).integers(0, int(is_open.sum()), N_RANDOM)
    source, target = source[is_open][some], target[is_open][some]
    rate = per_second(lambda: kernel.move_deltas(source, target), len(source))
    print(f"{'tail sizing: deltas to open sites, in random order':76s}{rate:14,.0f}")
    return rate


def main() -> None:
    document = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    instance = compile_instance(siteopt.load_scenario(without_tails(document)))
    solution = a_good_plan(instance)
    numpy_way = VectorisedEvaluator(instance, solution)
    print(", ".join(f"{n:,} {name}" for name, n in instance.size.items()))
    print(f"{'per second, one core':76s}{'kernel':>14s}{'NumPy':>12s}{'Python twin':>20s}")
    full_evaluations(instance, solution, numpy_way)
    near = neighbourhood(instance, solution)
    python = python_deltas(instance, solution, near)
    is_open = solution.option[instance.pools.site[instance.arcs.pool[near[1]]]] >= 0
    to_open = near[0][is_open], near[1][is_open]
    some = np.random.default_rng(1).integers(0, len(to_open[0]), N_RANDOM)
    at_random = to_open[0][some], to_open[1][some]
    deltas("deltas, all arcs in the order of the search", instance, solution, numpy_way, near, python)
    deltas("the same, to open sites only", instance, solution, numpy_way, to_open, python)
    rate = deltas("the same, in random order", instance, solution, numpy_way, at_random, python)
    rate = min(rate, tail_deltas(compile_instance(siteopt.load_scenario(document))))
    print(f"deltas per second, the hardest of the four: {rate:,.0f}, aim {AIM:,.0f}")


if __name__ == "__main__":
    main()
