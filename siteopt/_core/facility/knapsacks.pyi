from numpy import uint8
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt.facility import FacilityProblem

MOST_CHOICES: int

@disjoint_base
class SiteKnapsacks:
    n_site: int
    n_demand: int
    is_zero_one: bool
    def __init__(self, problem: FacilityProblem) -> None: ...
    def ban(self, banned: NDArray[uint8]) -> None: ...
