from numpy import float64, int32
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt._core.evaluate.instance_arrays import InstanceArrays
from siteopt.instance import Instance

@disjoint_base
class SearchState(InstanceArrays):
    def __init__(self, instance: Instance, penalty_usd: float) -> None: ...
    def hold(self, reserve_rps: NDArray[float64], slack_tier: NDArray[int32]) -> None: ...
    def shade(self, extra_usd: NDArray[float64]) -> None: ...
    def state(
        self,
    ) -> tuple[NDArray[int32], NDArray[int32], NDArray[int32], NDArray[float64], NDArray[float64]]: ...
    @property
    def cost_usd(self) -> float: ...
