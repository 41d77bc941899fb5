from numpy import float64, int32
from numpy.typing import NDArray

from siteopt._core.evaluate.instance_arrays import InstanceArrays

class FullEvaluation(InstanceArrays):
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
