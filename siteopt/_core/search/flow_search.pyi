from numpy import int32
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from siteopt._core.evaluate.evaluator import Evaluator
from siteopt._core.stopping import StopCheck

@disjoint_base
class FlowSearch:
    evaluated: int
    stop: StopCheck
    steps_per_place: int
    def __init__(self, evaluator: Evaluator, seed: int) -> None: ...
    def serve_all(self) -> None: ...
    def order_demands(self, order: NDArray[int32]) -> None: ...
    def improve(self) -> bool: ...
