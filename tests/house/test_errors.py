"""Errors keep what they say on their way from one process to another."""

from __future__ import annotations

import copy
import pickle

import pytest

from siteopt.errors import InfeasibleError, NoPlanError, Problem, ScenarioError, SiteoptError, SolverError

ERRORS = [
    ScenarioError([Problem("sites[3].lat", "is missing"), Problem("", "is empty")], "scenario.json"),
    InfeasibleError(["A is too small.", "B is too far."]),
    NoPlanError("no plan found", is_interrupted=True),
    SolverError("HiGHS failed"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_survives_pickling(error: SiteoptError) -> None:
    """Pickled through its text, a ScenarioError named one letter of it on each line."""
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)
