from numpy import int32
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt._core.facility.shift_swap import ShiftSwap
from siteopt.facility import FacilityProblem

@disjoint_base
class Assignment(ShiftSwap):
    def __init__(self, problem: FacilityProblem, near: NDArray[int32], seed: int) -> None: ...
    def anneal(self, iterations: int, heat_usd: float) -> None: ...
