from numpy import float64, int32
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt.instance import Instance

N_LINES: int

@disjoint_base
class Evaluator:
    n_site: int
    n_option: int
    n_pool: int
    n_demand: int
    n_arc: int
    n_limit: int
    n_link: int
    n_tenant: int
    tenant_share: float
    tenant_site_mw: float
    budget_usd: float
    max_sites: int
    def __init__(self, instance: Instance, penalty_usd: float) -> None: ...
    def evaluate(
        self,
        option: NDArray[int32],
        modules: NDArray[int32],
        replicas: NDArray[int32],
        share: NDArray[float64],
        unserved: NDArray[float64],
    ) -> tuple[
        NDArray[float64],
        NDArray[float64],
        NDArray[float64],
        NDArray[float64],
        NDArray[float64],
        NDArray[float64],
        NDArray[float64],
        NDArray[float64],
    ]: ...
    def hold(self, reserve_rps: NDArray[float64], tier: NDArray[int32]) -> None: ...
    def shade(self, extra_usd: NDArray[float64]) -> None: ...
    def load(self, option: NDArray[int32], share: NDArray[float64], unserved: NDArray[float64]) -> bool: ...
    def state(
        self,
    ) -> tuple[NDArray[int32], NDArray[int32], NDArray[int32], NDArray[float64], NDArray[float64]]: ...
    @property
    def cost_usd(self) -> float: ...
    def is_feasible(self) -> bool: ...
    def move_deltas(self, source: NDArray[int32], target: NDArray[int32]) -> NDArray[float64]: ...
    def move(self, source: int, target: int) -> None: ...
    def swap_delta(self, source_1: int, target_1: int, source_2: int, target_2: int) -> float: ...
