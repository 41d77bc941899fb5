from numpy import float64, uint8
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt.facility import FacilityProblem

@disjoint_base
class FlowGraph:
    n_site: int
    n_demand: int
    n_slot: int
    top: int
    cost_usd: float
    def __init__(self, problem: FacilityProblem, slots: int) -> None: ...
    def is_open(self) -> NDArray[uint8]: ...
    def amounts(self) -> NDArray[float64]: ...
