from numpy import float64
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt._core.facility.open_sites import OpenSites
from siteopt.facility import FacilityProblem

@disjoint_base
class Transport(OpenSites):
    tried: int
    def __init__(self, problem: FacilityProblem, slots: int) -> None: ...
    def prices(self) -> NDArray[float64]: ...
    def improve(self, tries: int) -> bool: ...
