"""A pool's replicas carry its load within the wait that the SLO leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt.milp.choice import Choice, add_choice, choice_columns, choice_warm_start, tightest_slack_tiers
from siteopt.milp.model import linear, total

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.instance import Instance, Solution
    from siteopt.milp.layout import Layout
    from siteopt.milp.model import SitingModel


def add_tail(model: SitingModel, instance: Instance) -> None:
    r"""Limit the load of a pool to :math:`A_t(n)`, the load that n replicas carry within slack tier t.

    :math:`A` is convex in n: the economy of pooling. It is replaced on segments of n by straight lines, above it
    (outer) or below it (inner); an open pool chooses one segment s of one slack tier t, by a binary :math:`z`.

    .. math::
        \sum_{ts} z_{pts} &= v_p, \qquad n_p = \sum_{ts} n_{pts}, \qquad
            \underline n_{ts} z_{pts} \le n_{pts} \le \overline n_{ts} z_{pts} \\
        \sum_{a \in A(p)} \lambda_{i(a)} x_a &\le \sum_{ts} (\alpha_{ts} n_{pts} + \beta_{ts} z_{pts}) \\
        x_a &\le \sum_{t \le t(a)} \sum_s z_{pts} \qquad \forall a \in A(p)

    Loads are divided by what one replica may carry, so that both sides count replicas. An arc may be used
    only in slack tiers at least as tight as its own. The dual of the load row is the cost of one more replica's worth
    of load, USD.
    """
    if not model.layout.tail:
        return
    choice = add_choice(model, "tail", model.layout.tail)
    _add_loads(model, instance, choice)
    _add_access(model, instance, choice)


def _add_loads(model: SitingModel, instance: Instance, choice: Choice) -> None:
    arcs, pools = instance.arcs, instance.pools
    usable = instance.variants.usable_rps[pools.variant]
    load = (instance.demands.peak_rps[arcs.demand] / usable[arcs.pool]).tolist()

    def row(p: int) -> Any:
        used = pools.arc[pools.arc_ptr[p] : pools.arc_ptr[p + 1]].tolist()
        coefficients, terms = choice.carried(p, float(usable[p]))
        return (
            linear([*(load[a] for a in used), *coefficients], [*(model.share[a] for a in used), *terms])
            <= 0.0
        )

    model.add_rows("tail_load", [model.names["pool"][p] for p in choice.rows], map(row, choice.rows))


def _add_access(model: SitingModel, instance: Instance, choice: Choice) -> None:
    arcs = instance.arcs
    reached = np.flatnonzero(np.isin(arcs.pool, list(choice.rows)))
    ends = np.stack([arcs.pool[reached], arcs.slack_tier[reached]], axis=1).tolist()
    # The terms of a pool and slack tier are the same objects in all of their rows.
    admits = {(p, t): choice.admitting(p, t) for p, t in map(tuple, ends)}
    shares = [model.share[a] for a in reached.tolist()]
    model.add_rows(
        "tail_access",
        [model.names["arc"][a] for a in reached.tolist()],
        (total([x, *admits[p, t]]) <= 0.0 for x, (p, t) in zip(shares, ends, strict=True)),
    )


def columns(_instance: Instance, layout: Layout) -> dict[str, int]:
    """Return how many columns the family declares, by name."""
    return choice_columns("tail", layout.tail)


def warm_start(instance: Instance, solution: Solution, layout: Layout) -> dict[str, Floats]:
    """Return the values of the family's columns in a solution: a pool is in the slack tier of its tightest flow."""
    tightest = tightest_slack_tiers(instance, instance.arcs.pool, instance.arcs.slack_tier, solution.share)
    return choice_warm_start("tail", layout.tail, tightest, solution.replicas)
