from numpy import float64, int32
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt.compile.block import Block

@disjoint_base
class BlockPricer:
    n_site: int
    n_demand: int
    n_limit: int
    n_variant: int
    n_node: int
    walked: int
    def __init__(self, block: Block) -> None: ...
    @property
    def served(self) -> NDArray[float64]: ...
    @property
    def used_mw(self) -> NDArray[float64]: ...
    @property
    def capex_usd(self) -> float: ...
    @property
    def option(self) -> NDArray[int32]: ...
    @property
    def site_value(self) -> NDArray[float64]: ...
    def price(
        self,
        demand_price: NDArray[float64],
        limit_price: NDArray[float64],
        capital_price: float,
        sites: NDArray[int32] | None = None,
    ) -> float: ...
    def cheapest(self, usd_per_mw: NDArray[float64]) -> tuple[NDArray[float64], NDArray[int32]]: ...
