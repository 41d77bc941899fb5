from numpy import int32, uint8
from numpy.typing import NDArray

from siteopt._core.facility.assignment_state import AssignmentState

class ShiftSwap(AssignmentState):
    def load_sites(self, is_open: NDArray[uint8], site: NDArray[int32]) -> bool: ...
    def descend(self) -> None: ...
