"""Construct plans and improve them by local search, in rounds that a caller can stop between."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.evaluate.evaluator import Evaluator
from siteopt._core.search.exchange import Exchanges
from siteopt._core.search.flow_search import FlowSearch
from siteopt._core.search.ruin import Ruin
from siteopt._core.search.site_search import SiteSearch
from siteopt._core.stopping import StopCheck
from siteopt.evaluate import unserved_penalty_usd
from siteopt.instance import Solution
from siteopt.search.options import best_options, hardest_first
from siteopt.search.secure import Secured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siteopt.arrays import Floats, Indices
    from siteopt.instance import Instance, Moves

#: Most descents of a construction, and most arcs with which it takes them all; with more arcs it stops at the first
#: feasible plan and leaves the rest to rounds.
DESCENTS, QUICK_ARCS = 6, 300_000
#: Ruins per round, and how many neighbouring sites a ruin touches, in turn.
RUINS = 200
NEIGHBOURS = (1, 2, 3, 4)
#: Shakes per round, and how much worse than before a shake may be before its descent, relative to the cost.
SHAKES = 4
SHAKE_WORSE = 0.003
#: Most open sites that exchange flows, and most flows that are considered for a pair of them.
PLACES, EXCHANGED = 512, 1 << 16
#: The descent without reserve ends once it gains less than this, relative to the cost.
BARE_GAIN = 1e-4
#: Covers in a row that bring no cheaper safe state, after which every other round tries to do without one of the sites.
PATIENCE = 8


class Search:
    """A search on an instance.

    Parameters
    ----------
    instance : Instance
    seed : int
        The same seed and the same calls give the same solutions.
    """

    def __init__(self, instance: Instance, seed: int) -> None:
        self._instance = instance
        self._evaluator = Evaluator(instance, unserved_penalty_usd(instance))
        self._flows = FlowSearch(self._evaluator, seed)
        self._flows.order_demands(hardest_first(instance))
        self._sites = SiteSearch(self._flows)
        self._exchanges = Exchanges(self._sites, PLACES, EXCHANGED)
        self._ruin = Ruin(self._sites)
        self._secured: Secured | None = None
        if instance.variants.is_protected.any():
            self._secured = Secured(instance, self._evaluator, self._sites)
        self._descending = True
        # The first descent runs to its end without any reserve, which would hold flows where they are if set early.
        self._is_bare = self._secured is not None
        self._round = 0

    @property
    def cost_usd(self) -> float:
        """Cost of the current state, USD, including a penalty for must-serve demand that it leaves out."""
        return self._evaluator.cost_usd

    @property
    def evaluated(self) -> int:
        """Number of moves evaluated so far."""
        return self._flows.evaluated

    def solution(self, keep_going: Callable[[], bool] = lambda: True) -> Solution | None:
        """Return the current state as a solution, or None if it breaks a rule.

        If a workload is protected, the state first gets the reserve that its flows need now. That may cost more than
        the preceding moves assumed, and if it eats up what they gained, the search falls back to the best safe state.
        Once ``keep_going`` returns False the result is None, unless no solution has been found before.
        """
        if self._secured is not None:
            option, _, _, share, unserved = self._evaluator.state()
            with self._watching(keep_going):
                found = self._secured.solution(keep_going)
            if self._is_bare:
                self._secured.lay_bare()
                self._evaluator.load(option, share, unserved)
            else:
                # Without a safe state the search is back at the best one; the same descent would lead here again.
                self._descending = self._descending and found is not None
            return found
        return Solution(*self._evaluator.state()) if self._evaluator.is_feasible() else None

    def load(self, option: Indices, share: Floats, unserved: Floats, moves: Moves | None = None) -> bool:
        """Start from given sites and flows, and moves if these are known; return whether they meet every rule.

        Replicas and modules become the fewest that carry the flows.
        """
        self._descending = True
        self._is_bare = self._is_bare and moves is None
        if self._secured is not None:
            if moves is None:
                return self._secured.adopt(option, share, unserved)
            return self._secured.load(option, share, unserved, moves)
        return self._evaluator.load(option, share, unserved)

    def serve_from(
        self,
        option: Indices,
        share: Floats,
        unserved: Floats,
        keep_going: Callable[[], bool] = lambda: True,
    ) -> None:
        """Start from given sites and flows, and serve elsewhere what does not fit."""
        if not self.load(option, share, unserved):
            with self._watching(keep_going):
                self._flows.serve_all()

    def try_flows(
        self,
        solution: Solution,
        share: Floats,
        unserved: Floats,
        keep_going: Callable[[], bool] = lambda: True,
    ) -> None:
        """Continue from other flows to a solution's sites, unless the current state is cheaper.

        If a workload is protected, that cannot be told before the flows have reserve, and :meth:`solution` decides.
        """
        before, (option, _, _, old_share, old_unserved) = self.cost_usd, self._evaluator.state()
        self.serve_from(solution.option, share, unserved, keep_going)
        if self._secured is None and self.cost_usd >= before:
            self.load(option, old_share, old_unserved)

    def construct(self, keep_going: Callable[[], bool] = lambda: True) -> None:
        """Construct a first state: open nothing and let the search open sites, or open all and let it close them.

        The cheaper of the two is kept if both are quick; otherwise the second is only tried if the first one left out
        demand that must be served. ``keep_going`` is called from time to time, as in :meth:`round`.
        """
        instance = self._instance
        sites = instance.sites
        best = best_options(instance)
        standing = np.where((sites.is_existing | sites.is_forced) == 1, best, -1).astype(np.int32)
        is_quick = len(instance.arcs.demand) <= QUICK_ARCS
        with self._watching(keep_going):
            self._descend_from(standing, is_quick, keep_going)
            if is_quick or not self._evaluator.is_feasible():
                may_open = np.count_nonzero(sites.is_existing == 0) <= instance.max_sites
                if may_open and np.isinf(instance.budget_usd) and keep_going():
                    usd, (option, _, _, share, unserved) = self.cost_usd, self._evaluator.state()
                    self._descend_from(best, is_quick, keep_going)
                    if usd < self.cost_usd:
                        self.load(option, share, unserved)

    def _descend_from(self, option: Indices, to_the_end: bool, keep_going: Callable[[], bool]) -> None:
        instance = self._instance
        self.load(option, np.zeros(len(instance.arcs.demand)), np.ones(len(instance.demands.region)))
        self._flows.order_demands(hardest_first(instance))
        self._flows.serve_all()
        for _ in range(DESCENTS):
            if not keep_going() or not self._descend(keep_going):
                break
            if not to_the_end and self._evaluator.is_feasible():
                break

    def round(self, keep_going: Callable[[], bool] = lambda: True) -> bool:
        """Run one round and return whether the cost fell: descend while that pays, otherwise ruin and shake in turn.

        ``keep_going`` is called from time to time; once it returns False, the round ends with its best state.
        """
        with self._watching(keep_going):
            return self._round_of(keep_going)

    @contextmanager
    def _watching(self, keep_going: Callable[[], bool]) -> Iterator[None]:
        """Let the kernels ask whether to stop as they go."""
        self._flows.stop = StopCheck(lambda: not keep_going())
        try:
            yield
        finally:
            self._flows.stop = StopCheck()

    def _round_of(self, keep_going: Callable[[], bool]) -> bool:
        before = self.cost_usd
        if self._is_bare:
            self._is_bare = self._descend(keep_going) and self.cost_usd < before * (1.0 - BARE_GAIN)
        elif self._secured is not None and self._secured.stalled >= PATIENCE and self._round % 2:
            self._descending = self._secured.evict()
        elif self._descending:
            self._descending = self._descend(keep_going) and self.cost_usd < before * (1.0 - 1e-6)
        else:
            neighbours = NEIGHBOURS[self._round // 2 % len(NEIGHBOURS)]
            if self._round % 2:
                self._ruin.recreate(RUINS, neighbours, 0.0)
            else:
                self._shake(neighbours, keep_going)
            self._descending = self.cost_usd < before - 1.0
        self._round += 1
        return self.cost_usd < before - 1.0

    def _descend(self, keep_going: Callable[[], bool]) -> bool:
        passes = (self._flows.improve, self._exchanges.improve, self._sites.improve)
        return any([improve() for improve in passes if keep_going()])

    def _shake(self, neighbours: int, keep_going: Callable[[], bool]) -> None:
        """Accept ruins that cost a little, descend from there, and return to the old state unless that paid.

        Load that a ruin displaces needs whole modules elsewhere, so that a good exchange often looks bad at first.
        """
        option, _, _, share, unserved = self._evaluator.state()
        before = self.cost_usd
        for _ in range(SHAKES):
            if not keep_going():
                return
            if self._ruin.recreate(2, neighbours, SHAKE_WORSE * abs(before)) == 0:
                continue
            for _ in range(4):
                if not keep_going() or not self._descend(keep_going):
                    break
            if self.cost_usd < before - 1.0 and self._evaluator.is_feasible():
                return
            self._evaluator.load(option, share, unserved)
