"""The planner's own rules, linear in what is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pyomo.environ import inequality

from siteopt.milp.model import linear

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_linear_rules(model: SitingModel, instance: Instance) -> None:
    r"""Apply each of the planner's own rules to the options that stand.

    .. math:: \underline r_g \le \sum_{o} c_{go}\, y_o \le \overline r_g \qquad \forall g

    Both sides in the unit of the rule, such as sites; a side without a limit is left out. The dual is what one unit
    more or less is worth, USD.
    """
    rules, weights = instance.linear_rules, instance.linear_rules.weights

    def row(g: int) -> Any:
        entries = slice(weights.indptr[g], weights.indptr[g + 1])
        counted = [model.build[o] for o in weights.indices[entries].tolist()]
        # A rule over nothing that may be built still has to hold: 0 times any variable.
        body = linear([*weights.data[entries].tolist(), 0.0], [*counted, model.unserved[0]])
        lower, upper = float(rules.lower[g]), float(rules.upper[g])
        if lower == upper:
            return body == upper
        if np.isinf(lower):
            return body <= upper
        return body >= lower if np.isinf(upper) else inequality(lower, body, upper)

    if len(rules):
        model.add_rows("linear_rules", list(rules.id), map(row, range(len(rules))))
