"""Arguments of the queueing functions: checked, and as flat arrays of one length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from siteopt.arrays import Floats

MAX_SERVERS = 100_000


def flat_broadcast(*values: Any) -> tuple[list[Any], Floats, tuple[int, ...]]:
    """Return flat contiguous float64 copies of one length, room for the result, and the shape it goes back to."""
    arrays = np.broadcast_arrays(*values)
    flat = [np.ascontiguousarray(array, dtype=np.float64).reshape(-1) for array in arrays]
    return flat, np.empty(flat[0].size), arrays[0].shape


def checked_number(name: str, value: ArrayLike) -> Floats:
    array = np.asarray(value, dtype=np.float64)
    if np.any(np.isnan(array)):
        raise ValueError(f"{name} must be a number")
    return array


def checked_at_least_zero(name: str, value: ArrayLike) -> Floats:
    array = checked_number(name, value)
    if np.any(array < 0.0) or np.any(np.isinf(array)):
        raise ValueError(f"{name} must be finite and at least 0")
    return array


def checked_positive(name: str, value: ArrayLike) -> Floats:
    array = checked_at_least_zero(name, value)
    if np.any(array <= 0.0):
        raise ValueError(f"{name} must be above 0")
    return array


def checked_replicas(value: int) -> int:
    if value < 1:
        raise ValueError(f"replicas must be at least 1: {value}")
    return value


def checked_servers(value: ArrayLike) -> Floats:
    array = checked_number("servers", value)
    if np.any(array < 1) or np.any(array > MAX_SERVERS) or np.any(array % 1 != 0):
        raise ValueError(f"servers must be whole numbers from 1 to {MAX_SERVERS:,}")
    return array


def checked_miss(percentile: ArrayLike) -> Floats:
    array = checked_number("percentile", percentile)
    if np.any(array <= 0.0) or np.any(array >= 1.0):
        raise ValueError("percentile must lie between 0 and 1 (0.99, not 99)")
    return 1.0 - array


def checked_slack(slack_ms: ArrayLike, service_ms: ArrayLike, scv: ArrayLike) -> Floats:
    """Return the slack in units of service x (1 + SCV) / 2, so that the kernel needs neither."""
    unit = checked_positive("service_ms", service_ms) * (1.0 + checked_at_least_zero("scv", scv)) / 2.0
    return checked_number("slack_ms", slack_ms) / unit
