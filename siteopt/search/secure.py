"""Keep a search's state safe against the loss of any site: reserve is set anew as its flows change.

The kernel moves flows while every pool's reserve stays as it is. Between rounds the moves of a failure are chosen anew
for the flows that there are, which gives new reserves; the cheapest state that is safe is kept, and the search falls
back to it once it has drifted too far.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from siteopt.evaluate import evaluate_solution
from siteopt.instance import Solution
from siteopt.resilience import cover
from siteopt.resilience.moved import reserves
from siteopt.search.options import best_options

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt._core.evaluator import Evaluator
    from siteopt.instance import Instance, Moves

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int32]

#: How much more than the best safe state one may cost before the search falls back to it.
DRIFT = 0.002
#: Replicas of room per pool that a cover leaves at its site, and whether it counts whole ones; tried in this order.
ATTEMPTS = ((0, False), (0, True), (1, False), (3, False))


class Secured:
    """The state of an evaluator, with reserve.

    Parameters
    ----------
    instance : Instance
    evaluator : Evaluator
        Its state and reserve are changed in place.
    """

    def __init__(self, instance: Instance, evaluator: Evaluator) -> None:
        self._instance, self._evaluator = instance, evaluator
        self._standby = best_options(instance)
        self._best: Solution | None = None
        self._best_usd = float("inf")
        self._given: tuple[Floats, Moves] | None = None

    def load(self, option: Indices, share: Floats, unserved: Floats, moves: Moves) -> bool:
        """Take over sites, flows and moves that are known already; whether every rule holds."""
        self._given = share, moves
        return self._load(option, share, unserved, moves)

    def solution(self) -> Solution | None:
        """The state with reserve for its flows, or None where it cannot be made safe."""
        option, _, _, share, unserved = self._evaluator.state()
        found = self._secure(option, share, unserved)
        if found is None:
            if self._best is not None:
                self._return()
            return None
        usd = evaluate_solution(self._instance, found).cost_usd
        if usd < self._best_usd:
            self._best, self._best_usd = found, usd
        elif usd > self._best_usd + DRIFT * abs(self._best_usd):
            self._return()
        return found

    def _return(self) -> None:
        """Back to the best safe state."""
        best = self._best
        assert best is not None
        self._load(best.option, best.share, best.unserved, best.moves)

    def _secure(self, option: Indices, share: Floats, unserved: Floats) -> Solution | None:
        known = self._as_given(option, share, unserved)
        for margin, whole in ATTEMPTS:
            self._release()
            self._evaluator.load(option, share, unserved)
            bare = Solution(*self._evaluator.state())
            found = cover(self._instance, bare, self._standby, margin=margin, whole=whole)
            if found is None:
                continue
            if self._load(found.option, found.share, found.unserved, found.moves):
                new = replace(Solution(*self._evaluator.state()), moves=found.moves)
                return self._cheaper(new, known)
        if known is not None:
            self._load(known.option, share, unserved, known.moves)
            return known
        self._release()
        self._evaluator.load(option, share, unserved)
        return None

    def _as_given(self, option: Indices, share: Floats, unserved: Floats) -> Solution | None:
        """The state under the moves that came with it, where its flows are still those and every rule holds."""
        if self._given is None or not np.array_equal(share, self._given[0]):
            return None
        if not self._load(option, share, unserved, self._given[1]):
            return None
        return replace(Solution(*self._evaluator.state()), moves=self._given[1])

    def _cheaper(self, new: Solution, known: Solution | None) -> Solution:
        if known is None:
            return new
        usd = [evaluate_solution(self._instance, s).cost_usd for s in (new, known)]
        if usd[0] <= usd[1]:
            return new
        self._load(known.option, known.share, known.unserved, known.moves)
        return known

    def _release(self) -> None:
        n = len(self._instance.pools.site)
        self._evaluator.hold(np.zeros(n), np.full(n, -1, dtype=np.int32))

    def _load(self, option: Indices, share: Floats, unserved: Floats, moves: Moves) -> bool:
        """Take over flows, sites and reserve; whether every rule holds."""
        self._evaluator.hold(*reserves(self._instance, moves, share))
        return self._evaluator.load(option, share, unserved)
