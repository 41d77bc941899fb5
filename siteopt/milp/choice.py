"""The choice of one segment of one slack tier for each pool; its number of replicas lies in that segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo

from siteopt.milp.model import linear, negative, total

if TYPE_CHECKING:
    from pyomo.core.expr.numeric_expr import MonomialTermExpression

    from siteopt.arrays import Floats, Indices, Rows
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel
    from siteopt.milp.segments import Segment


@dataclass(frozen=True, slots=True)
class Choice:
    """Segments of pools, and their variables in the same order.

    Attributes
    ----------
    rows : dict of int to list of Segment
    chosen : binaries
    replicas : replicas of the pool if it is in the segment, else 0
    """

    rows: dict[int, list[Segment]]
    chosen: dict[int, list[Any]]
    replicas: dict[int, list[Any]]

    def admitting(self, pool: int, slack_tier: int) -> list[MonomialTermExpression]:
        """Return ``-1 x`` the binaries of the pool's segments whose slack tiers are at least as tight."""
        pairs = zip(self.rows[pool], self.chosen[pool], strict=True)
        return negative(v for segment, v in pairs if segment.slack_tier <= slack_tier)

    def carried(self, pool: int, usable_rps: float) -> tuple[list[float], list[Any]]:
        """Return coefficients and variables of *minus* what the chosen segment carries, in replicas at the cap."""
        rows = self.rows[pool]
        slopes = [-s.slope / usable_rps for s in rows]
        return slopes + [-s.intercept / usable_rps for s in rows], self.replicas[pool] + self.chosen[pool]


def add_choice(model: SitingModel, name: str, rows: dict[int, list[Segment]]) -> Choice:
    r"""Declare the variables of a choice and tie them to pool and replicas.

    .. math::
        \sum_{s} z_{ps} = v_p, \qquad n_p = \sum_{s} n_{ps}, \qquad
            \underline n_{s} z_{ps} \le n_{ps} \le \overline n_{s} z_{ps}

    Binaries on the left, replicas on the right; :math:`v` says whether the pool is open.
    """
    pools, m = list(rows), model.pyomo
    label = [model.names["pool"][p] for p in pools]
    names = [f"{model.names['pool'][p]}/{n}" for p in pools for n in range(len(rows[p]))]
    setattr(m, f"{name}_segment", pyo.Var(names, domain=pyo.Binary))
    setattr(m, f"{name}_segment_replicas", pyo.Var(names, domain=pyo.NonNegativeReals))
    chosen = iter(getattr(m, f"{name}_segment").values())
    counted = iter(getattr(m, f"{name}_segment_replicas").values())
    z = {p: [next(chosen) for _ in rows[p]] for p in pools}
    n = {p: [next(counted) for _ in rows[p]] for p in pools}
    every = [(s, a, b) for p in pools for s, a, b in zip(rows[p], z[p], n[p], strict=True)]
    model.add_rows(
        f"{name}_choice", label, (total([*z[p], *negative([model.pool[p]])]) == 0.0 for p in pools)
    )
    model.add_rows(
        f"{name}_replicas", label, (total([model.replicas[p], *negative(n[p])]) == 0.0 for p in pools)
    )
    model.add_rows(
        f"{name}_least", names, (linear([float(s.first), -1.0], [a, b]) <= 0.0 for s, a, b in every)
    )
    model.add_rows(f"{name}_most", names, (linear([-float(s.last), 1.0], [a, b]) <= 0.0 for s, a, b in every))
    return Choice(rows, z, n)


def choice_columns(name: str, rows: dict[int, list[Segment]]) -> dict[str, int]:
    """Return how many columns of each name :func:`add_choice` declares, in its order."""
    count = sum(map(len, rows.values()))
    return {f"{name}_segment": count, f"{name}_segment_replicas": count}


def choice_warm_start(
    name: str, rows: dict[int, list[Segment]], tightest: Indices, replicas: Indices
) -> dict[str, Floats]:
    """Return each pool's segment and its replicas: in the slack tier of the tightest flow, the segment that holds n.

    A standby pool has no flow of its own; any slack tier will do, and the loosest one is taken.
    """
    chosen: list[float] = []
    counted: list[float] = []
    for p, segments in rows.items():
        n, slack_tier = int(replicas[p]), min(int(tightest[p]), segments[-1].slack_tier)
        here = [s.slack_tier == slack_tier and s.first <= n <= s.last for s in segments]
        chosen += [float(h) for h in here]
        counted += [float(n) if h else 0.0 for h in here]
    return {f"{name}_segment": np.array(chosen), f"{name}_segment_replicas": np.array(counted)}


def tightest_slack_tiers(instance: Instance, pool: Rows, slack_tier: Indices, share: Floats) -> Indices:
    """Return the tightest slack tier among each pool's flows with a share; a very large one where there are none."""
    result = np.full(len(instance.pools.site), np.iinfo(np.int32).max, dtype=np.int32)
    flowing = share > 0.0
    np.minimum.at(result, pool[flowing], slack_tier[flowing])
    return result
