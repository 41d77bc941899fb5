"""The Pyomo model under construction, and the one way in which rows are written.

Every row is a relation over a :class:`LinearExpression`: it prints like any Pyomo expression, and the compiler in
:mod:`siteopt.milp.matrix` reads its coefficients without walking an expression tree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression, MonomialTermExpression

from siteopt.errors import OutOfTimeError
from siteopt.evaluate import evaluate_solution, mean_it_mw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from siteopt.arrays import Floats
    from siteopt.instance import Instance, Solution
    from siteopt.milp.layout import Layout

T = TypeVar("T")
#: Rows between questions whether there is time.
EVERY = 100


def total(terms: list[Any]) -> LinearExpression:
    """Return the sum of variables and of terms from :func:`negative`."""
    return LinearExpression(terms)


def negative(variables: Iterable[Any]) -> list[MonomialTermExpression]:
    """Return ``-1 x variable`` for each variable."""
    return [MonomialTermExpression((-1.0, v)) for v in variables]


def linear(coefficients: Iterable[float], variables: Sequence[Any]) -> LinearExpression:
    """Return ``sum of coefficient x variable``; there are as many of both, and coefficients are Python floats."""
    return LinearExpression(list(map(MonomialTermExpression, zip(coefficients, variables, strict=True))))


def in_time(items: Iterable[T], keep_going: Callable[[], bool]) -> Iterator[T]:
    """Yield items as long as there is time, and raise an OutOfTimeError from then on."""
    for n, item in enumerate(items):
        if n % EVERY == 0 and not keep_going():
            raise OutOfTimeError("the time was over before the model was built")
        yield item


@dataclass(slots=True)
class SitingModel:
    """A Pyomo model and its variables in the order of the instance's rows.

    Attributes
    ----------
    pyomo : ConcreteModel
    layout : Layout
        Of the variables that only some rows of the instance need; families declare them.
    build : binary, one per option: whether the design stands at its site, on its connection
    modules : integer, one per option
    it_mw : one per option: IT power that it carries at peak, MW
    mean_mw : one per option: IT power that it carries on average, MW
    replicas : integer, one per pool
    share : one per arc: share of the demand, in [0, 1]; binary where the demand may not be split
    unserved : one per demand: share that is not served; fixed to 0 where all must be served
    names : names of the instance's rows, from :func:`labels`
    families : names of the families added so far
    pool : binary, one per pool of ``layout.pools``: whether it is open
    counts : binary, one per entry of ``layout.counts``: whether the option has that number of modules
    keep_going : callable: whether there is time to go on building
    """

    pyomo: pyo.ConcreteModel
    layout: Layout
    build: list[Any]
    modules: list[Any]
    it_mw: list[Any]
    mean_mw: list[Any]
    replicas: list[Any]
    share: list[Any]
    unserved: list[Any]
    names: dict[str, list[str]]
    families: list[str] = field(default_factory=list)
    pool: dict[int, Any] = field(default_factory=dict)
    counts: list[Any] = field(default_factory=list)
    keep_going: Callable[[], bool] = field(default=lambda: True)

    def add_rows(self, name: str, index: Sequence[str], rows: Iterable[Any]) -> None:
        """Add the component ``name``: one row, a Pyomo relation, for each entry of ``index``, in its order.

        Raises
        ------
        OutOfTimeError
            Once ``keep_going`` says no.
        """
        # All of them first: what is raised while Pyomo constructs a component is logged as an error of the model.
        row = iter(list(in_time(rows, self.keep_going)))
        setattr(self.pyomo, name, pyo.Constraint(index, rule=lambda _model, _index: next(row)))


def labels(instance: Instance) -> dict[str, list[str]]:
    """Return the names of an instance's rows, by which components are indexed in LP files and logs."""
    sites, options, pools, arcs = instance.sites, instance.options, instance.pools, instance.arcs
    variants = instance.variants
    variant = [
        f"{instance.workload_ids[k]}/{accelerator}" + (f"+{data}" if data is not None else "")
        for k, accelerator, data in zip(
            variants.workload.tolist(), variants.accelerator, variants.data, strict=True
        )
    ]
    pool = [
        f"{sites.id[j]}/{variant[v]}"
        for j, v in zip(pools.site.tolist(), pools.variant.tolist(), strict=True)
    ]
    places = zip(options.site.tolist(), options.design.tolist(), options.connection_mw.tolist(), strict=True)
    return {
        "site": list(sites.id),
        "option": [
            f"{sites.id[j]}/{instance.designs.id[d]}" + (f"@{mw:.12g}MW" if isfinite(mw) else "")
            for j, d, mw in places
        ],
        "pool": pool,
        "demand": list(instance.demands.name),
        "arc": [
            f"{instance.demands.name[i]}@{pool[p]}"
            for i, p in zip(arcs.demand.tolist(), arcs.pool.tolist(), strict=True)
        ],
        "limit": list(instance.grid.id),
    }


def columns(instance: Instance) -> dict[str, int]:
    """Return how many columns of each name :func:`new_model` declares, in its order."""
    n_option, n_pool = len(instance.options.site), len(instance.pools.site)
    return {
        **dict.fromkeys(("build", "modules", "it_mw", "mean_mw"), n_option),
        "replicas": n_pool,
        "share": len(instance.arcs.demand),
        "unserved": len(instance.demands.region),
    }


def warm_start(instance: Instance, solution: Solution) -> dict[str, Floats]:
    """Return the values in a solution of the columns of :func:`new_model`, by name."""
    build, modules, it_mw, mean_mw = np.zeros((4, len(instance.options.site)))
    sites = np.flatnonzero(solution.option >= 0)
    chosen = solution.option[sites]
    build[chosen] = 1.0
    modules[chosen] = solution.modules[sites]
    it_mw[chosen] = evaluate_solution(instance, solution).it_mw[sites]
    mean_mw[chosen] = mean_it_mw(instance, solution)[sites]
    return {
        **{"build": build, "modules": modules, "it_mw": it_mw, "mean_mw": mean_mw},
        "replicas": solution.replicas.astype(np.float64),
        "share": solution.share,
        "unserved": solution.unserved,
    }


def new_model(
    instance: Instance, layout: Layout, keep_going: Callable[[], bool] = lambda: True
) -> SitingModel:
    """Build a model that has its variables, with their bounds, and no constraints yet."""
    names = labels(instance)
    options, demands = instance.options, instance.demands
    m = pyo.ConcreteModel(name="siteopt")
    capacity = instance.option_capacity_mw.tolist()
    bounds = dict(zip(names["option"], capacity, strict=True))
    most = dict(zip(names["option"], options.max_modules.tolist(), strict=True))
    m.build = pyo.Var(names["option"], domain=pyo.Binary)
    m.modules = pyo.Var(names["option"], domain=pyo.NonNegativeIntegers, bounds=lambda _m, o: (0, most[o]))
    m.it_mw = pyo.Var(names["option"], domain=pyo.NonNegativeReals, bounds=lambda _m, o: (0.0, bounds[o]))
    m.mean_mw = pyo.Var(names["option"], domain=pyo.NonNegativeReals, bounds=lambda _m, o: (0.0, bounds[o]))
    m.replicas = pyo.Var(names["pool"], domain=pyo.NonNegativeIntegers)
    m.share = pyo.Var(names["arc"], domain=pyo.UnitInterval)
    m.unserved = pyo.Var(names["demand"], domain=pyo.UnitInterval)
    share = list(m.share.values())
    for a in np.flatnonzero(demands.is_splittable[instance.arcs.demand] == 0).tolist():
        share[a].domain = pyo.Binary
    return SitingModel(
        pyomo=m,
        layout=layout,
        build=list(m.build.values()),
        modules=list(m.modules.values()),
        it_mw=list(m.it_mw.values()),
        mean_mw=list(m.mean_mw.values()),
        replicas=list(m.replicas.values()),
        share=share,
        unserved=list(m.unserved.values()),
        names=names,
        keep_going=keep_going,
    )
