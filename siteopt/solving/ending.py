"""How a solve ended, and what its plan may be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siteopt.plan import Limit, Status, StopReason
    from siteopt.run.incumbent import Incumbent

#: Gap at which a plan is called optimal though a smaller one was asked for: a solver's tolerance.
PROVEN = 1e-5
#: The same for a plan that spends nothing, USD.
PROVEN_USD = 1.0


def ending(
    incumbent: Incumbent, *, is_exhausted: bool, limit: Limit | None
) -> tuple[Status, StopReason, Limit | None]:
    """Return the status of a solve, why it stopped, and at which limit.

    Parameters
    ----------
    incumbent : Incumbent
        It has a solution.
    is_exhausted : bool
        Whether the exact model was solved to its end.
    limit : str, optional
        Which limit a stage ran into, other than time.
    """
    clock = incumbent.clock
    if incumbent.is_good_enough:
        return "optimal", "gap", None
    if is_exhausted and _is_proven(incumbent):
        return "optimal", "exhausted", None
    if clock.has_failed:
        return "feasible", "limit", "failure"
    if clock.interrupted:
        return "feasible", "limit", "interrupt"
    if clock.left <= 0.0:
        return "feasible", "limit", "time"
    if limit is not None:
        return "feasible", "limit", limit
    return "feasible", "exhausted", None


def _is_proven(incumbent: Incumbent) -> bool:
    """Whether cost and bound are as close to each other as a solver's tolerance allows."""
    gap, gap_usd = incumbent.gap, incumbent.gap_usd
    return gap_usd is not None and (gap_usd <= PROVEN_USD if gap is None else gap <= PROVEN)
