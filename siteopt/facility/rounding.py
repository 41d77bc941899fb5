"""Plans from how open each site looks: as many as the demand needs, and more where those do not reach it all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.facility.transport import Transport
from siteopt.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.arrays import Floats, Indices
    from siteopt.facility import FacilityProblem

#: Where the rounded sites do not reach every demand, they grow by this part of their number.
GROWTH = 12


def counts(capacity: Floats, total: float) -> Iterator[int]:
    """How many sites of an order to open: as many as carry ``total``, then more and more, at last all."""
    count = min(len(capacity), int(np.searchsorted(np.cumsum(capacity), total * (1.0 - ROUNDING))) + 1)
    while count < len(capacity):
        yield count
        count += max(1, count // GROWTH)
    yield len(capacity)


def rounded_sites(problem: FacilityProblem, openness: Floats) -> Indices:
    """The sites that look most open, as many as the demand needs; all where that is not enough."""
    order = np.argsort(-openness, kind="stable").astype(np.int32)
    return order[: next(counts(problem.capacity[order], float(problem.demand.sum())))]


def rounded_flows(problem: FacilityProblem, openness: Floats) -> Transport | None:
    """Cheapest flows of the rounded openness, over more sites where those do not reach all demand; None if none do."""
    transport = Transport(problem, len(problem.capacity))
    order = np.argsort(-openness, kind="stable").astype(np.int32)
    for count in counts(problem.capacity[order], float(problem.demand.sum())):
        if np.isfinite(transport.load_sites(np.sort(order[:count]))):
            return transport
    return None
