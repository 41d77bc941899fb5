"""Net present cost, the objective."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel

USD_PER_UNIT = 1e6
"""The objective is in millions of USD: solver tolerances are absolute and meant for numbers of that size."""


def add_cost(model: SitingModel, instance: Instance) -> None:
    r"""Minimise the net present cost.

    .. math::
        \min \sum_{jd} \big(F_{jd} y_{jd} + M_d (z_{jd} - z^0_{jd})\big) + \sum_p a_p n_p
        + \sum_{jd} \mathrm{PUE}_d \big(D_j e_{jd} + (E_j + C_j) \bar e_{jd}\big)
        + \sum_a t_a x_a + \sum_i U_i u_i

    In millions of USD: fixed cost :math:`F` (land, connection, facility, staff), modules :math:`M`, accelerators
    :math:`a`, demand charges :math:`D`, energy :math:`E`, carbon :math:`C`, traffic less revenue :math:`t`, and the
    penalty :math:`U` for unserved demand. Sunk modules enter as a constant.
    """
    sites, options, pools = instance.sites, instance.options, instance.pools
    site = options.site
    unserved = np.where(np.isinf(instance.demands.unserved_usd), 0.0, instance.demands.unserved_usd)
    terms = (
        (options.fixed_usd, model.build),
        (options.module_usd, model.modules),
        (instance.variants.usd[pools.variant], model.replicas),
        (options.pue * sites.demand_usd_per_mw[site], model.it_mw),
        (options.pue * (sites.energy_usd_per_mw + sites.carbon_usd_per_mw)[site], model.mean_mw),
        (instance.arcs.usd, model.share),
        (unserved, model.unserved),
    )
    # An existing option is built whatever the plan, so its sunk modules are a constant.
    sunk = float(options.module_usd @ options.sunk_modules)
    expression = LinearExpression(
        constant=-sunk / USD_PER_UNIT,
        linear_coefs=(np.concatenate([c for c, _ in terms]) / USD_PER_UNIT).tolist(),
        linear_vars=[v for _, variables in terms for v in variables],
    )
    model.pyomo.cost = pyo.Objective(expr=expression, sense=pyo.minimize)
