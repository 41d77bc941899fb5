"""Large neighbourhood search: an exact method decides anew about a few neighbouring sites and what they serve."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.facility.interchange import Interchange
from siteopt.instance import ranges
from siteopt.tolerances import TINY

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt._core.facility.transport import Transport
    from siteopt.arrays import Flags, Floats, Indices
    from siteopt.facility import FacilityProblem

    #: Finds better sites of a small problem than the given open ones, or None; and says if it solved it to the end.
    Solver = Callable[[FacilityProblem, Flags, Floats], tuple[Flags | None, bool]]

#: Nearest demands of a site, through which its neighbours are found.
NEAREST = 8
#: Sites of a window: at first, at least, at most; each window varies its size at random within these factors, so
#: that no two are alike.
FIRST, LEAST, MOST, VARIED = 30, 12, 120, (0.6, 1.5)
#: Gains below this, relative to the cost, count as rounding.
LEAST_GAIN = 1e-9


class Windows:
    """Windows around one site after another.

    Parameters
    ----------
    problem : FacilityProblem
    transport : Transport
        Flows with the incumbent's sites loaded; improved in place.
    solver : callable
    seed : int

    Attributes
    ----------
    interchange : Interchange
        Local search over the same flows, which the caller starts; it remembers what has failed.
    lock : RLock
        Must be held while ``transport`` is read or changed if several threads share it.
    """

    def __init__(self, problem: FacilityProblem, transport: Transport, solver: Solver, seed: int) -> None:
        self._problem, self.transport, self._solver = problem, transport, solver
        self.interchange = Interchange(transport)
        self.lock = RLock()
        self._random = np.random.default_rng(seed)
        self._size = FIRST
        self._order: list[int] = []
        self._price = transport.prices()
        self._way: dict[int, Floats] = {}  # by site, for those met so far

    def step(self) -> bool:
        """Try one window and return whether the cost fell; several threads may each work on a window of their own."""
        problem, transport = self._problem, self.transport
        with self.lock:
            size = self._size * self._random.uniform(*VARIED)
            sites = self._around(self._next_site(), int(size))
            is_open = transport.is_open()
            amounts, price = transport.amounts(), self._price
        carried = np.zeros(len(problem.capacity), dtype=bool)
        carried[sites] = True
        served: Floats = np.bincount(
            problem.arc_demand, weights=amounts * carried[problem.arc_site], minlength=len(problem.demand)
        ).astype(np.float64)
        demands = np.flatnonzero(served > TINY).astype(np.int32)
        window = problem.restricted(sites, demands, served[demands])
        better, is_solved = self._solver(window, is_open[sites], price[demands])
        with self.lock:
            self._size = min(MOST, self._size + 1) if is_solved else max(LEAST, self._size - 3)
            return better is not None and self._adopt(sites, better)

    def _next_site(self) -> int:
        if not self._order:
            self._order = self._random.permutation(len(self._problem.capacity)).tolist()
        return self._order.pop()

    def _adopt(self, sites: Indices, is_open: Flags) -> bool:
        """Open these sites of a window and return whether that still pays after what other threads have changed."""
        transport = self.transport
        before, flags = transport.cost_usd, transport.is_open()
        flags[sites] = is_open
        transport.change_sites(flags, before)
        # Rounding must not pass for success, or the windows would never end.
        if transport.cost_usd >= before * (1.0 - LEAST_GAIN):
            return False
        self._price = transport.prices()
        return True

    def _around(self, site: int, size: int) -> Indices:
        """Return a site and those nearest to it; if it has too few neighbours, their neighbours too, and so on."""
        distance = np.full(len(self._problem.capacity), np.inf)
        distance[site] = 0.0
        unvisited = np.ones(len(distance), dtype=bool)
        while True:
            step = np.where(unvisited, distance, np.inf)
            nearest = int(np.argmin(step))
            if np.isinf(step[nearest]):
                break
            unvisited[nearest] = False
            np.minimum(distance, distance[nearest] + self._ways(nearest), out=distance)
            if np.count_nonzero(np.isfinite(distance)) >= size:
                break
        chosen = np.argsort(distance, kind="stable")[:size]
        return np.sort(chosen[np.isfinite(distance[chosen])]).astype(np.int32)

    def _ways(self, site: int) -> Floats:
        """Return the cost of the cheapest way from a site to every site via its nearest demands, mostly ``inf``."""
        if site not in self._way:
            problem = self._problem
            first = problem.site_ptr[site]
            near = slice(first, min(first + NEAREST, problem.site_ptr[site + 1]))
            demands = problem.site_demand[near]
            rows = ranges(problem.arc_ptr[demands], problem.arc_ptr[demands + 1])
            length = problem.arc_ptr[demands + 1] - problem.arc_ptr[demands]
            way = np.full(len(problem.capacity), np.inf)
            np.minimum.at(
                way, problem.arc_site[rows], problem.arc_usd[rows] + np.repeat(problem.site_usd[near], length)
            )
            self._way[site] = way
        return self._way[site]
