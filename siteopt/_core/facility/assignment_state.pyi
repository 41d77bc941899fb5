from numpy import int32
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt.facility import FacilityProblem

@disjoint_base
class AssignmentState:
    n_site: int
    n_demand: int
    penalty_usd: float
    flow_usd: float
    fixed_usd: float
    overload: float
    best_usd: float
    def __init__(self, problem: FacilityProblem, seed: int) -> None: ...
    def sites(self) -> NDArray[int32]: ...
    def best_sites(self) -> NDArray[int32]: ...
