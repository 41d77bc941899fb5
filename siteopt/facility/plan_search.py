"""Search for a plan of a splittable problem: local search, then windows, then both again from other sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.facility.transport import Transport
from siteopt.facility.root_bound import RootBound
from siteopt.facility.tree import FacilityTree
from siteopt.facility.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siteopt.arrays import Flags, Floats
    from siteopt.facility import FacilityProblem
    from siteopt.run.progress import Clock

#: Moves of the local search in a step, and seconds between the plans that it passes on.
TRIES, OFFER_EVERY = 50, 0.5
#: Shares of the time: for the first local search; for one from other sites, and again for the windows after it.
DESCENT_SHARE, AGAIN_SHARE = 0.06, 0.05
#: Windows that may fail in a row before the search counts as stalled, as a multiple of the number of open sites.
STALLED = 1.0
#: Windows follow a search from other sites only if its plan is within this of the best one, relative to the cost.
WORTH_WINDOWS = 1e-3
#: Limits of a window: its tree nodes (many quick windows find more than a few thorough ones), runs of steps at its
#: root, and the least gain that is worth finding, relative to its cost.
WINDOW_TREE_NODES, WINDOW_RUNS, WINDOW_GAP = 50, 4, 1e-6


class PlanSearch:
    """Improves a plan in small steps.

    Parameters
    ----------
    problem : FacilityProblem
        Over the sites that plans may use.
    transport : Transport
        With the sites of the first plan loaded; it always holds the best plan.
    seed : int
    clock : Clock
    offer : callable
        Called with the best plan from time to time.

    Attributes
    ----------
    cost_usd : float
        Cost of the best plan, USD; it wavers while another thread is changing the flows.
    has_stalled : bool
        Whether windows have been tried everywhere in vain, so that only searches from other sites may still help.
    restart_from : ndarray of uint8, shape (n_site,), or None
        Open sites to start another search from; the caller sets it from time to time.
    """

    def __init__(
        self,
        problem: FacilityProblem,
        transport: Transport,
        seed: int,
        clock: Clock,
        offer: Callable[[Transport], None],
    ) -> None:
        self._problem, self._seed, self._clock, self._offer = problem, seed, clock, offer
        self._best = Windows(problem, transport, solve_window, seed)
        self._failed = 0
        self._found: Flags | None = None
        self.cost_usd = transport.cost_usd
        self.has_stalled = False
        self.restart_from: Flags | None = None

    def found(self, is_open: Flags) -> None:
        """Report the sites of a better plan that was found elsewhere; any thread may call this."""
        with self._best.lock:
            self._found = is_open

    def finish(self) -> None:
        """Pass on the last improvements."""
        self._take_over()
        self._hand_on(self._best)

    def _take_over(self) -> None:
        """Continue from a plan that was found elsewhere, if there is one."""
        with self._best.lock:
            is_open, self._found = self._found, None
        if is_open is not None:
            self._replace(is_open)

    def steps(self) -> Iterator[None]:
        """Search without end, in steps of a fraction of a second each."""
        yield from self._descend(self._best, DESCENT_SHARE)
        again: Windows | None = None
        last: Flags | None = None
        spare = 0  # windows since the stall less the steps of searches from other sites, so that both get equal turns
        while True:
            self._take_over()
            sites = self.restart_from
            is_new = sites is not None and (last is None or not np.array_equal(sites, last))
            if sites is not None and is_new and self.has_stalled and spare >= 0:
                again, last = self._elsewhere(sites) if again is None else again, sites
                if again is not None and np.isfinite(again.transport.change_sites(sites, np.inf)):
                    for _ in self._search_again(again):
                        spare -= 1
                        yield
            else:
                self.window()
                spare += self.has_stalled
            yield

    def window(self) -> None:
        """Try one window of the best plan; any thread may call this."""
        if self._best.step():
            self._failed, self.has_stalled = 0, False
            self._hand_on(self._best)
        else:
            self._failed += 1
            self.has_stalled = self._failed >= self._enough(self._best)

    def _enough(self, windows: Windows) -> float:
        """Return how many windows in a row may fail before the search counts as stalled."""
        with windows.lock:
            return STALLED * float(np.count_nonzero(windows.transport.is_open()))

    def _hand_on(self, windows: Windows) -> None:
        with windows.lock:
            self.cost_usd = min(self.cost_usd, windows.transport.cost_usd)
            self._offer(windows.transport)

    def _replace(self, is_open: Flags) -> None:
        """Make these the sites of the best plan if that is cheaper."""
        best = self._best
        with best.lock:
            before = best.transport.cost_usd
            if best.transport.change_sites(is_open, before) < before:
                self._hand_on(best)
                self._failed, self.has_stalled = 0, False

    def _descend(self, windows: Windows, share: float) -> Iterator[None]:
        """Run the local search until no move pays or its share of the time is over."""
        clock = self._clock
        deadline, offered, is_done = clock.seconds + share * clock.time_limit, clock.seconds, False
        while not is_done and clock.seconds < deadline:
            with windows.lock:
                is_done = windows.interchange.improve(TRIES)
            if is_done or clock.seconds > offered + OFFER_EVERY:
                self._hand_on(windows)
                offered = clock.seconds
            yield
        self._hand_on(windows)

    def _elsewhere(self, is_open: Flags) -> Windows | None:
        """Build windows with separate flows, for searches from other sites; None where the time is over."""
        transport = Transport(self._problem, len(self._problem.capacity))
        if np.isinf(transport.load_sites(np.flatnonzero(is_open).astype(np.int32))):
            return None
        return Windows(self._problem, transport, solve_window, self._seed + 1)

    def _search_again(self, windows: Windows) -> Iterator[None]:
        """Run local search and windows from other sites, which end in another plan and sometimes in a better one."""
        yield from self._descend(windows, AGAIN_SHARE)
        transport, failed, most = windows.transport, 0, self._enough(windows)
        deadline = self._clock.seconds + AGAIN_SHARE * self._clock.time_limit
        if transport.cost_usd < self.cost_usd * (1.0 + WORTH_WINDOWS):
            while failed < most and self._clock.seconds < deadline:
                failed = 0 if windows.step() else failed + 1
                yield
        self._replace(transport.is_open())


def solve_window(problem: FacilityProblem, is_open: Flags, price: Floats) -> tuple[Flags | None, bool]:
    """Find better sites for a window than the open ones, or None; also return whether it was solved to the end."""
    transport = Transport(problem, len(problem.capacity))
    cost = transport.load_sites(np.flatnonzero(is_open).astype(np.int32))
    if np.isinf(cost):
        return None, True
    root = RootBound(problem, price)
    for _ in range(WINDOW_RUNS):
        root.climb()
        if root.bound_usd > cost * (1.0 - WINDOW_GAP):
            return None, True
    every = np.arange(len(problem.capacity), dtype=np.int32)
    tree = FacilityTree(problem, root, every, transport, WINDOW_GAP)
    tree.run(WINDOW_TREE_NODES)
    better = None if tree.best is None else np.isin(every, tree.best.open_sites).astype(np.uint8)
    return better, tree.is_done
