"""Searches that are told to stop: the state stays whole, and no worse than it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from siteopt._core.evaluate.evaluator import Evaluator
from siteopt._core.search.exchange import Exchanges
from siteopt._core.search.flow_search import FlowSearch
from siteopt._core.search.ruin import Ruin
from siteopt._core.search.site_search import SiteSearch
from siteopt._core.stopping import StopCheck
from siteopt.evaluate import unserved_penalty_usd
from siteopt.search.options import best_options

if TYPE_CHECKING:
    from siteopt.instance import Instance


def told_to_stop() -> StopCheck:
    stop = StopCheck(lambda: True)
    stop.ask()
    return stop


@pytest.mark.parametrize("opened", ["what must stand", "everything"])
def test_searches_that_are_told_to_stop_leave_the_state_as_it_was(
    opened: str, small_instance: Instance
) -> None:
    evaluator = Evaluator(small_instance, unserved_penalty_usd(small_instance))
    sites = small_instance.sites
    best = best_options(small_instance)
    must = (sites.is_existing | sites.is_forced) == 1
    option = best if opened == "everything" else np.where(must, best, -1).astype(np.int32)
    evaluator.load(
        option, np.zeros(len(small_instance.arcs.demand)), np.ones(len(small_instance.demands.region))
    )
    flows = FlowSearch(evaluator, 1)
    search = SiteSearch(flows)
    flows.serve_all()
    before, state = evaluator.cost_usd, evaluator.state()
    flows.stop = told_to_stop()
    flows.serve_all()
    assert not flows.improve()
    assert not search.improve()
    assert not Exchanges(search, 8, 64).improve()
    assert Ruin(search).recreate(50, 2, 1e9) == 0
    # Whoever ends a pass sums the cost up anew.
    assert evaluator.cost_usd == pytest.approx(before, rel=1e-12)
    for now, then in zip(evaluator.state(), state, strict=True):
        np.testing.assert_array_equal(now, then)
    tried, flows.stop = flows.evaluated, StopCheck()
    flows.improve()
    assert flows.evaluated > tried
    assert evaluator.cost_usd <= before * (1.0 + 1e-12)
