"""The families of constraints of the exact model, in the order in which they are added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from siteopt.milp.families import module_scale, pooling, resilience, tail
from siteopt.milp.families.assignment import add_assignment
from siteopt.milp.families.budget import add_budget
from siteopt.milp.families.data_gravity import add_data_gravity
from siteopt.milp.families.density import add_density
from siteopt.milp.families.grid import add_grid
from siteopt.milp.families.linear_rules import add_linear_rules
from siteopt.milp.families.linking import add_linking
from siteopt.milp.families.network import add_network
from siteopt.milp.families.power import add_power
from siteopt.milp.families.site_status import add_site_status
from siteopt.milp.families.sizing import add_sizing
from siteopt.milp.families.tenancy import add_tenancy

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.arrays import Floats
    from siteopt.instance import Instance, Solution
    from siteopt.milp.layout import Layout
    from siteopt.milp.model import SitingModel


def _no_columns(_instance: Instance, _layout: Layout) -> dict[str, int]:
    return {}


def _no_warm_start(_instance: Instance, _solution: Solution, _layout: Layout) -> dict[str, Floats]:
    return {}


@dataclass(frozen=True, slots=True)
class Family:
    """A family of constraints, with the columns that it declares.

    Attributes
    ----------
    name : str
    add : callable
        Adds the family's columns and rows to a model.
    requires : tuple of str
        Families without which its rows mean nothing.
    columns : callable
        How many columns of each name ``add`` declares, in its order.
    warm_start : callable
        Values of these columns in a solution, by name.
    """

    name: str
    add: Callable[[SitingModel, Instance], None]
    requires: tuple[str, ...] = ()
    columns: Callable[[Instance, Layout], dict[str, int]] = _no_columns
    warm_start: Callable[[Instance, Solution, Layout], dict[str, Floats]] = _no_warm_start


FAMILIES = (
    Family("assignment", add_assignment),
    Family("site_status", add_site_status),
    Family("pooling", pooling.add_pooling, ("site_status",), pooling.columns, pooling.warm_start),
    Family("linking", add_linking, ("assignment", "pooling")),
    Family("data_gravity", add_data_gravity, ("assignment", "pooling")),
    Family("density", add_density, ("pooling",)),
    Family("sizing", add_sizing, ("assignment",)),
    Family("tail", tail.add_tail, ("pooling", "sizing"), tail.columns, tail.warm_start),
    Family("power", add_power, ("sizing", "site_status")),
    Family(
        "module_scale",
        module_scale.add_module_scale,
        ("power",),
        module_scale.columns,
        module_scale.warm_start,
    ),
    Family("tenancy", add_tenancy, ("power",)),
    Family("grid", add_grid, ("power",)),
    Family("network", add_network, ("data_gravity",)),
    Family("budget", add_budget, ("module_scale",)),
    Family("linear_rules", add_linear_rules, ("site_status",)),
    Family(
        "resilience",
        resilience.add_resilience,
        ("linking", "tail"),
        resilience.columns,
        resilience.warm_start,
    ),
)
