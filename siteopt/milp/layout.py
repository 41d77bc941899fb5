"""Columns that only some pools, options and demands need, in the order in which the families declare them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.milp.moves import MoveTable, move_table
from siteopt.milp.segments import Bracket, Segment, pool_segments, reserve_segments

if TYPE_CHECKING:
    from siteopt.arrays import Masks
    from siteopt.instance import Instance


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What a model has columns for in addition to every option, pool, arc and demand.

    Attributes
    ----------
    bracket : {"outer", "inner"}
        How straight lines replace tails: "outer" for a bound, "inner" for plans that are always feasible.
    pools : list of int
        Pools with a binary that says whether they are open.
    tail : dict of int to list of Segment
        Segments of each pool that is sized by its tail.
    counts : list of (int, int)
        Option and number of modules, where modules do not all cost the same.
    moves : MoveTable
        Moves after the loss of a site.
    receivers : list of int
        Pools that moves lead to.
    reserve : dict of int to list of Segment
        Segments of the degraded tail of each receiver that has one.
    """

    bracket: Bracket
    pools: list[int]
    tail: dict[int, list[Segment]]
    counts: list[tuple[int, int]]
    moves: MoveTable
    receivers: list[int]
    reserve: dict[int, list[Segment]]


def layout_of(instance: Instance, bracket: Bracket = "outer", segments: int = 13) -> Layout:
    """Build the layout of an instance's model; ``segments`` limits the segments of each tail and slack tier."""
    moves = move_table(instance)
    receivers = np.unique(moves.pair_pool).tolist()
    reserve = reserve_segments(instance, bracket, segments)
    return Layout(
        bracket=bracket,
        pools=np.flatnonzero(_needs_binary(instance)).tolist(),
        tail=pool_segments(instance, bracket, segments),
        counts=_module_counts(instance),
        moves=moves,
        receivers=receivers,
        reserve={p: reserve[p] for p in receivers if p in reserve},
    )


def holds_copy(instance: Instance) -> Masks:
    """Whether each pool needs a copy of its data that costs money or traffic, shape (n_pool,)."""
    pools = instance.pools
    return (pools.fixed_usd > 0.0) | ((pools.sync_gbps > 0.0) & (pools.home_route >= 0))


def is_choosy(instance: Instance) -> Masks:
    """Whether some option of each pool's site cannot house its variant, shape (n_pool,)."""
    options, pools = instance.options, instance.pools
    admits = np.zeros((len(instance.sites.id), instance.designs.admits.shape[1]), dtype=np.int64)
    np.add.at(admits, options.site, instance.designs.admits[options.design])
    every = np.diff(instance.sites.option_ptr)
    return np.asarray(admits[pools.site, pools.variant] < every[pools.site])


def _needs_binary(instance: Instance) -> Masks:
    """Whether each pool has a rival, a tail, a copy, a choice of racks, or a part in survival, shape (n_pool,)."""
    variant = instance.pools.variant
    first, last = instance.rivals
    has_tail = np.diff(instance.variants.slack_tier_ptr)[variant] > 0
    is_protected = instance.variants.is_protected[variant] == 1
    needed: Masks = (last - first > 1) | has_tail | is_protected
    return needed | holds_copy(instance) | is_choosy(instance)


def _module_counts(instance: Instance) -> list[tuple[int, int]]:
    options = instance.options
    crooked = np.flatnonzero(instance.designs.is_linear[options.design] == 0).tolist()
    return [(o, n) for o in crooked for n in range(options.min_modules[o], int(options.max_modules[o]) + 1)]
