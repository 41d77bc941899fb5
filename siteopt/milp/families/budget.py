"""Capital and the number of new sites are limited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.milp.capital import module_capital
from siteopt.milp.model import linear, total

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_budget(model: SitingModel, instance: Instance) -> None:
    r"""Keep newly spent capital within the budget, and the number of new sites within its limit.

    .. math::
        \sum_{o} \big(F_o y_o + M_o(z_o)\big) + \sum_p a_p n_p &\le B \\
        \sum_{o\ \mathrm{new}} y_o &\le S

    First row: millions of USD at the start, refresh and salvage aside, with :math:`F` land, connection and facility of
    an option, :math:`M` the capital of its modules beyond the existing ones, :math:`a` a replica; the dual is what one
    more dollar of budget saves. Second row: sites; the dual is the worth of one more site, USD. A row is left out
    where there is no limit.
    """
    options, pools = instance.options, instance.pools
    million = 1e-6  # keeps the row's coefficients near those of the others
    if np.isfinite(instance.budget_usd):
        capital = module_capital(instance, model.layout.counts)
        of_counts = capital.whole if model.counts else np.zeros(0)
        coefficients = np.concatenate(
            [
                options.fixed_capex_usd + capital.sunk,
                capital.each,
                instance.variants.capex_usd[pools.variant],
                of_counts,
            ]
        )
        terms = [*model.build, *model.modules, *model.replicas, *model.counts]
        capex = linear((coefficients * million).tolist(), terms)
        model.add_rows("budget", ["capex"], [capex <= instance.budget_usd * million])
    new = np.flatnonzero(instance.sites.is_existing[options.site] == 0).tolist()
    if instance.max_sites < len(set(options.site[new].tolist())):
        count = total([model.build[o] for o in new])
        model.add_rows("site_count", ["new"], [count <= float(instance.max_sites)])
