"""Keep the state of a search safe against the loss of any site, by renewing its reserve as flows change.

The kernel moves flows while the reserve of every pool stays as it is. Between rounds, the moves after the loss of each
site are chosen anew for the current flows, which gives new reserves. The cheapest safe state is kept, and the search
falls back to it once it has drifted too far.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from siteopt.evaluate import evaluate_solution
from siteopt.instance import Solution
from siteopt.resilience import Withheld, cover, reserves
from siteopt.search.options import best_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt._core.evaluate.evaluator import Evaluator
    from siteopt._core.search.site_search import SiteSearch
    from siteopt.arrays import Floats, Indices
    from siteopt.instance import Instance, Moves
    from siteopt.resilience import Cover

#: How much more than the best safe state the current one may cost, relative to it, before the search falls back.
DRIFT = 0.002
#: Weight of the newest prices of cover in the running average that flows see.
SMOOTHING = 0.15
#: Whether a cover counts whole replicas: one attempt each, in this order, with the power withheld that the attempts
#: before it have used in excess.
ATTEMPTS = (False, False, True, False, False)


class Secured:
    """State of an evaluator, together with the reserve that makes it safe.

    Parameters
    ----------
    instance : Instance
    evaluator : Evaluator
        Its state and reserve are changed in place.
    sites : SiteSearch
        Search over the state of that evaluator.
    """

    def __init__(self, instance: Instance, evaluator: Evaluator, sites: SiteSearch) -> None:
        self._instance, self._evaluator, self._sites = instance, evaluator, sites
        self._standby = best_options(instance)
        self._best: Solution | None = None
        self.best_usd = float("inf")  # cost of the cheapest safe state so far
        self._given: tuple[Floats, Moves] | None = None
        self._price_usd = np.zeros(len(instance.arcs.demand))
        self.stalled = 0
        self._evicted = -1
        self._wide = self._best_wide = np.zeros(0, dtype=np.int32)  # options before standby sites were fitted

    def load(self, option: Indices, share: Floats, unserved: Floats, moves: Moves) -> bool:
        """Start from known sites, flows and moves; return whether every rule holds."""
        self._given = share, moves
        return self._load(option, share, unserved, moves)

    def solution(self, keep_going: Callable[[], bool] = lambda: True) -> Solution | None:
        """Return the state with reserve for its flows, or None if it cannot be made safe.

        The search for a first solution is always completed, that for a further one only while ``keep_going`` allows.
        """
        if self._best is not None and not keep_going():
            return None
        option, _, _, share, unserved = self._evaluator.state()
        self.stalled += 1
        found = self._secure(option, share, unserved, keep_going)
        if found is None:
            if self._best is not None:
                self._return()
            return None
        usd = evaluate_solution(self._instance, found).cost_usd
        if usd < self.best_usd:
            self._best, self.best_usd, self.stalled = found, usd, 0
            self._best_wide = self._wide
        elif usd > self.best_usd + DRIFT * abs(self.best_usd):
            self._return()
        return found

    def evict(self) -> bool:
        """Close the next open site in turn and cover its flows and reserve elsewhere; return whether that paid.

        The kernel by itself may not close a site that holds reserve.
        """
        best, before = self._best, self.best_usd
        if best is None:
            return False
        sites = self._instance.sites
        free = np.flatnonzero((best.option >= 0) & (sites.is_existing == 0) & (sites.is_forced == 0))
        if not len(free):
            return False
        later = free[free > self._evicted]
        self._evicted = int(later[0] if len(later) else free[0])
        self._release()
        self._evaluator.load(best.option, best.share, best.unserved)
        if self._sites.close_site(self._evicted):
            standby, self._standby = self._standby, self._standby.copy()
            self._standby[self._evicted] = -1
            self.solution()
            self._standby = standby
        if self.best_usd >= before:
            self._return()
        return self.best_usd < before

    def adopt(self, option: Indices, share: Floats, unserved: Floats) -> bool:
        """Start from flows without any reserve; return whether every rule holds except that of cover."""
        self._release()
        return self._evaluator.load(option, share, unserved)

    def lay_bare(self) -> None:
        """Remove all reserve, and the price of cover that flows see."""
        self._release()
        self._evaluator.shade(np.zeros(len(self._price_usd)))

    def _return(self) -> None:
        """Return to the best safe state."""
        best = self._best
        assert best is not None
        self._load(self._best_wide, best.share, best.unserved, best.moves)

    def _secure(
        self, option: Indices, share: Floats, unserved: Floats, keep_going: Callable[[], bool]
    ) -> Solution | None:
        known = self._as_given(option, share, unserved)
        withheld, found = Withheld.nothing(self._instance), None
        least_usd = float("inf")
        for in_integers in ATTEMPTS:
            if found is not None and not keep_going():
                break
            self.adopt(option, share, unserved)
            bare = Solution(*self._evaluator.state())
            trial = cover(self._instance, bare, self._standby, withheld, in_integers=in_integers)
            if trial is None:
                continue
            self._shade(trial.price_usd)
            is_safe = self._load(trial.option, trial.share, trial.unserved, trial.moves)
            if is_safe and self._evaluator.cost_usd < least_usd:
                found, least_usd = trial, self._evaluator.cost_usd
            before = withheld.total_mw
            withheld = withheld.more(self._instance, Solution(*self._evaluator.state()), trial.room_mw)
            if is_safe and withheld.total_mw <= before:
                break
        if found is not None:
            self._load(found.option, found.share, found.unserved, found.moves)
            return self._cheaper(self._fitted(found), known)
        if known is not None:
            return self._taken(known)
        self.adopt(option, share, unserved)
        return None

    def _fitted(self, found: Cover) -> Solution:
        """Return the state as a solution whose standby sites are no larger than their reserve needs.

        The search continues with the sites at their former size, since flows may later move to where reserve is.
        """
        self._sites.resize_standby()
        fitted = replace(Solution(*self._evaluator.state()), moves=found.moves)
        self._load(found.option, found.share, found.unserved, found.moves)
        self._wide = found.option
        return fitted

    def _as_given(self, option: Indices, share: Floats, unserved: Floats) -> Solution | None:
        """Return the state with the moves it was loaded with, or None if its flows have changed or a rule is broken."""
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
        return self._taken(known)

    def _taken(self, known: Solution) -> Solution:
        """Continue from a known solution, and return it."""
        self._load(known.option, known.share, known.unserved, known.moves)
        self._wide = known.option
        return known

    def _shade(self, price_usd: Floats) -> None:
        """Price flows by what covering them costs, averaged lest all of them flee the one site that sizes reserve."""
        self._price_usd = SMOOTHING * price_usd + (1.0 - SMOOTHING) * self._price_usd
        self._evaluator.shade(self._price_usd)

    def _release(self) -> None:
        n = len(self._instance.pools.site)
        self._evaluator.hold(np.zeros(n), np.full(n, -1, dtype=np.int32))

    def _load(self, option: Indices, share: Floats, unserved: Floats, moves: Moves) -> bool:
        """Set sites, flows and reserve; return whether every rule holds."""
        self._evaluator.hold(*reserves(self._instance, moves, share))
        return self._evaluator.load(option, share, unserved)
