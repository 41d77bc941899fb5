"""Which sites a plan is made of: those that the prices want, and enough of them for every demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.solving.restricted.covering import cover_sites

if TYPE_CHECKING:
    from siteopt.arrays import Indices
    from siteopt.bounds.implicit_flows import BlockAscent
    from siteopt.compile.implicit_flows import Block

#: Sites of a core beyond those of the plan and the first cover; of them so many that the core before did not have.
MORE, FRESH = 120, 60
#: Sites that were open this often in the running average come before those of least value.
LIKELY = 0.02


class Cores:
    """Choices of a core, one after another.

    Parameters
    ----------
    block : Block
    ascent : BlockAscent
        Its prices rank the sites.
    """

    def __init__(self, block: Block, ascent: BlockAscent) -> None:
        self._block, self._ascent = block, ascent
        self._tried = np.zeros(len(block.instance.sites.id), dtype=bool)

    def choose(self, standing: Indices) -> Indices:
        """Rows of the next core's sites, ascending; ``standing`` are those of the best plan, if there is one.

        Every demand that some site may serve has one in the core.
        """
        ascent = self._ascent
        likely = np.argsort(-ascent.openness, kind="stable")[: np.count_nonzero(ascent.openness > LIKELY)]
        by_value = np.argsort(ascent.site_value, kind="stable")
        cover = cover_sites(self._block, ascent.demand_usd)
        base = standing if len(standing) else cover[:0]
        ranked = _distinct(np.concatenate([cover, likely[: MORE // 2], by_value]))
        ranked = ranked[~np.isin(ranked, base)]
        fresh = ranked[~self._tried[ranked]][:FRESH]
        chosen = np.concatenate([base, _distinct(np.concatenate([fresh, ranked]))[:MORE]])
        self._tried[chosen] = True
        return np.unique(np.concatenate([chosen, self._missing(chosen)])).astype(np.int32)

    def _missing(self, chosen: Indices) -> Indices:
        """The cheapest site of each demand that no chosen one may serve."""
        block, demands = self._block, self._block.instance.demands
        served = np.zeros(len(demands.region), dtype=bool)
        for v, k in enumerate(block.instance.variants.workload.tolist()):
            near = (block.rtt_ms[block.rule[v], chosen] <= block.reach_ms[v, chosen, None]).any(axis=0)
            served |= (demands.workload == k) & near[demands.region]
        wanted: Indices = self._ascent.cheapest_site[~served]
        return wanted[wanted >= 0]


def _distinct(rows: Indices) -> Indices:
    """Each row once, where it comes first."""
    first = np.unique(rows, return_index=True)[1]
    return rows[np.sort(first)]
