from numpy import bool_, float32, float64, int8, int32, uint8
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt.facility_location import FacilityProblem

MOST_CHOICES: int

@disjoint_base
class FacilityDual:
    n_site: int
    n_demand: int
    total_demand: float
    is_whole: bool
    passes: int
    def __init__(self, problem: FacilityProblem) -> None: ...
    @property
    def openness(self) -> NDArray[float64]: ...
    @property
    def reduced_usd(self) -> NDArray[float64]: ...
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
    def ban(self, banned: NDArray[uint8]) -> None: ...
    def served(self) -> NDArray[float64]: ...
    def choices(self) -> NDArray[bool_]: ...
    def value(self, price: NDArray[float64], status: NDArray[int8], active: NDArray[int32]) -> float: ...
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
