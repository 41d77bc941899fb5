"""Rules about the rows of a plan as such: numbers are numbers, names are known, nothing is listed twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, is_dataclass
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any

from siteopt.verify.network_use import limits_gbps
from siteopt.verify.replica import STATED
from siteopt.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from dataclasses import Field

    from siteopt.plan import FlowPlan, MovePlan, Plan, PoolPlan, UnservedPlan
    from siteopt.verify.facts import Facts

#: Fields of the plan's rows that hold names; every other field holds a number, or nothing.
NAMES = {
    *("id", "design", "site", "workload", "accelerator", "region", "route", "precision", "data", "reason"),
    *("tenant", "home_route"),
}
PLAN_NUMBERS = ("cost_usd", "bound_usd", "gap", "gap_usd", "seconds", "verification_seconds", "seed")
#: Fields that hold rows of their own.
ROWS = {"moves", "unprotected"}
TABLES = ("sites", "pools", "flows", "unserved", "grid", "links", "tenants", "n_minus_1")


def numbers(plan: Plan) -> Iterator[Violation]:
    """Check ``number``: every figure is a finite number."""
    for field in fields(plan):
        if field.name in PLAN_NUMBERS:
            yield from _number("plan", field, getattr(plan, field.name))
    for line, usd in plan.cost_lines.items():
        yield from _finite("plan", f"cost_lines.{line}", usd)
    for table in TABLES:
        for i, row in enumerate(getattr(plan, table)):
            yield from _row_numbers(f"{table}[{i}]", row)


def unknown_ids(facts: Facts) -> Iterator[Violation]:
    """Check ``unknown_id``: whatever a row of the plan names is known to the scenario."""
    plan, moves = facts.plan, [move for row in facts.plan.n_minus_1 for move in row.moves]
    left = [row.workload for failure in plan.n_minus_1 for row in failure.unprotected]
    users: list[PoolPlan | FlowPlan] = [*plan.pools, *plan.flows]
    demands: list[FlowPlan | UnservedPlan | MovePlan] = [*plan.flows, *plan.unserved, *moves]
    places = [*users, *plan.tenants, *plan.n_minus_1, *moves]
    limits = {limit.id for limit in facts.scenario.grid_limits}
    hardware = {name for workload in facts.scenario.workloads for name in workload.accelerators} | {STATED}
    tenants = {w.tenant for w in facts.scenario.workloads if w.tenant is not None}
    yield from unknown("site", [*(row.id for row in plan.sites), *(row.site for row in places)], facts.sites)
    yield from unknown("design", (row.design for row in plan.sites), facts.designs)
    yield from unknown("workload", [*(pool.workload for pool in plan.pools), *left], facts.workloads)
    yield from unknown("accelerator", (row.accelerator for row in users), hardware)
    yield from unknown("demand", ((row.region, row.workload) for row in demands), facts.demand)
    yield from unknown("grid limit", (row.id for row in plan.grid), limits)
    yield from unknown("link", (row.id for row in plan.links), limits_gbps(facts))
    yield from unknown("tenant", (row.tenant for row in plan.tenants), tenants)


def duplicates(facts: Facts) -> Iterator[Violation]:
    """Check ``duplicate``: there is one row for each thing that a table is about."""
    plan = facts.plan
    yield from repeated("site", (row.id for row in plan.sites))
    yield from repeated("pool", (f"{row.site}/{row.workload} on {row.accelerator}" for row in plan.pools))
    yield from repeated("flow", (f"{row.region}/{row.workload} -> {row.site}" for row in plan.flows))
    yield from repeated("unserved demand", (f"{row.region}/{row.workload}" for row in plan.unserved))
    yield from repeated("grid limit", (row.id for row in plan.grid))
    yield from repeated("link", (row.id for row in plan.links))
    yield from repeated("tenant", (f"{row.tenant} at {row.site}" for row in plan.tenants))
    yield from repeated("failure", (row.site for row in plan.n_minus_1))
    for failure in plan.n_minus_1:
        off, moves = f"off {failure.site}", failure.moves
        yield from repeated("move", (f"{m.region}/{m.workload} -> {m.site} {off}" for m in moves))
        yield from repeated("displaced workload", (f"{row.workload} {off}" for row in failure.unprotected))


def _row_numbers(path: str, row: Any) -> Iterator[Violation]:
    for field in fields(row):
        value = getattr(row, field.name)
        if is_dataclass(value):
            yield from _row_numbers(f"{path}.{field.name}", value)
        elif field.name in ROWS:
            for i, inner in enumerate(value):
                yield from _row_numbers(f"{path}.{field.name}[{i}]", inner)
        elif field.name not in NAMES:
            yield from _number(path, field, value)


def _number(subject: str, field: Field[Any], value: object) -> Iterator[Violation]:
    """Check a field of the plan for a number; one whose type says so may be empty."""
    if value is not None or "None" not in str(field.type):
        yield from _finite(subject, field.name, value)


def _finite(subject: str, name: str, value: object) -> Iterator[Violation]:
    if isinstance(value, bool) or not isinstance(value, Real):
        yield Violation("number", subject, f"{name} is {value!r}, not a number such as 1.0")
        return
    try:
        finite = isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        shown = f"{value}" if isinstance(value, float) else "an integer beyond 1e308"
        yield Violation("number", subject, f"{name} is {shown}, not a finite number such as 1.0")


def unknown(kind: str, names: Iterable[object], known: Iterable[object]) -> Iterator[Violation]:
    """Check names of one kind for those that are not known."""
    here = set(known)
    for name, rows in Counter(name for name in names if name not in here).items():
        shown = "/".join(name) if isinstance(name, tuple) else str(name)
        message = f"unknown {kind}, named by {rows} row(s) of the plan; {len(here)} are known"
        yield Violation("unknown_id", shown, message, float(rows))


def repeated(kind: str, names: Iterable[str]) -> Iterator[Violation]:
    """Check the names of rows of one kind for those that stand twice."""
    for name, rows in Counter(names).items():
        if rows > 1:
            yield Violation("duplicate", name, f"the {kind} has {rows} rows; 1 is allowed", float(rows - 1))
