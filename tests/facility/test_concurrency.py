"""What plan and proof tell each other, on two cores or on one; several threads at the windows of one plan."""

from __future__ import annotations

from threading import Thread

import numpy as np
import pytest
from support.documents.facility_location import classic_instance, random_classic
from support.reference.facility import best_cost, transport_cost

import siteopt.facility.splittable_run as splittable_run
from siteopt._core.facility.transport import Transport
from siteopt.facility import recognised
from siteopt.facility.plan_search import solve_window
from siteopt.facility.run import solve_facility_location
from siteopt.facility.windows import Windows
from siteopt.run.incumbent import Incumbent
from siteopt.run.options import SolveOptions
from siteopt.run.progress import Clock


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("large", [1, 2000])
def test_the_optimum_is_proven_on_one_core_and_on_two(
    seed: int, cores: int, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are many sites, both threads solve windows before the tree begins."""
    monkeypatch.setattr(splittable_run, "has_spare_core", lambda: cores > 1)
    monkeypatch.setattr(splittable_run, "LARGE", large)
    instance = classic_instance(random_classic(8, 20, seed))
    problem = recognised(instance)
    assert problem is not None
    optimum = best_cost(problem)
    incumbent = Incumbent(instance, Clock(60.0), 1e-7, None)
    assert solve_facility_location(instance, incumbent, SolveOptions())
    assert incumbent.is_good_enough
    assert incumbent.cost_usd == pytest.approx(optimum, rel=1e-6)
    assert incumbent.bound_usd is not None
    assert incumbent.bound_usd <= optimum * (1.0 + 1e-9)


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("seed", [5, 7, 17, 20])
def test_a_plan_with_sites_that_the_search_does_not_have_is_handed_on(
    seed: int, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tree decides all sites, the search some: here so few that the optimum needs another one."""
    for name, value in {"TIMES_NEEDED": 0.0, "MORE_SITES": 1, "LIKELY": 2.0}.items():
        monkeypatch.setattr(splittable_run, name, value)
    monkeypatch.setattr(splittable_run, "has_spare_core", lambda: cores > 1)
    instance = classic_instance(random_classic(8, 20, seed))
    problem = recognised(instance)
    assert problem is not None
    incumbent = Incumbent(instance, Clock(60.0), 1e-7, None)
    assert solve_facility_location(instance, incumbent, SolveOptions())
    assert incumbent.is_good_enough
    assert incumbent.cost_usd == pytest.approx(best_cost(problem), rel=1e-6)


def test_threads_at_windows_of_one_plan_leave_it_whole() -> None:
    problem = recognised(classic_instance(random_classic(60, 200, 3)))
    assert problem is not None
    transport = Transport(problem, len(problem.capacity))
    first = transport.load_sites(np.arange(len(problem.capacity), dtype=np.int32))
    windows = Windows(problem, transport, solve_window, 1)
    threads = [Thread(target=lambda: [windows.step() for _ in range(30)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert transport.cost_usd < first
    assert transport.cost_usd == pytest.approx(transport_cost(problem, transport.is_open().astype(float)))
