"""Facility power of groups of sites fits the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteopt.milp.model import linear

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_grid(model: SitingModel, instance: Instance) -> None:
    r"""Keep the weighted facility power of the sites under each grid limit within it.

    .. math:: \sum_{j} c_{gj} \sum_{o \in O(j)} \mathrm{PUE}_o \, e_o \le L_g \qquad \forall g

    MW of facility power at peak on both sides; :math:`c \ge 0`. The dual is the worth of the limit, USD per MW.
    """
    grid, pue = instance.grid, instance.options.pue.tolist()
    ptr, site, coefficient = grid.ptr.tolist(), grid.site.tolist(), grid.coefficient.tolist()
    first = instance.sites.option_ptr.tolist()

    def row(g: int) -> Any:
        terms = [
            (coefficient[e] * pue[o], model.it_mw[o])
            for e in range(ptr[g], ptr[g + 1])
            for o in range(first[site[e]], first[site[e] + 1])
        ]
        return linear([c for c, _ in terms], [v for _, v in terms]) <= float(grid.limit_mw[g])

    used = [g for g in range(len(grid.id)) if any(first[j] < first[j + 1] for j in site[ptr[g] : ptr[g + 1]])]
    model.add_rows("grid", [grid.id[g] for g in used], map(row, used))
