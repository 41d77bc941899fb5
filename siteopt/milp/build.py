"""Assemble the model: every family of constraints, in order, then the objective."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyomo.environ as pyo

from siteopt.milp.families import FAMILIES
from siteopt.milp.layout import layout_of
from siteopt.milp.memory import no_garbage_collection
from siteopt.milp.model import SitingModel, new_model
from siteopt.milp.objective import add_cost

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.instance import Instance
    from siteopt.milp.families import Family
    from siteopt.milp.segments import Bracket


def build_model(
    instance: Instance,
    families: tuple[Family, ...] = FAMILIES,
    bracket: Bracket = "outer",
    segments: int = 13,
    keep_going: Callable[[], bool] = lambda: True,
) -> SitingModel:
    """Build the Pyomo model of an instance.

    Parameters
    ----------
    instance : Instance
    families : tuple of Family
        Which families to add, in order; all of them unless a test looks at one alone.
    bracket : {"outer", "inner"}
        Whether straight lines lie above the tails (the optimum is a bound) or below (every solution is feasible).
    segments : int
        Most lines per tail.
    keep_going : callable
        Asked every so many rows.

    Returns
    -------
    SitingModel

    Raises
    ------
    OutOfTimeError
        If ``keep_going`` says no.
    ValueError
        If a family comes before one that it requires, or declares columns other than those it states.
    """
    with no_garbage_collection():
        model = new_model(instance, layout_of(instance, bracket, segments), keep_going)
        for family in families:
            missing = [name for name in family.requires if name not in model.families]
            if missing:
                raise ValueError(f"family {family.name!r} requires {', '.join(map(repr, missing))} before it")
            before = len(list(model.pyomo.component_objects(pyo.Var)))
            family.add(model, instance)
            _check_columns(model, instance, family, before)
            model.families.append(family.name)
        add_cost(model, instance)
    return model


def _check_columns(model: SitingModel, instance: Instance, family: Family, before: int) -> None:
    """Raise an error unless a family declared exactly the columns that warm starts and solutions go by."""
    declared = list(model.pyomo.component_objects(pyo.Var))[before:]
    found = {variables.name: len(variables) for variables in declared if len(variables)}
    expected = {name: n for name, n in family.columns(instance, model.layout).items() if n}
    if list(found.items()) != list(expected.items()):
        raise ValueError(f"family {family.name!r} declares the columns {found}, but says {expected}")
