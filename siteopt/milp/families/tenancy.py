"""No tenant takes more of a site than its share, nor more than it may lose with the site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from siteopt.milp.model import linear

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel


def add_tenancy(model: SitingModel, instance: Instance) -> None:
    r"""Keep the IT power of a tenant at a site within its share of the modules there, and within its limit.

    .. math::
        \sum_{p \in P(j,t)} w_p n_p &\le \sigma \sum_{o \in O(j)} m_o (z_o - r_o y_o)
            &&\forall j,t \quad\text{(tenant\_share)} \\
        \sum_{p \in P(j,t)} w_p n_p &\le W &&\forall j,t \quad\text{(tenant\_site)}

    MW of IT: :math:`w` power of a replica, :math:`m` usable power of a counted module, :math:`r` the spare modules,
    :math:`\sigma` the largest share, :math:`W` the most at one site. This is the landlord's rule: the share is of the
    modules that stand, used or not. The duals are the worth of one more MW to the tenant, USD per MW.
    """
    share, site_mw = instance.tenancy.share, instance.tenancy.site_mw
    pools, groups = instance.pools, _groups(instance)
    power = instance.variants.replica_mw[pools.variant].tolist()
    names = [f"{instance.tenancy.id[t]}@{instance.sites.id[j]}" for j, t in groups]
    ptr, module_mw = instance.sites.option_ptr.tolist(), instance.options.module_mw.tolist()
    spare_mw = (instance.options.module_mw * instance.options.spare_modules).tolist()

    def of_share(j: int, members: list[int]) -> Any:
        here = range(ptr[j], ptr[j + 1])
        spare = [o for o in here if spare_mw[o] > 0.0]
        coefficients = [power[p] for p in members] + [-share * module_mw[o] for o in here]
        terms = [model.replicas[p] for p in members] + [model.modules[o] for o in here]
        coefficients += [share * spare_mw[o] for o in spare]
        return linear(coefficients, terms + [model.build[o] for o in spare]) <= 0.0

    def of_site(members: list[int]) -> Any:
        return linear([power[p] for p in members], [model.replicas[p] for p in members]) <= float(site_mw)

    if np.isfinite(share):
        model.add_rows("tenant_share", names, (of_share(j, members) for (j, _), members in groups.items()))
    if np.isfinite(site_mw):
        model.add_rows("tenant_site", names, (of_site(members) for members in groups.values()))


def _groups(instance: Instance) -> dict[tuple[int, int], list[int]]:
    """Group the pools by (site, tenant)."""
    pools, groups = instance.pools, dict[tuple[int, int], list[int]]()
    tenants = instance.variants.tenant[pools.variant].tolist()
    for p, (j, t) in enumerate(zip(pools.site.tolist(), tenants, strict=True)):
        if t >= 0:
            groups.setdefault((j, t), []).append(p)
    return groups
