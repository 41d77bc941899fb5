"""Assemble the model: every family of constraints, in order, then the objective."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from siteopt.milp.families.assignment import add_assignment
from siteopt.milp.families.budget import add_budget
from siteopt.milp.families.data_gravity import add_data_gravity
from siteopt.milp.families.density import add_density
from siteopt.milp.families.grid import add_grid
from siteopt.milp.families.linking import add_linking
from siteopt.milp.families.module_scale import add_module_scale
from siteopt.milp.families.network import add_network
from siteopt.milp.families.pooling import add_pooling
from siteopt.milp.families.power import add_power
from siteopt.milp.families.resilience import add_resilience
from siteopt.milp.families.site_status import add_site_status
from siteopt.milp.families.sizing import add_sizing
from siteopt.milp.families.tail import add_tail
from siteopt.milp.families.tenancy import add_tenancy
from siteopt.milp.layout import layout_of
from siteopt.milp.memory import no_garbage_collection
from siteopt.milp.model import SitingModel, new_model
from siteopt.milp.objective import add_cost

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.instance import Instance
    from siteopt.milp.segments import Bracket


@dataclass(frozen=True, slots=True)
class Family:
    """A family of constraints.

    Attributes
    ----------
    name : str
    add : callable
        Adds the family's rows to a model.
    requires : tuple of str
        Families without which its rows mean nothing.
    """

    name: str
    add: Callable[[SitingModel, Instance], None]
    requires: tuple[str, ...] = ()


FAMILIES = (
    Family("assignment", add_assignment),
    Family("site_status", add_site_status),
    Family("pooling", add_pooling, requires=("site_status",)),
    Family("linking", add_linking, requires=("assignment", "pooling")),
    Family("data_gravity", add_data_gravity, requires=("assignment", "pooling")),
    Family("density", add_density, requires=("pooling",)),
    Family("sizing", add_sizing, requires=("assignment",)),
    Family("tail", add_tail, requires=("pooling", "sizing")),
    Family("power", add_power, requires=("sizing", "site_status")),
    Family("module_scale", add_module_scale, requires=("power",)),
    Family("tenancy", add_tenancy, requires=("power",)),
    Family("grid", add_grid, requires=("power",)),
    Family("network", add_network, requires=("data_gravity",)),
    Family("budget", add_budget, requires=("module_scale",)),
    Family("resilience", add_resilience, requires=("linking", "tail")),
)


def build_model(
    instance: Instance,
    families: tuple[Family, ...] = FAMILIES,
    bracket: Bracket = "outer",
    segments: int = 13,
) -> SitingModel:
    """The Pyomo model of an instance.

    Parameters
    ----------
    instance : Instance
    families : tuple of Family
        Which families to add, in order; all of them unless a test looks at one alone.
    bracket : {"outer", "inner"}
        Whether straight lines stand above the tails (optimum is a bound) or below (every solution holds).
    segments : int
        Lines per tail at most.

    Returns
    -------
    SitingModel

    Raises
    ------
    ValueError
        If a family comes before one that it requires.
    """
    with no_garbage_collection():
        model = new_model(instance, layout_of(instance, bracket, segments))
        for family in families:
            missing = [name for name in family.requires if name not in model.families]
            if missing:
                raise ValueError(f"family {family.name!r} requires {', '.join(map(repr, missing))} before it")
            family.add(model, instance)
            model.families.append(family.name)
        add_cost(model, instance)
    return model
