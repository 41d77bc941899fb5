from numpy import float64, int32
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt.instance import Instance

@disjoint_base
class SiteSubproblems:
    n_site: int
    n_demand: int
    n_limit: int
    n_link: int
    n_cover: int
    def __init__(self, instance: Instance, n_cover: int, widest: int) -> None: ...
    @property
    def served(self) -> NDArray[float64]: ...
    @property
    def used_mw(self) -> NDArray[float64]: ...
    @property
    def used_gbps(self) -> NDArray[float64]: ...
    @property
    def uncovered_rps(self) -> NDArray[float64]: ...
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
        link_price: NDArray[float64] | None = None,
        cover_price: NDArray[float64] | None = None,
        opening_price: NDArray[float64] | None = None,
    ) -> float: ...
