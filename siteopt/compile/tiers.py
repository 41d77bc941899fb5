"""Slack tiers: for each variant with a tail, how much n replicas carry, by how far away their users are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.instance import Tiers, pointer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siteopt.compile.variants import Room, Variant
    from siteopt.scenario.schema import Scenario

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int32]

#: Tiers per variant. More of them cost little, but each multiplies the binaries of the exact model.
MOST_TIERS = 4
#: Entries of a table at most; beyond its end the last step is carried on, which convexity makes safe.
LARGEST_TABLE = 20_000
LARGEST_SERVERS = 100_000


def build_tiers(
    scenario: Scenario,
    variants: tuple[Variant, ...],
    arc_variant: Indices,
    arc_rtt_ms: Floats,
    peak_rps: Floats,
    *,
    degraded: bool = False,
) -> tuple[Tiers, Indices, Indices]:
    """Tiers of all variants and the tier of each arc; the ``degraded`` ones hold after the failure of a site.

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
    tiers : Tiers
    tier_ptr : ndarray of int32, shape (n_variant + 1,)
    arc_tier : ndarray of int32, shape (n_arc,)
        -1 where the variant has no tail.
    """
    arc_tier = np.full(len(arc_variant), -1, dtype=np.int32)
    owner: list[int] = []
    edges: list[tuple[float, float]] = []
    inner: list[Floats] = []
    outer: list[Floats] = []
    for v, variant in enumerate(variants):
        arcs = np.flatnonzero(arc_variant == v)
        if variant.queue is None or not len(arcs):
            continue
        workload = scenario.workloads[variant.workload]
        rooms, burst, cap = (
            variant.rooms(workload, degraded=degraded),
            workload.burst_factor,
            scenario.policy.utilisation_cap,
        )
        bounds = _upper_edges(arc_rtt_ms[arcs])
        place = np.searchsorted(bounds, arc_rtt_ms[arcs], side="left")
        arc_tier[arcs] = len(owner) + (len(bounds) - 1 - place)  # the longest round trip is the tightest tier
        for t in reversed(range(len(bounds))):
            longest, shortest = float(bounds[t]), float(arc_rtt_ms[arcs][place == t].min())
            need = peak_rps[variant.workload] * burst
            inner.append(_carried(variant, rooms, longest, need, cap * burst) / burst)
            outer.append(_carried(variant, rooms, shortest, need, cap * burst) / burst)
            owner.append(v)
            edges.append((longest, shortest))
    # Both tables of a tier have one length: the shorter one is carried on at its last step, or at saturation.
    for t, v in enumerate(owner):
        inner[t], outer[t] = _of_one_length(inner[t], outer[t], variants[v].rps)
    tiers = Tiers(
        variant=np.array(owner, dtype=np.int32),
        longest_rtt_ms=np.array([e[0] for e in edges]),
        shortest_rtt_ms=np.array([e[1] for e in edges]),
        table_ptr=np.concatenate(([0], np.cumsum([len(a) for a in inner]))).astype(np.int32),
        inner_rps=np.concatenate([*inner, np.zeros(0)]),
        outer_rps=np.concatenate([*outer, np.zeros(0)]),
    )
    return tiers, pointer(tiers.variant, len(variants)), arc_tier


def _upper_edges(rtt_ms: Floats) -> Floats:
    """Longest round trips of up to ``MOST_TIERS`` tiers, rising: all there are, or with about as many arcs each."""
    distinct = np.unique(rtt_ms)
    if len(distinct) <= MOST_TIERS:
        return distinct
    levels = np.linspace(0.0, 1.0, MOST_TIERS + 1)[1:]
    return np.unique(np.quantile(rtt_ms, levels, method="higher"))


def _carried(variant: Variant, rooms: tuple[Room, ...], rtt_ms: float, need_rps: float, cap: float) -> Floats:
    """Calls per second that n = 0, 1, ... replicas carry within every SLO.

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
