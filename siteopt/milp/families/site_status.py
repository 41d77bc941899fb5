"""At most one design and connection per site; forced and existing sites are open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyomo.environ import inequality

from siteopt.milp.model import total

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_site_status(model: SitingModel, instance: Instance) -> None:
    r"""Allow each site at most one option (a design on a connection); require one if it exists or is forced.

    .. math:: \ell_j \le \sum_{o \in O(j)} y_o \le 1 \qquad \forall j

    Both sides count options; :math:`\ell_j` is 1 for existing and forced sites and 0 for candidates. Forbidden sites
    have no options and hence no row, nor do those where nothing is ready in time. The dual of the lower side is the
    cost of being forced, USD.
    """
    sites = instance.sites
    ptr = sites.option_ptr.tolist()
    open_already = (sites.is_existing | sites.is_forced).tolist()
    hosts = [j for j in range(len(sites.id)) if ptr[j] < ptr[j + 1]]
    options = (model.build[ptr[j] : ptr[j + 1]] for j in hosts)
    model.add_rows(
        "site_status",
        [sites.id[j] for j in hosts],
        (inequality(float(open_already[j]), total(v), 1.0) for j, v in zip(hosts, options, strict=True)),
    )
