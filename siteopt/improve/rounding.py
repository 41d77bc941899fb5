"""Plans from how open each site looks: as many as the demand needs, and more where those do not reach it all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.transport import Transport

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.facility_location import FacilityProblem

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int32]

#: Where the rounded sites do not reach every demand, they grow by this part of their number.
GROWTH = 12


def rounded(problem: FacilityProblem, openness: Floats) -> Indices:
    """The sites that look most open, as many as the demand needs; all where that is not enough."""
    order = np.argsort(-openness, kind="stable").astype(np.int32)
    carried = np.cumsum(problem.capacity[order])
    count = int(np.searchsorted(carried, problem.demand.sum() * (1.0 - 1e-12))) + 1
    return order[:count]


def loaded(problem: FacilityProblem, openness: Floats) -> Transport | None:
    """Flows of the rounded openness, with more sites where those do not reach every demand; None if all do not."""
    transport = Transport(problem, len(problem.capacity))
    order = np.argsort(-openness, kind="stable").astype(np.int32)
    count = len(rounded(problem, openness))
    while True:
        if np.isfinite(transport.load_sites(np.sort(order[:count]))):
            return transport
        if count >= len(order):
            return None
        count = min(len(order), count + max(1, count // GROWTH))
