"""Capital and the number of new sites are limited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.milp.model import linear, total

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_budget(model: SitingModel, instance: Instance) -> None:
    r"""Capital newly spent stays within the budget, new sites within their number.

    .. math::
        \sum_{jd} \big(F_{jd}\, y_{jd} + M_d (z_{jd} - z^0_{jd})\big) + \sum_p a_p n_p &\le B \\
        \sum_{j\ \mathrm{new}} \sum_d y_{jd} &\le S

    Left: millions of USD, with :math:`F` land, connection and facility, :math:`M` a module, :math:`a` a replica and
    :math:`z^0` the modules that stand already; the dual is what one more dollar of budget saves. Right: sites; the
    dual is the worth of one more site, USD. A row is left out where there is no limit.
    """
    options, pools = instance.options, instance.pools
    million = 1e-6  # keeps the row's coefficients near those of the others
    if np.isfinite(instance.budget_usd):
        sunk = float(options.module_usd @ options.sunk_modules)
        coefficients = np.concatenate(
            [options.fixed_capex_usd, options.module_usd, instance.variants.usd[pools.variant]]
        )
        terms = [*model.build, *model.modules, *model.replicas]
        capex = linear((coefficients * million).tolist(), terms)
        model.add_rows("budget", ["capex"], [capex <= (instance.budget_usd + sunk) * million])
    new = np.flatnonzero(instance.sites.is_existing[options.site] == 0).tolist()
    if instance.max_sites < len(set(options.site[new].tolist())):
        count = total([model.build[o] for o in new])
        model.add_rows("site_count", ["new"], [count <= float(instance.max_sites)])
