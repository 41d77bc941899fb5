"""Protected demand survives the loss of any one site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo

from siteopt.milp.choice import Choice, add_choice, choice_columns, choice_warm_start, tightest_slack_tiers
from siteopt.milp.model import linear, negative, total

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.instance import Instance, Solution
    from siteopt.milp.layout import Layout
    from siteopt.milp.model import SitingModel


def add_resilience(model: SitingModel, instance: Instance) -> None:
    r"""Give every pool that takes over from a failed site replicas for its own load and for what moves to it.

    For each protected demand i, each site j that may serve it, and each backup b of i at another site:
    :math:`m_{ijb}`, the share of the demand that moves from j to b when j fails (binary where it may not be split).

    .. math::
        \sum_b m_{ijb} &= \sum_{a \in A(i),\, j(a) = j} x_a &&\forall i,j \quad\text{(survival)} \\
        x_{a(i,p(b))} + \sum_j m_{ijb} &\le v_{p(b)} &&\forall i,\, b \in B(i) \quad\text{(survival\_access)} \\
        q_p &= \sum_{a \in A(p)} \lambda_{i(a)} x_a &&\forall p \quad\text{(own\_load)} \\
        q_p + \sum_{i,\, b \in B(i) : p(b) = p} \lambda_i m_{ijb} &\le \rho_k \mu_k n_p
            &&\forall j,p \quad\text{(reserve)} \\
        q_p + \sum_{i,\, b \in B(i) : p(b) = p} \lambda_i m_{ijb} &\le
            \sum_{ts} (\alpha'_{ts} n'_{pts} + \beta'_{ts} z'_{pts}) &&\forall j,p \quad\text{(reserve\_load)} \\
        x_a &\le \sum_{t \le t'(a)} \sum_s z'_{pts} &&\forall a \in A(p) \quad\text{(reserve\_own)}

    The first two rows are shares: as a demand's shares over all sites sum to at most one, so do its own share of a
    pool and all that may ever move there, which is stronger than a row for each move, and takes fewer rows. Loads are
    divided by what one replica may carry, so that all other rows count replicas. One site fails at a time: every pair
    (j, p) has rows of its own, and all share the replicas :math:`n_p`. The last two rows are for pools sized by their
    tails; primes mark the slack tiers of the degraded SLO, of which a pool chooses a segment independently of that in
    ``tail``. The dual of ``survival`` is what protecting the demand at the site costs at the margin, USD; those of
    ``reserve`` say which failure sizes a pool.
    """
    # The outer model stays a bound. Take any feasible plan; put n' into the slack tier t of the tightest own user
    # of the pool, or into the loosest one there is. If the failure of j moves anything to the pool, all that is in it
    # waits at most as its farthest flow allows, which is at least as far away as the farthest own user; so the load
    # is at most what n replicas carry for that user, which the line of t, made for the shortest round trip of t, does
    # not fall below. If nothing moves, the pool meets the SLO itself, which is no looser than the degraded one. Flows
    # that move need no row of access by slack tier: leaving rows out only relaxes.
    #
    # The inner model stays safe. There each move needs a slack tier that is at least as tight as its own as well (the
    # terms of survival_access), so that the slack tier chosen is no looser than that of any flow in the pool after
    # any failure; its line lies below what n replicas carry at its longest round trip. One slack tier for all
    # failures is stricter than the rule, and is how the search sizes reserve.
    layout = model.layout
    if not len(layout.moves.arc):
        return
    moves = _declare(model, instance)
    choice = add_choice(model, "reserve", layout.reserve) if layout.reserve else Choice({}, {}, {})
    _add_survival(model, instance, moves)
    _add_access(model, instance, choice, moves)
    own = _add_own_load(model, instance)
    _add_loads(model, instance, choice, moves, own)
    _add_own_access(model, instance, choice)


def _declare(model: SitingModel, instance: Instance) -> list[Any]:
    table, pool = model.layout.moves, instance.backups.pool
    group = [
        f"{instance.demands.name[i]}@{instance.sites.id[j]}"
        for i, j in zip(table.demand.tolist(), table.site.tolist(), strict=True)
    ]
    ends = zip(table.group.tolist(), pool[table.backup].tolist(), strict=True)
    names = [f"{group[g]}>{model.names['pool'][p]}" for g, p in ends]
    model.names |= {"group": group, "move": names}
    model.pyomo.move = pyo.Var(names, domain=pyo.UnitInterval)
    moves = list(model.pyomo.move.values())
    for m in np.flatnonzero(instance.demands.is_splittable[table.demand[table.group]] == 0).tolist():
        moves[m].domain = pyo.Binary
    return moves


def _add_survival(model: SitingModel, instance: Instance, moves: list[Any]) -> None:
    """Let all that a site serves find another place; nothing may be served where there is none."""
    table = model.layout.moves
    leaving: list[list[Any]] = [[] for _ in table.demand]
    for a, g in zip(table.arc.tolist(), table.arc_group.tolist(), strict=True):
        leaving[g].append(model.share[a])
    ends = np.searchsorted(table.group, np.arange(len(leaving) + 1)).tolist()
    model.add_rows(
        "survival",
        model.names["group"],
        (
            total([*moves[ends[g] : ends[g + 1]], *negative(shares)]) == 0.0
            for g, shares in enumerate(leaving)
        ),
    )


def _add_access(model: SitingModel, instance: Instance, choice: Choice, moves: list[Any]) -> None:
    """Let demand use or move to a pool only if it is open and, in the inner model, its slack tier tight enough."""
    backups, arcs, table = instance.backups, instance.arcs, model.layout.moves
    by_slack_tier = model.layout.bracket == "inner"
    own = dict(zip(zip(arcs.demand.tolist(), arcs.pool.tolist(), strict=True), model.share, strict=True))
    arriving: dict[int, list[Any]] = {}
    for b, move in zip(table.backup.tolist(), moves, strict=True):
        arriving.setdefault(b, []).append(move)
    ends = {b: (int(backups.demand[b]), int(backups.pool[b])) for b in sorted(arriving)}

    def row(b: int, i: int, p: int) -> Any:
        shares = [own[i, p]] if (i, p) in own else []
        tight = by_slack_tier and p in choice.rows
        admits = choice.admitting(p, int(backups.slack_tier[b])) if tight else negative([model.pool[p]])
        return total([*arriving[b], *shares, *admits]) <= 0.0

    names = [f"{instance.demands.name[i]}>{model.names['pool'][p]}" for i, p in ends.values()]
    model.add_rows("survival_access", names, (row(b, i, p) for b, (i, p) in ends.items()))


def _add_own_load(model: SitingModel, instance: Instance) -> dict[int, Any]:
    """Declare and return the load without failures of each pool that takes over, in replicas at the cap."""
    pools, arcs = instance.pools, instance.arcs
    usable = instance.variants.usable_rps[pools.variant]
    receivers = model.layout.receivers
    label = [model.names["pool"][p] for p in receivers]
    model.pyomo.own = pyo.Var(label, domain=pyo.NonNegativeReals)
    own = dict(zip(receivers, model.pyomo.own.values(), strict=True))

    def row(p: int) -> Any:
        used = pools.arc[pools.arc_ptr[p] : pools.arc_ptr[p + 1]]
        load = (instance.demands.peak_rps[arcs.demand[used]] / usable[p]).tolist()
        return linear([*load, -1.0], [*(model.share[a] for a in used.tolist()), own[p]]) == 0.0

    model.add_rows("own_load", label, map(row, receivers))
    return own


def _add_loads(
    model: SitingModel, instance: Instance, choice: Choice, moves: list[Any], own: dict[int, Any]
) -> None:
    """Keep each pool's own load and what moves there after each failure within its cap and its tail."""
    table, sites = model.layout.moves, instance.sites.id
    usable = instance.variants.usable_rps[instance.pools.variant]
    demand, pool = table.demand[table.group], table.pair_pool[table.pair]
    load = (instance.demands.peak_rps[demand] / usable[pool]).tolist()
    arriving: list[list[int]] = [[] for _ in table.pair_site]
    for m, pair in enumerate(table.pair.tolist()):
        arriving[pair].append(m)
    pairs = list(zip(table.pair_site.tolist(), table.pair_pool.tolist(), arriving, strict=True))

    def row(p: int, here: list[int], coefficients: list[float], terms: list[Any]) -> Any:
        loads, variables = [load[m] for m in here], [moves[m] for m in here]
        return linear([1.0, *loads, *coefficients], [own[p], *variables, *terms]) <= 0.0

    def label(j: int, p: int) -> str:
        return f"{sites[j]}>{model.names['pool'][p]}"

    model.add_rows(
        "reserve",
        [label(j, p) for j, p, _ in pairs],
        (row(p, here, [-1.0], [model.replicas[p]]) for _, p, here in pairs),
    )
    tailed = [(j, p, here) for j, p, here in pairs if p in choice.rows]
    model.add_rows(
        "reserve_load",
        [label(j, p) for j, p, _ in tailed],
        (row(p, here, *choice.carried(p, float(usable[p]))) for _, p, here in tailed),
    )


def _add_own_access(model: SitingModel, instance: Instance, choice: Choice) -> None:
    """Restrict the degraded slack tier by own users too, except those of the loosest one that a pool may choose."""
    arcs, names = instance.arcs, model.names["arc"]
    loosest = np.full(len(instance.pools.site), -1)
    for p, rows in choice.rows.items():
        loosest[p] = rows[-1].slack_tier
    bound = np.flatnonzero(arcs.degraded_slack_tier < loosest[arcs.pool]).tolist()
    pool, slack_tier = arcs.pool.tolist(), arcs.degraded_slack_tier.tolist()
    admits = {(pool[a], slack_tier[a]): choice.admitting(pool[a], slack_tier[a]) for a in bound}
    model.add_rows(
        "reserve_own",
        [names[a] for a in bound],
        (total([model.share[a], *admits[pool[a], slack_tier[a]]]) <= 0.0 for a in bound),
    )


def columns(_instance: Instance, layout: Layout) -> dict[str, int]:
    """Return how many columns the family declares, by name."""
    reserve = choice_columns("reserve", layout.reserve)
    return {"move": len(layout.moves.group), **reserve, "own": len(layout.receivers)}


def warm_start(instance: Instance, solution: Solution, layout: Layout) -> dict[str, Floats]:
    """Return the values of the family's columns in a solution: moves, segments of degraded tails, own loads."""
    arcs, backups, table = instance.arcs, instance.backups, layout.moves
    moved = table.shares(instance, solution.moves)
    slack_tier = tightest_slack_tiers(instance, arcs.pool, arcs.degraded_slack_tier, solution.share)
    if layout.bracket == "inner":
        arriving = tightest_slack_tiers(
            instance, backups.pool[table.backup], backups.slack_tier[table.backup], moved
        )
        slack_tier = np.minimum(slack_tier, arriving)
    usable = instance.variants.usable_rps[instance.pools.variant]
    own = np.zeros(len(usable))
    np.add.at(own, arcs.pool, solution.share * instance.demands.peak_rps[arcs.demand] / usable[arcs.pool])
    reserve = choice_warm_start("reserve", layout.reserve, slack_tier, solution.replicas)
    return {"move": moved, **reserve, "own": own[layout.receivers]}
