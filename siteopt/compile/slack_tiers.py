"""Slack tiers: for each variant with a tail, how much n replicas carry, by how far away their users are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from siteopt.instance import SlackTiers, pointer

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices
    from siteopt.compile.variants import Room, Variant
    from siteopt.scenario.schema import Scenario

#: Slack tiers per variant. More of them cost little, but each multiplies the binaries of the exact model.
MOST_SLACK_TIERS = 4
#: Most entries of a table; beyond its end the last step is repeated, which convexity makes safe.
LARGEST_TABLE = 20_000
LARGEST_SERVERS = 100_000


def build_slack_tiers(
    scenario: Scenario,
    variants: tuple[Variant, ...],
    arc_variant: Indices,
    arc_rtt_ms: Floats,
    peak_rps: Floats,
    *,
    degraded: bool = False,
) -> tuple[SlackTiers, Indices, Indices]:
    """Build the slack tiers of all variants, and find that of each arc; after the loss of a site if ``degraded``.

    Parameters
    ----------
    scenario : Scenario
    variants : tuple of Variant
    arc_variant : ndarray of int32, shape (n_arc,)
    arc_rtt_ms : ndarray of float64, shape (n_arc,)
    peak_rps : ndarray of float64, shape (n_workload,)
        Calls per second of all demand of each workload: no pool carries more.

    Returns
    -------
    slack_tiers : SlackTiers
    slack_tier_ptr : ndarray of int32, shape (n_variant + 1,)
    arc_slack_tier : ndarray of int32, shape (n_arc,)
        -1 where the variant has no tail.
    """
    arc_slack_tier = np.full(len(arc_variant), -1, dtype=np.int32)
    rows: list[_Row] = []
    for v, variant in enumerate(variants):
        arcs = np.flatnonzero(arc_variant == v)
        if variant.queue is None or not len(arcs):
            continue
        rtt_ms = arc_rtt_ms[arcs]
        bounds = _upper_edges(rtt_ms)
        place = np.searchsorted(bounds, rtt_ms, side="left")
        arc_slack_tier[arcs] = len(rows) + (
            len(bounds) - 1 - place
        )  # the longest round trip is the tightest slack tier
        workload = scenario.workloads[variant.workload]
        rooms, cap = variant.rooms(workload, degraded=degraded), scenario.policy.utilisation_cap
        for t in reversed(range(len(bounds))):
            ends = float(bounds[t]), float(rtt_ms[place == t].min())
            tables = _tables(variant, rooms, ends, peak_rps[variant.workload], cap, workload.burst_factor)
            rows.append(_Row(v, *ends, *tables))
    slack_tiers = SlackTiers(
        variant=np.array([r.variant for r in rows], dtype=np.int32),
        longest_rtt_ms=np.array([r.longest_ms for r in rows]),
        shortest_rtt_ms=np.array([r.shortest_ms for r in rows]),
        table_ptr=np.concatenate(([0], np.cumsum([len(r.inner_rps) for r in rows]))).astype(np.int32),
        inner_rps=np.concatenate([*(r.inner_rps for r in rows), np.zeros(0)]),
        outer_rps=np.concatenate([*(r.outer_rps for r in rows), np.zeros(0)]),
    )
    return slack_tiers, pointer(slack_tiers.variant, len(variants)), arc_slack_tier


class _Row(NamedTuple):
    """One slack tier before it is an array."""

    variant: int
    longest_ms: float
    shortest_ms: float
    inner_rps: Floats
    outer_rps: Floats


def _tables(
    variant: Variant,
    rooms: tuple[Room, ...],
    ends_ms: tuple[float, float],
    peak_rps: float,
    cap: float,
    burst: float,
) -> tuple[Floats, Floats]:
    """Return what replicas carry at the longest and the shortest round trip of a slack tier, in tables of one length.

    The shorter one is continued by its last step, or by saturation.
    """
    inner, outer = (carried_rps(variant, rooms, ms, peak_rps * burst, cap * burst) / burst for ms in ends_ms)
    return _of_one_length(inner, outer, variant.rps)


def _upper_edges(rtt_ms: Floats) -> Floats:
    """Return the longest round trip of each slack tier, rising: all there are, or quantiles where they are too many."""
    distinct = np.unique(rtt_ms)
    if len(distinct) <= MOST_SLACK_TIERS:
        return distinct
    levels = np.linspace(0.0, 1.0, MOST_SLACK_TIERS + 1)[1:]
    return np.unique(np.quantile(rtt_ms, levels, method="higher"))


def carried_rps(
    variant: Variant, rooms: tuple[Room, ...], rtt_ms: float, need_rps: float, cap: float
) -> Floats:
    """Return the calls per second that n = 0, 1, ... replicas carry within every SLO.

    The table ends where it is no longer needed: carried load per replica rises with their number, so that once it
    exceeds the utilisation cap the cap alone decides; and no pool carries more than all demand.
    """
    queue = variant.queue
    assert queue is not None
    pairs = [(max(0.0, room.ms - rtt_ms), room.percentile) for room in rooms]
    largest, n_max = min(LARGEST_TABLE, LARGEST_SERVERS // queue.slots), 4
    while True:
        n_max = min(n_max, largest)
        carried: Floats = np.minimum.reduce([queue.carried_rps(n_max, slack, p) for slack, p in pairs])
        done = (carried[1:] >= cap * variant.rps * np.arange(1, n_max + 1)) | (carried[1:] >= need_rps)
        if done.any():
            return carried[: int(np.argmax(done)) + 2]
        if n_max == largest:
            return carried
        n_max *= 8


def _of_one_length(inner: Floats, outer: Floats, rps: float) -> tuple[Floats, Floats]:
    n = max(len(inner), len(outer))
    more = np.arange(1, n - len(inner) + 1)
    inner = np.concatenate([inner, inner[-1] + more * (inner[-1] - inner[-2])])
    beyond = np.arange(len(outer), n) * rps
    return inner, np.concatenate([outer, beyond])
