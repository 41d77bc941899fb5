"""Bounding, concurrent with a search: bounds first, then sites to try, and then there is nothing left to do."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
import pytest

from siteopt.instance import Solution
from siteopt.run.incumbent import Incumbent
from siteopt.run.options import SolveOptions
from siteopt.run.progress import Clock
from siteopt.solving.bounding import Bounding
from siteopt.solving.rounds import TRIED, Rounds

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.scenario.schema import Scenario

#: Dual steps of a turn, and turns in which all must be done.
STEPS, TURNS = 400, 60


def incumbent_of(instance: Instance) -> Incumbent:
    return Incumbent(instance, Clock(float("inf")), 0.0, None)


@pytest.mark.slow
def test_hints_come_after_the_bound_of_a_part(germany_instance: Instance) -> None:
    """While no plan is known every solution of the restricted master is worth a try; only the newest is handed out."""
    incumbent = incumbent_of(germany_instance)
    bounding = Bounding(germany_instance, incumbent, float("inf"), in_part=True)
    hint, bounds = None, []
    for _ in range(TURNS):
        bounding.turn(STEPS)
        bounds.append(incumbent.bound_usd)
        hint = bounding.hint()
        if hint is not None:
            break
        assert not bounding.is_done
    assert hint is not None
    assert bounding.hint() is None
    assert bounds[-1] > bounds[0]
    stands = hint.option >= 0
    assert np.all(hint.modules[stands] > 0)
    assert np.all(stands[(germany_instance.sites.is_existing | germany_instance.sites.is_forced) == 1])
    for _ in range(TURNS):
        bounding.turn(STEPS)
    assert bounding.is_done


def test_without_a_part_there_are_bounds_alone(small_instance: Instance) -> None:
    bounding = Bounding(small_instance, incumbent_of(small_instance), float("inf"), in_part=False)
    for _ in range(TURNS):
        bounding.turn(STEPS)
    assert bounding.is_done
    assert bounding.hint() is None


def searched(instance: Instance, rounds: int, hints: list[Solution]) -> tuple[Solution, float]:
    """Best solution of so many rounds that get these hints first, and its cost."""
    incumbent = incumbent_of(instance)
    with mock.patch.object(Bounding, "hint", side_effect=chain(hints, repeat(None))):
        run = Rounds(instance, incumbent, SolveOptions(iteration_limit=rounds))
        run.search_and_prove(None, float("inf"), exact_follows=True)
    assert incumbent.solution is not None
    return incumbent.solution, incumbent.cost_usd


@pytest.mark.slow
def test_a_search_goes_on_from_the_sites_of_a_hint(germany_instance: Instance) -> None:
    best, best_usd = searched(germany_instance, 60, [])
    _, usd = searched(germany_instance, 1 + TRIED, [])
    _, hinted_usd = searched(germany_instance, 1 + TRIED, [best])
    assert best_usd < usd
    assert hinted_usd < usd


def test_a_search_leaves_sites_that_bring_nothing(germany: Scenario, germany_instance: Instance) -> None:
    """It comes back to the state before, and goes on as if nobody had hinted at anything."""
    sites, options = germany_instance.sites, germany_instance.options
    option = np.where(np.diff(sites.option_ptr) > 0, sites.option_ptr[:-1], -1).astype(np.int32)
    everything = Solution(
        option=option,
        modules=np.where(option >= 0, options.max_modules[option], 0).astype(np.int32),
        replicas=np.zeros(len(germany_instance.pools.site), dtype=np.int32),
        share=np.zeros(len(germany_instance.arcs.demand)),
        unserved=np.ones(len(germany_instance.demands.region)),
    )
    _, usd = searched(germany_instance, 6, [])
    _, hinted_usd = searched(germany_instance, 6 + TRIED, [everything])
    assert hinted_usd <= usd


def test_a_restricted_master_that_is_too_large_is_left_out(germany_instance: Instance) -> None:
    bounding = Bounding(germany_instance, incumbent_of(germany_instance), float("inf"), in_part=True)
    with mock.patch("siteopt.matheuristics.kernel_search.MOST_FLOWS", 0):
        while not bounding.is_done:
            bounding.turn(STEPS)
            assert bounding.hint() is None
