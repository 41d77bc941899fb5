"""Kernels that are told to stop: what they had begun is undone, and nothing that was cut short passes for a proof."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.documents.facility_location import classic_instance, random_classic
from support.reference.facility import best_cost, transport_cost

from siteopt._core.facility.interchange import Interchange
from siteopt._core.facility.transport import Transport
from siteopt._core.stopping import StopCheck
from siteopt.facility import FacilityProblem, recognised
from siteopt.facility.root_bound import RootBound
from siteopt.facility.tree import FacilityTree


class Switch:
    """Says whether to stop."""

    is_over = False

    def __call__(self) -> bool:
        return self.is_over


def stoppable(warehouses: int, customers: int, seed: int) -> tuple[FacilityProblem, Switch]:
    problem, switch = recognised(classic_instance(random_classic(warehouses, customers, seed))), Switch()
    assert problem is not None
    return replace(problem, stop=StopCheck(switch)), switch


def test_what_has_stopped_stays_so_and_asks_no_more() -> None:
    switch = Switch()
    stop = StopCheck(switch)
    assert not stop.ask()
    switch.is_over = True
    assert not stop.stopped
    assert stop.ask()
    switch.is_over = False
    assert stop.ask()
    assert stop.stopped
    assert not StopCheck().ask()


def test_ctrl_c_while_a_kernel_asks_is_raised_after_it() -> None:
    def interrupted() -> bool:
        raise KeyboardInterrupt

    stop = StopCheck(interrupted)

    def goes_on() -> None:
        stop.ask()
        for _ in range(1000):
            pass

    with pytest.raises(KeyboardInterrupt):
        goes_on()
    assert stop.stopped


@pytest.mark.parametrize("seed", range(5))
def test_a_local_search_that_stops_leaves_whole_flows(seed: int) -> None:
    problem, switch = stoppable(40, 120, seed)
    every = np.arange(40, dtype=np.int32)
    transport = Transport(problem, 40)
    before = transport.load_sites(every)
    interchange = Interchange(transport)
    interchange.improve(5)
    cost, sites = transport.cost_usd, transport.is_open()
    assert cost < before
    switch.is_over = True
    problem.stop.ask()
    assert not interchange.improve(1000)
    assert np.isinf(transport.change_sites(np.ones(40, dtype=np.uint8), np.inf))
    assert transport.cost_usd == cost
    assert np.array_equal(transport.is_open(), sites)
    assert cost == pytest.approx(transport_cost(problem, sites.astype(float)))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("nodes", [0, 1, 3])
def test_a_tree_that_stops_keeps_a_valid_bound(seed: int, nodes: int) -> None:
    """Flows that could not be worked out any more look like flows that there are none of."""
    problem, switch = stoppable(7, 16, seed)
    every = np.arange(7, dtype=np.int32)
    transport = Transport(problem, 7)
    transport.load_sites(every)
    root = RootBound(problem)
    root.climb()
    tree = FacilityTree(problem, root, every, transport, 1e-7)
    tree.run(nodes)
    was_done, optimum = tree.is_done, best_cost(problem)
    switch.is_over = True
    problem.stop.ask()
    for _ in range(50):
        tree.run(1)
    assert tree.is_done == was_done
    assert tree.bound_usd <= optimum * (1.0 + 1e-9)
    assert tree.cost_usd >= optimum * (1.0 - 1e-9)
