from typing import Any

from numpy import dtype, float64, ndarray

def wait_tail(
    replicas: int,
    rates: ndarray[Any, dtype[float64]],
    room: float,
    load: ndarray[Any, dtype[float64]],
    slack: ndarray[Any, dtype[float64]],
    out: ndarray[Any, dtype[float64]],
) -> None: ...
def load_table(
    rates: ndarray[Any, dtype[float64]],
    room: float,
    slack: float,
    miss: float,
    out: ndarray[Any, dtype[float64]],
) -> None: ...
def max_load(
    replicas: int, rates: ndarray[Any, dtype[float64]], room: float, slack: float, miss: float
) -> float: ...
def moments(
    replicas: int, rates: ndarray[Any, dtype[float64]], room: float, load: float
) -> tuple[float, float, float, float]: ...
