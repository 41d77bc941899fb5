from numpy import float32, float64, int8, int32
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt._core.facility.dual_function import DualFunction
from siteopt.facility import FacilityProblem

@disjoint_base
class FacilityDual(DualFunction):
    def __init__(self, problem: FacilityProblem) -> None: ...
    @property
    def openness(self) -> NDArray[float64]: ...
    @property
    def direction(self) -> NDArray[float64]: ...
    def resume(
        self,
        price: NDArray[float64],
        direction: NDArray[float32],
        openness: NDArray[float32],
        site: int,
        is_open: bool,
    ) -> None: ...
    def ascend(
        self,
        price: NDArray[float64],
        status: NDArray[int8],
        active: NDArray[int32],
        iterations: int,
        target: float,
        cutoff: float,
        length: float,
        weight: float,
        goes_on: bool = False,
    ) -> tuple[float, float, float]: ...
