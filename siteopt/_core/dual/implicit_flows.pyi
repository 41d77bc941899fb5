from numpy import float64, int32
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt._core.dual.subproblem import SiteSubproblems
from siteopt.compile.implicit_flows import ImplicitFlows

@disjoint_base
class ImplicitPricer(SiteSubproblems):
    n_variant: int
    n_node: int
    walked: int
    def __init__(self, implicit: ImplicitFlows) -> None: ...
    def cheapest(self, usd_per_mw: NDArray[float64]) -> tuple[NDArray[float64], NDArray[int32]]: ...
