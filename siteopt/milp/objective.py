"""The objective: net present cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression

from siteopt.milp.capital import module_capital

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel

USD_PER_UNIT = 1e6
"""The objective is in millions of USD: solver tolerances are absolute and meant for numbers of that size."""


def add_cost(model: SitingModel, instance: Instance) -> None:
    r"""Minimise the net present cost.

    .. math::
        \min \sum_{o} \big(F_o y_o + L_o\, M_o(z_o)\big) + \sum_p (a_p n_p + R_p v_p)
        + \sum_{o} \mathrm{PUE}_o \big((D_j + K_j) e_o + (E_j + C_j) \bar e_o\big)
        + \sum_a t_a x_a + \sum_i U_i u_i

    In millions of USD, present value: fixed cost :math:`F` of an option (land, connection, facility, staff), capital
    :math:`M` of its modules beyond the existing ones, times :math:`L` for refresh and salvage, accelerators :math:`a`,
    copies of data :math:`R`, demand charges :math:`D`, charges at the grid's own peak :math:`K`, energy :math:`E`,
    carbon :math:`C`, traffic less revenue :math:`t`, and the penalty :math:`U` for unserved demand.
    """
    sites, options, pools, layout = instance.sites, instance.options, instance.pools, model.layout
    site, life = options.site, instance.life_factor
    capital = module_capital(instance, layout.counts)
    unserved = np.where(np.isinf(instance.demands.unserved_usd), 0.0, instance.demands.unserved_usd)
    terms = [
        (options.fixed_usd + life * capital.sunk, model.build),
        (life * capital.each, model.modules),
        (instance.variants.usd[pools.variant], model.replicas),
        (options.pue * (sites.demand_usd_per_mw + sites.coincident_usd_per_mw)[site], model.it_mw),
        (options.pue * (sites.energy_usd_per_mw + sites.carbon_usd_per_mw)[site], model.mean_mw),
        (instance.arcs.usd, model.share),
        (unserved, model.unserved),
    ]
    if model.pool:
        terms.append((pools.fixed_usd[list(model.pool)], list(model.pool.values())))
    if model.counts:
        of_count = life[[o for o, _ in layout.counts]]
        terms.append((of_count * capital.whole, model.counts))
    expression = LinearExpression(
        constant=0.0,
        linear_coefs=(np.concatenate([c for c, _ in terms]) / USD_PER_UNIT).tolist(),
        linear_vars=[v for _, variables in terms for v in variables],
    )
    model.pyomo.cost = pyo.Objective(expr=expression, sense=pyo.minimize)
