"""A pool's replicas carry its load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteopt.milp.model import linear

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_sizing(model: SitingModel, instance: Instance) -> None:
    r"""Limit the load of a pool at peak to what its replicas may carry.

    .. math:: \sum_{a \in A(p)} \lambda_{i(a)} x_a \le \rho_k \, \mu_k \, n_p \qquad \forall p

    Divided by :math:`\rho_k \mu_k`, both sides are in replicas; :math:`\lambda` is the peak rate of calls,
    :math:`\mu_k` the rate of one replica and :math:`\rho_k` the utilisation cap (1 for linear sizing). The dual is
    the cost of one more replica at the site, USD.
    """
    pools, arcs = instance.pools, instance.arcs
    usable = instance.variants.usable_rps[pools.variant]
    load = (instance.demands.peak_rps[arcs.demand] / usable[arcs.pool]).tolist()
    ptr, arc = pools.arc_ptr.tolist(), pools.arc.tolist()

    def row(p: int) -> Any:
        used = arc[ptr[p] : ptr[p + 1]]
        terms = [*(model.share[a] for a in used), model.replicas[p]]
        return linear([*(load[a] for a in used), -1.0], terms) <= 0.0

    used = [p for p in range(len(pools.site)) if ptr[p] < ptr[p + 1]]
    model.add_rows("sizing", [model.names["pool"][p] for p in used], map(row, used))
