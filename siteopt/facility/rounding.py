"""Round the openness of sites to a plan: open as many sites as the demand needs, and more if some is out of reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt._core.facility.transport import Transport
from siteopt.tolerances import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.arrays import Floats, Indices
    from siteopt.facility import FacilityProblem

#: While the rounded sites do not reach every demand, their number grows by one part in this many.
GROWTH = 12


def counts(capacity: Floats, total: float) -> Iterator[int]:
    """Yield how many sites of a ranking to open: first just enough to carry ``total``, then more, in the end all."""
    count = min(len(capacity), int(np.searchsorted(np.cumsum(capacity), total * (1.0 - ROUNDING))) + 1)
    while count < len(capacity):
        yield count
        count += max(1, count // GROWTH)
    yield len(capacity)


def rounded_sites(problem: FacilityProblem, openness: Floats) -> Indices:
    """Return the sites that look most open, as many as the demand needs; all if fewer do not suffice."""
    order = np.argsort(-openness, kind="stable").astype(np.int32)
    return order[: next(counts(problem.capacity[order], float(problem.demand.sum())))]


def rounded_flows(problem: FacilityProblem, openness: Floats) -> Transport | None:
    """Find the cheapest flows to the rounded sites, adding sites until all demand is reached.

    Returns None if it never is, or where the time is over.
    """
    transport = Transport(problem, len(problem.capacity))
    order = np.argsort(-openness, kind="stable").astype(np.int32)
    for count in counts(problem.capacity[order], float(problem.demand.sum())):
        if np.isfinite(transport.load_sites(np.sort(order[:count]))):
            return transport
        if problem.stop.stopped:
            break
    return None
