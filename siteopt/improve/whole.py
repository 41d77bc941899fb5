"""Where demands may not be split: sets of sites with room to spare are filled, a tree or the exact model proves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from siteopt.bounds.root import RootBound
from siteopt.bounds.whole import WholeTree, whole_root
from siteopt.improve.divisible import NODES, DivisibleRun, loaded
from siteopt.improve.exact import finish_exactly
from siteopt.search.single_source import SingleSource

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int32]

#: Shares of capacity held back while sites are chosen for whole demands; moves of the search, explorations in a turn.
SPARE, WHOLE_TRIES, EXPLORED = (0.0, 0.002, 0.005, 0.01, 0.02), 300, 10
#: After so many turns without success, explorations are as rare.
IDLE_TURNS = 15
#: Up to so many arcs the exact model takes over after this share of the time: with a good plan at hand it closes small
#: problems with whole demands faster than the tree.
LARGEST_EXACT, OWN_SHARE = 20_000, 0.12


class WholeRun(DivisibleRun):
    """The same where demands may not be split."""

    def work(self, node_limit: int | None) -> None:
        """Own methods first; where the exact model is small enough it finishes the proof, started from their plan."""
        is_small = len(self._problem.arc_usd) <= LARGEST_EXACT
        self._deadline = self._clock.seconds + (OWN_SHARE if is_small else 1.0) * self._clock.time_limit
        self._own(node_limit)
        if is_small and self._clock.left > 0.0 and not self._incumbent.is_good_enough:
            finish_exactly(self._instance, self._incumbent, self._seed, node_limit)

    def _goes_on(self) -> bool:
        return super()._goes_on() and self._clock.seconds < self._deadline

    def _own(self, node_limit: int | None) -> None:
        divisible = replace(self._problem, is_splittable=True)
        root = RootBound(divisible)
        while not root.has_converged and self._goes_on():
            root.climb()
        if np.isinf(root.bound_usd):
            return
        self._incumbent.prove(root.bound_usd, "bound")
        found = self._start(root)
        if found is None:
            return
        core, part, _ = found
        plans = SingleSource(part, self._seed)
        divisible_part = replace(part, is_splittable=True)
        spare = [
            loaded(replace(divisible_part, capacity=part.capacity * (1.0 - share)), root.openness[core])
            for share in SPARE
        ]
        transports = [transport for transport in spare if transport is not None]
        for transport in transports:
            transport.improve(WHOLE_TRIES)
            plans.try_flows(transport)
            self._offer_whole(core, plans)
        if not transports:
            return
        tree = WholeTree(
            self._problem,
            whole_root(self._problem, root),
            core,
            transports[0],
            0.999 * self._incumbent.gap_wanted,
            plans,
        )
        self._incumbent.prove(tree.bound_usd, "bound")
        turn = idle = 0
        while not tree.is_done and self._goes_on() and (node_limit is None or tree.nodes < node_limit):
            if idle < IDLE_TURNS or turn % IDLE_TURNS == 0:
                pays = plans.explore(
                    transports[turn % len(transports)], self._seed + turn, EXPLORED, WHOLE_TRIES // 10
                )
                idle = 0 if pays else idle + 1
            tree.learn(plans.cost_usd)
            tree.run(5 * NODES, self._goes_on)
            self._offer_whole(core, plans)
            self._incumbent.prove(tree.bound_usd, "bound")
            turn += 1
        self._incumbent.prove(tree.bound_usd, "bound")

    def _offer_whole(self, core: Indices, plans: SingleSource) -> None:
        if plans.cost_usd >= self._cost * (1.0 - 1e-12):
            return
        self._cost = plans.cost_usd
        part = self._restricted(core)
        is_used = np.zeros(len(part.arc_usd))
        is_used[plans.arcs] = 1.0
        self._offer_amounts(core, is_used * part.demand[part.arc_demand], plans.is_open > 0)
