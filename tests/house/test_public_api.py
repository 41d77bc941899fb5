"""What ``import siteopt`` offers is what it says it offers."""

from __future__ import annotations

from importlib import import_module

import pytest

import siteopt

PUBLIC = [
    "FacilityLocation",
    "InfeasibleError",
    "NoPlanError",
    "Plan",
    "Progress",
    "Scenario",
    "ScenarioError",
    "SiteoptError",
    "SolverError",
    "Violation",
    "compare",
    "evaluate",
    "facility_location",
    "find_conflict",
    "load_plan",
    "load_scenario",
    "sensitivity",
    "solve",
    "verify",
    "what_binds",
    "why",
    "why_not",
    "worth_of_mw",
    "worth_of_zone_mw",
]


def test_the_public_names_are_these() -> None:
    """A name more or less is a change of the interface: it belongs into the changelog, and here."""
    assert siteopt.__all__ == PUBLIC


@pytest.mark.parametrize("name", ["siteopt", "siteopt.scenario", "siteopt.verify"])
def test_all_is_sorted_and_exact(name: str) -> None:
    package = import_module(name)
    assert list(package.__all__) == sorted(set(package.__all__))
    for member in package.__all__:
        assert getattr(package, member) is not None


def test_public_names_are_functions_and_classes_not_modules() -> None:
    """``siteopt.verify`` is the function although a package of that name stands beside it."""
    for name in siteopt.__all__:
        thing = getattr(siteopt, name)
        assert callable(thing), name
        assert thing.__module__.startswith("siteopt."), name
        assert thing.__doc__, name


def test_errors_form_one_tree() -> None:
    for name in siteopt.__all__:
        if name.endswith("Error"):
            assert issubclass(getattr(siteopt, name), siteopt.SiteoptError)
