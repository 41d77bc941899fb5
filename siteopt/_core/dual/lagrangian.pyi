from typing_extensions import disjoint_base

from siteopt._core.dual.subproblem import SiteSubproblems
from siteopt.instance import Instance

@disjoint_base
class SitePricer(SiteSubproblems):
    n_tenant: int
    def __init__(self, instance: Instance) -> None: ...
