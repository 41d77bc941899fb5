from typing import Any

from numpy import dtype, float64, int64, ndarray

def wait_tail(
    servers: ndarray[Any, dtype[int64]],
    load: ndarray[Any, dtype[float64]],
    slack: ndarray[Any, dtype[float64]],
    out: ndarray[Any, dtype[float64]],
) -> None: ...
def max_load(
    servers: ndarray[Any, dtype[int64]],
    slack: ndarray[Any, dtype[float64]],
    miss: ndarray[Any, dtype[float64]],
    out: ndarray[Any, dtype[float64]],
) -> None: ...
def servers_needed(
    load: ndarray[Any, dtype[float64]],
    slack: ndarray[Any, dtype[float64]],
    miss: ndarray[Any, dtype[float64]],
    limit: int,
    out: ndarray[Any, dtype[int64]],
) -> None: ...
def load_table(slots: int, slack: float, miss: float, out: ndarray[Any, dtype[float64]]) -> None: ...
