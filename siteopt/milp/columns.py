"""Conversion of solutions to columns of the model and back, by the names under which columns are declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.milp import model
from siteopt.milp.families import FAMILIES
from siteopt.tolerances import SMALLEST_SHARE

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices
    from siteopt.instance import Instance, Moves, Solution
    from siteopt.milp.layout import Layout


def places_of(instance: Instance, layout: Layout) -> dict[str, slice]:
    """Return the slice that the columns of each name take in the model of all families, in order."""
    sizes = model.columns(instance)
    for family in FAMILIES:
        sizes |= family.columns(instance, layout)
    ends = np.cumsum(list(sizes.values())).tolist()
    return {name: slice(end - size, end) for (name, size), end in zip(sizes.items(), ends, strict=True)}


def columns_of(instance: Instance, solution: Solution, layout: Layout) -> Floats:
    """Return the values of all variables of the model in a solution, moves included, shape (n_col,)."""
    values = model.warm_start(instance, solution)
    for family in FAMILIES:
        values |= family.warm_start(instance, solution, layout)
    return np.concatenate([values[name] for name in places_of(instance, layout)])


def flows_of(instance: Instance, values: Floats, layout: Layout) -> tuple[Indices, Floats, Floats, Moves]:
    """Return the sites, flows and moves of a solver's solution, cleared of its rounding errors.

    Parameters
    ----------
    instance : Instance
    values : ndarray of float64, shape (n_col,)
    layout : Layout
        Of the model.

    Returns
    -------
    option : ndarray of int32, shape (n_site,)
    share : ndarray of float64, shape (n_arc,)
    unserved : ndarray of float64, shape (n_demand,)
        A demand's shares and its unserved part sum to one, up to rounding.
    moves : Moves
    """
    place, n_demand = places_of(instance, layout), len(instance.demands.region)
    option = np.full(len(instance.sites.id), -1, dtype=np.int32)
    built = np.flatnonzero(values[place["build"]] > 0.5)
    option[instance.options.site[built]] = built
    share, unserved = _cleaned(values[place["share"]]), _cleaned(values[place["unserved"]])
    whole = instance.demands.is_splittable == 0
    share[whole[instance.arcs.demand]] = np.round(share[whole[instance.arcs.demand]])
    unserved[whole] = np.round(unserved[whole])
    total = unserved + np.bincount(instance.arcs.demand, weights=share, minlength=n_demand)
    total[total <= 0.0] = 1.0
    share, unserved = share / total[instance.arcs.demand], unserved / total
    moves = layout.moves.moves(instance, values[place["move"]], share)
    return option, share, unserved, moves


def _cleaned(values: Floats) -> Floats:
    return np.where(values < SMALLEST_SHARE, 0.0, np.minimum(values, 1.0))
