from numpy import bool_, float64, int8, int32
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt._core.facility.knapsacks import SiteKnapsacks
from siteopt.facility import FacilityProblem

@disjoint_base
class DualFunction(SiteKnapsacks):
    total_demand: float
    passes: int
    def __init__(self, problem: FacilityProblem) -> None: ...
    @property
    def reduced_usd(self) -> NDArray[float64]: ...
    def served(self) -> NDArray[float64]: ...
    def choices(self) -> NDArray[bool_]: ...
    def value(self, price: NDArray[float64], status: NDArray[int8], active: NDArray[int32]) -> float: ...
