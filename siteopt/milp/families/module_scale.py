"""Modules that become cheaper with their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyomo.environ as pyo

from siteopt.milp.model import linear, negative, total

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.instance import Instance, Solution
    from siteopt.milp.layout import Layout
    from siteopt.milp.model import SitingModel


def add_module_scale(model: SitingModel, instance: Instance) -> None:
    r"""Add a binary for each number of modules, where their capital is not proportional to it.

    .. math:: \sum_{m = \underline z_o}^{\bar z_o} q_{om} = y_o, \qquad \sum_m m\, q_{om} = z_o
        \qquad \forall o : \text{the design's scale exponent is below 1}

    Binaries on the left, modules on the right. The capital of m modules is the coefficient of :math:`q_{om}` in
    objective and budget, so that the expansion is exact; it is concave in m, and the relaxation takes the chord from
    the fewest to the most. The dual of the right row is what one module costs at the margin, USD.
    """
    counts, names = model.layout.counts, model.names["option"]
    if not counts:
        return
    model.pyomo.module_count = pyo.Var([f"{names[o]}/{m}" for o, m in counts], domain=pyo.Binary)
    model.counts = list(model.pyomo.module_count.values())
    of_option: dict[int, list[tuple[int, pyo.Var]]] = {}
    for (o, m), variable in zip(counts, model.counts, strict=True):
        of_option.setdefault(o, []).append((m, variable))
    label = [names[o] for o in of_option]
    model.add_rows(
        "module_count_one",
        label,
        (total([*(v for _, v in rows), *negative([model.build[o]])]) == 0.0 for o, rows in of_option.items()),
    )
    model.add_rows(
        "module_count_sum",
        label,
        (
            linear([*(float(m) for m, _ in rows), -1.0], [*(v for _, v in rows), model.modules[o]]) == 0.0
            for o, rows in of_option.items()
        ),
    )


def columns(_instance: Instance, layout: Layout) -> dict[str, int]:
    """Return how many columns the family declares, by name."""
    return {"module_count": len(layout.counts)}


def warm_start(instance: Instance, solution: Solution, layout: Layout) -> dict[str, Floats]:
    """Return the values of the family's columns in a solution: 1 for the number of modules at the chosen option."""
    site = instance.options.site
    chosen = [solution.option[site[o]] == o and solution.modules[site[o]] == n for o, n in layout.counts]
    return {"module_count": np.array(chosen, dtype=np.float64)}
