"""DC power flow, and how much new load a grid takes: at one bus, and at a group of buses at once.

The method is the usual screening one. A new load at bus ``c`` is balanced by generators in fixed shares
``s``, so the flow on a branch changes by ``PTDF @ s - PTDF[:, c]`` per MW. The bus takes load until the
first branch reaches ``ALPHA`` of its rating; what is left of the rating stands in for the outage of a branch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA = 0.7
"""Share of a rating that the intact grid may use; the rest covers the loss of one circuit."""
THRESHOLD = 0.05
"""A branch on which less than this share of the new load flows does not limit it."""
BASE_MVA = 100.0


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid in one piece.

    Attributes
    ----------
    sending, receiving : ndarray of int64, shape (n_branch,)
        Bus at either end.
    reactance_pu : ndarray of float64, shape (n_branch,)
        On ``BASE_MVA``, above zero.
    rating_mw : ndarray of float64, shape (n_branch,)
    injections_mw : tuple of ndarray of float64, shape (n_bus,)
        Generation less load by bus, one array for each operating case; each sums to zero.
    balancing : ndarray of float64, shape (n_bus,)
        Shares in which generators pick up new load; sums to 1.
    """

    sending: NDArray[np.int64]
    receiving: NDArray[np.int64]
    reactance_pu: NDArray[np.float64]
    rating_mw: NDArray[np.float64]
    injections_mw: tuple[NDArray[np.float64], ...]
    balancing: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Screening:
    """What limits new load: one row per branch, direction and operating case.

    Attributes
    ----------
    change : ndarray of float64, shape (n_branch, n_bus)
        Flow on a branch per MW of new load at a bus.
    room_up_mw, room_down_mw : ndarray of float64, shape (n_branch,)
        What the flow may rise or fall by in the tightest case; infinite for a branch that is beyond its limit
        without any new load, in every case where it is.
    """

    change: NDArray[np.float64]
    room_up_mw: NDArray[np.float64]
    room_down_mw: NDArray[np.float64]


def ptdf(grid: Grid) -> NDArray[np.float64]:
    """Flow on each branch per MW injected at each bus and taken out at bus 0, shape (n_branch, n_bus)."""
    n_branch, n_bus = len(grid.sending), len(grid.balancing)
    # The floor is relative: an absolute one corrupts flows where the base is small.
    reactance = np.maximum(grid.reactance_pu, 1e-4 * np.median(grid.reactance_pu))
    incidence = np.zeros((n_branch, n_bus))
    incidence[np.arange(n_branch), grid.sending] = 1.0
    incidence[np.arange(n_branch), grid.receiving] -= 1.0
    susceptance = incidence / reactance[:, None]
    factors = np.zeros((n_branch, n_bus))
    factors[:, 1:] = np.linalg.solve((incidence.T @ susceptance)[1:, 1:], susceptance[:, 1:].T).T
    return factors


def screen(grid: Grid) -> Screening:
    """Limits on new load from every branch and operating case."""
    factors = ptdf(grid)
    room_up = np.full(len(grid.rating_mw), np.inf)
    room_down = np.full(len(grid.rating_mw), np.inf)
    limit = ALPHA * grid.rating_mw
    for injection in grid.injections_mw:
        flow = factors @ injection
        sound = np.abs(flow) <= limit
        room_up = np.where(sound, np.minimum(room_up, limit - flow), room_up)
        room_down = np.where(sound, np.minimum(room_down, limit + flow), room_down)
    return Screening((factors @ grid.balancing)[:, None] - factors, room_up, room_down)


def headroom_mw(screening: Screening) -> NDArray[np.float64]:
    """New load that each bus takes if it is the only new one, MW, shape (n_bus,)."""
    change = screening.change
    room = np.where(change > 0, screening.room_up_mw[:, None], screening.room_down_mw[:, None])
    with np.errstate(divide="ignore"):
        most = np.where(np.abs(change) > THRESHOLD, room / np.abs(change), np.inf)
    return np.asarray(most.min(axis=0))


def group_limit_mw(
    screening: Screening, buses: NDArray[np.int64], most_mw: NDArray[np.float64]
) -> tuple[float, float]:
    """New load that a group of buses takes at once: at best, and when all buses rise in proportion.

    Parameters
    ----------
    screening : Screening
    buses : ndarray of int64, shape (n,)
    most_mw : ndarray of float64, shape (n,)
        Headroom of each bus alone.

    Returns
    -------
    best, proportional : float
        The optimum of the linear programme over all patterns, and the total at which the first branch is
        full when every bus draws in proportion to its headroom, MW.
    """
    change = screening.change[:, buses]
    limiting = np.abs(change).max(axis=1) > THRESHOLD
    rows = np.vstack((change[limiting], -change[limiting]))
    room = np.concatenate((screening.room_up_mw[limiting], screening.room_down_mw[limiting]))
    finite = np.isfinite(room)
    rows, room = rows[finite], room[finite]
    result = linprog(-np.ones(len(buses)), A_ub=rows, b_ub=room, bounds=[(0.0, float(m)) for m in most_mw])
    if not result.success:
        raise RuntimeError(f"the limit of a group of buses has no optimum: {result.message}")
    rise = rows @ most_mw
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(rise > 0, room / rise, np.inf).min(initial=1.0)
    return float(-result.fun), float(min(share, 1.0) * most_mw.sum())
