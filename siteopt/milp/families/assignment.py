"""Every demand is served somewhere, or counted as unserved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyomo.environ as pyo

from siteopt.milp.model import total

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_assignment(model: SitingModel, instance: Instance) -> None:
    r"""Require that the shares of a demand and its unserved part sum to one.

    .. math:: \sum_{a \in A(i)} x_a + u_i = 1 \qquad \forall i

    Both sides are shares of the demand (dimensionless). :math:`u_i = 0` where the workload names no penalty, and
    :math:`u_i` is binary where the demand may not be split. The dual is the cost of serving the whole demand at
    the margin, USD.
    """
    demands = instance.demands
    for i in np.flatnonzero(np.isinf(demands.unserved_usd)):
        model.unserved[i].fix(0.0)
    for i in np.flatnonzero(np.isfinite(demands.unserved_usd) & (demands.is_splittable == 0)):
        model.unserved[i].domain = pyo.Binary
    ptr = demands.arc_ptr.tolist()
    served = ([*model.share[ptr[i] : ptr[i + 1]], u] for i, u in enumerate(model.unserved))
    model.add_rows("assignment", model.names["demand"], (total(v) == 1.0 for v in served))
