from typing_extensions import disjoint_base

from siteopt.instance import Instance

@disjoint_base
class InstanceArrays:
    n_site: int
    n_option: int
    n_pool: int
    n_demand: int
    n_arc: int
    n_limit: int
    n_link: int
    n_rule: int
    n_tenant: int
    tenant_share: float
    tenant_site_mw: float
    budget_usd: float
    max_sites: int
    def __init__(self, instance: Instance) -> None: ...
