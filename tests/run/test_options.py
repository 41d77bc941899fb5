"""What a solve may be asked for, and with which sentence it refuses the rest."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf, nan
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from siteopt import solve
from siteopt.run.options import LARGEST_SEED, SolveOptions

if TYPE_CHECKING:
    from siteopt import Scenario


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"method": "magic"}, "method must be 'auto', 'milp' or 'search', not 'magic'"),
        ({"time_limit": -1.0}, "time_limit must be positive, or None for no limit; it is -1.0"),
        ({"time_limit": 0}, "time_limit must be positive, or None for no limit; it is 0"),
        ({"time_limit": nan}, "time_limit must be positive, or None for no limit; it is nan"),
        ({"time_limit": "60"}, "time_limit must be positive, or None for no limit; it is '60'"),
        ({"gap": -0.1}, "gap must not be negative; it is -0.1"),
        ({"gap": nan}, "gap must not be negative; it is nan"),
        ({"gap": None}, "gap must not be negative; it is None"),
        ({"seed": -1}, f"seed must be a whole number from 0 to {LARGEST_SEED}; it is -1"),
        (
            {"seed": LARGEST_SEED + 1},
            f"seed must be a whole number from 0 to {LARGEST_SEED}; it is 2147483648",
        ),
        ({"seed": 1.5}, f"seed must be a whole number from 0 to {LARGEST_SEED}; it is 1.5"),
        ({"seed": None}, f"seed must be a whole number from 0 to {LARGEST_SEED}; it is None"),
        ({"node_limit": -1}, "node_limit must be a whole number from 1, or None for no limit; it is -1"),
        ({"node_limit": 0}, "node_limit must be a whole number from 1, or None for no limit; it is 0"),
        (
            {"iteration_limit": -5},
            "iteration_limit must be a whole number from 1, or None for no limit; it is -5",
        ),
        (
            {"iteration_limit": True},
            "iteration_limit must be a whole number from 1, or None for no limit; it is True",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    small: Scenario, asked: dict[str, Any], sentence: str
) -> None:
    """A negative seed was an OverflowError of a kernel, a negative limit a solve that did nothing."""
    for call in (lambda: SolveOptions(**asked), lambda: solve(small, **asked)):
        with pytest.raises(ValueError, match=".") as refused:
            call()
        assert str(refused.value) == sentence


def test_a_changed_copy_is_checked_too() -> None:
    with pytest.raises(ValueError, match="time_limit must be positive"):
        replace(SolveOptions(), time_limit=0.0)


@pytest.mark.parametrize("limit", [None, inf])
def test_no_time_limit_is_none(small: Scenario, limit: float | None) -> None:
    assert SolveOptions(time_limit=limit).seconds == inf
    plan = solve(small, time_limit=limit, gap=0.0)
    assert (plan.status, plan.limit) == ("optimal", None)


def test_numbers_of_numpy_are_numbers(small: Scenario) -> None:
    plan = solve(
        small,
        time_limit=np.float32(1e6),
        gap=np.float64(0.0),
        seed=np.int64(3),
        node_limit=np.int32(1000),
        iteration_limit=np.uint8(20),
    )
    assert json.loads(json.dumps(plan.to_dict()))["seed"] == 3


def test_trees_count_rounds_where_nobody_limits_their_nodes() -> None:
    assert SolveOptions().step_limit is None
    assert SolveOptions(iteration_limit=7).step_limit == 7
    assert SolveOptions(node_limit=5, iteration_limit=7).step_limit == 5
