"""Accelerators stand only where the racks can feed and cool them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.milp.layout import is_choosy
from siteopt.milp.model import negative, total

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_density(model: SitingModel, instance: Instance) -> None:
    r"""Open a pool only where a design stands whose racks admit its accelerator.

    .. math:: v_p \le \sum_{o \in O(j(p)) :\ d(o) \text{ admits } p} y_o \qquad \forall p

    Both sides are counts; there is a row only where the options of the site differ in what they admit, as a pool that
    none of them admits does not exist. With :math:`x_a \le v_p` no share is served where the racks are unsuitable. The
    dual is what suitable racks are worth to the pool, USD.
    """
    pools, options, admits = instance.pools, instance.options, instance.designs.admits
    ptr, site, variant = instance.sites.option_ptr.tolist(), pools.site.tolist(), pools.variant.tolist()

    def able(p: int) -> list[int]:
        here = range(ptr[site[p]], ptr[site[p] + 1])
        return [o for o in here if admits[options.design[o], variant[p]]]

    choosy = np.flatnonzero(is_choosy(instance)).tolist()
    model.add_rows(
        "density",
        [model.names["pool"][p] for p in choosy],
        (total([model.pool[p], *negative(model.build[o] for o in able(p))]) <= 0.0 for p in choosy),
    )
