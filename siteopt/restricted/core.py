"""Which sites a plan is made of: those that the prices want, and enough of them for every demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.bounds.block import BlockAscent

#: Sites of a core, and of them those that must be new to it where there are so many.
SIZE, NEW = 240, 60
#: Sites that were open this often in the running average belong to a core.
LIKELY = 0.02


def choose_core(ascent: BlockAscent, standing: NDArray[np.int32], before: NDArray[np.int32]) -> NDArray[np.int32]:
    """Rows of the core's sites, ascending.

    Parameters
    ----------
    ascent : BlockAscent
    standing : ndarray of int32
        Sites of the best plan.
    before : ndarray of int32
        Sites of the core before this one, empty for the first.

    Returns
    -------
    ndarray of int32
        The standing sites, the cheapest one for each demand, the likely ones, and those of least value.
    """
    n_site = len(ascent.site_value)
    likely = np.argsort(-ascent.openness, kind="stable")[: np.count_nonzero(ascent.openness > LIKELY)]
    by_value = np.argsort(ascent.site_value, kind="stable")
    needed = np.unique(ascent.cheapest_site[ascent.cheapest_site >= 0])
    ranked = np.concatenate([standing, needed, likely[:SIZE], by_value])
    first = np.unique(ranked, return_index=True)[1]
    ranked = ranked[np.sort(first)]
    fresh = ranked[~np.isin(ranked, before)]
    size = min(n_site, max(SIZE, len(standing) + len(needed)))
    chosen = ranked[:size]
    if len(before):
        chosen = np.union1d(ranked[: max(len(standing) + len(needed), size - NEW)], fresh[:NEW])
    return np.unique(chosen).astype(np.int32)
