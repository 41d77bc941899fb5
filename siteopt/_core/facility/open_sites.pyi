from numpy import int32, uint8
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt._core.facility.flow_paths import FlowPaths
from siteopt.facility import FacilityProblem

@disjoint_base
class OpenSites(FlowPaths):
    def __init__(self, problem: FacilityProblem, slots: int) -> None: ...
    def load_sites(self, sites: NDArray[int32]) -> float: ...
    def change_sites(self, is_open: NDArray[uint8], limit: float) -> float: ...
