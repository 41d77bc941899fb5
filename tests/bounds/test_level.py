"""The level method on functions whose maximum is known."""

from __future__ import annotations

import numpy as np
import pytest

from siteopt.bounds.level import LevelMethod


def maximum(function, lower, upper, steps=60):
    level = LevelMethod(np.array(lower), np.array(upper))
    for _ in range(steps):
        point = level.next()
        if point is None or level.is_done(1e-7):
            break
        level.add(point, *function(point))
    return level


def test_the_maximum_of_a_concave_function_is_found_inside_the_box():
    def function(x):
        apart = np.abs(x - np.array([0.3, -0.2]))
        return 5.0 - float(apart.sum()), -np.sign(x - np.array([0.3, -0.2]))

    level = maximum(function, [-1.0, -1.0], [1.0, 1.0])
    assert level.value == pytest.approx(5.0, abs=1e-5)
    assert level.best == pytest.approx([0.3, -0.2], abs=1e-5)
    assert level.promised >= level.value - 1e-6


def test_the_maximum_may_lie_on_the_box():
    level = maximum(lambda x: (float(x[0]), np.array([1.0])), [-1.0], [2.0])
    assert level.best == pytest.approx([2.0], abs=1e-6)
