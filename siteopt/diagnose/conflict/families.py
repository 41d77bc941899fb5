"""Families of rules: which limits a scenario has, and the same scenario with other limits or without them.

``limits`` gives a number in the family's unit, or None where a rule is only there or not. ``ease`` puts other numbers
in their place; None takes the rule away. A power limit is taken away by a limit beyond all needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, get_args

from siteopt.compile.links import link_name
from siteopt.scenario.quantities import Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from siteopt.scenario.schema import Demand, Scenario, Site, Slo, Workload

    Limits = dict[str, float | None]
    Eased = Mapping[str, float | None]

#: A latency limit that nothing reaches, ms.
NO_LIMIT_MS = 1e8
BETWEEN = " | "
#: In the place of a region: all of them.
EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of rule.

    Attributes
    ----------
    unit : str
        Of its limits; empty where it has none.
    limits : callable
        Limit by subject.
    ease : callable
        The scenario with other limits; also told what power is beyond all needs, MW.
    is_count : bool
        Whether limits are whole numbers.
    """

    unit: str
    limits: Callable[[Scenario], Limits]
    ease: Callable[[Scenario, Eased, float], Scenario]
    is_count: bool = False


def _replaced(scenario: Scenario, table: str, edit: Callable[[Any], dict[str, Any]]) -> Scenario:
    """The scenario with fields of some rows of a table replaced."""
    rows = tuple(
        row.model_copy(update=new) if (new := edit(row)) else row for row in getattr(scenario, table)
    )
    return scenario.model_copy(update={table: rows})


def demand_key(demand: Demand) -> str:
    """How the rule that a demand must be served is called."""
    return f"{demand.region}{BETWEEN}{demand.workload}"


def _demand_limits(scenario: Scenario) -> Limits:
    must = {w.id for w in scenario.workloads if w.unserved_usd_per_1k is None}
    return {demand_key(d): None for d in scenario.demand if d.workload in must}


def whole_demand_key(workload: str) -> str:
    """How the rule that all demand for a workload must be served is called."""
    return f"{EVERYWHERE}{BETWEEN}{workload}"


def _demand_ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
    kept = tuple(
        d for d in scenario.demand if demand_key(d) not in to and whole_demand_key(d.workload) not in to
    )
    if kept:
        return scenario.model_copy(update={"demand": kept})
    first = scenario.demand[0]
    free = {"unserved_usd_per_1k": 0.0, "protect": None}
    alone = scenario.model_copy(update={"demand": (first,)})
    return _replaced(alone, "workloads", lambda w: free if w.id == first.workload else {})


def _of_policy(key: str, unit: str, *, is_count: bool = False) -> Family:
    """A limit of the policy."""

    def limits(scenario: Scenario) -> Limits:
        value = getattr(scenario.policy, key)
        return {} if value is None else {f"policy.{key}": float(value)}

    def ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
        value = to[f"policy.{key}"]
        policy = scenario.policy.model_copy(
            update={key: value if value is None or not is_count else int(value)}
        )
        return scenario.model_copy(update={"policy": policy})

    return Family(unit, limits, ease, is_count)


def _flag(table: str, has: Callable[[Any], bool], free: dict[str, Any]) -> Family:
    """A rule that a row of a table has or has not."""

    def limits(scenario: Scenario) -> Limits:
        return {row.id: None for row in getattr(scenario, table) if has(row)}

    def ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
        return _replaced(scenario, table, lambda row: free if row.id in to else {})

    return Family("", limits, ease)


def _slo_key(workload: Workload, slo: Slo) -> str:
    return f"{workload.id}{BETWEEN}{slo.metric}"


def _slo_ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
    def edit(workload: Workload) -> dict[str, Any]:
        slos = []
        for slo in workload.slo:
            key = _slo_key(workload, slo)
            ms = to.get(key, slo.ms)
            slos.append(slo.model_copy(update={"ms": NO_LIMIT_MS if ms is None else ms}))
        new: dict[str, Any] = {"slo": tuple(slos)}
        if workload.protect is not None and slos and slos[0].ms > workload.protect.slo_ms:
            new["protect"] = workload.protect.model_copy(update={"slo_ms": slos[0].ms})
        return new

    return _replaced(scenario, "workloads", edit)


def _headroom_ease(scenario: Scenario, to: Eased, ample_mw: float) -> Scenario:
    def edit(site: Site) -> dict[str, Any]:
        if site.id not in to:
            return {}
        value = to[site.id]
        return {"headroom_mw": ample_mw if value is None else value}

    return _replaced(scenario, "sites", edit)


def _connection_ease(scenario: Scenario, to: Eased, ample_mw: float) -> Scenario:
    def edit(site: Site) -> dict[str, Any]:
        if site.id not in to:
            return {}
        *steps, last = site.connection_steps
        value = to[site.id]
        largest = last.model_copy(
            update={"up_to_mw": max(last.up_to_mw, ample_mw) if value is None else value}
        )
        return {"connection_steps": (*steps, largest)}

    return _replaced(scenario, "sites", edit)


def _modules_ease(scenario: Scenario, to: Eased, ample_mw: float) -> Scenario:
    def edit(design: Any) -> dict[str, Any]:
        if design.id not in to:
            return {}
        value = to[design.id]
        enough = ceil(2.0 * ample_mw / (design.module_mw * design.usable_fraction)) + 2
        return {"max_modules": max(design.max_modules, enough) if value is None else int(value)}

    return _replaced(scenario, "designs", edit)


def _grid_ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
    rows = []
    for limit in scenario.grid_limits:
        value = to.get(limit.id, limit.limit_mw)
        if value is not None:
            rows.append(limit.model_copy(update={"limit_mw": value}))
    return scenario.model_copy(update={"grid_limits": tuple(rows)})


def _uplink_ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
    return _replaced(scenario, "sites", lambda s: {"uplink_gbps": to[s.id]} if s.id in to else {})


def _link_ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
    links = tuple(
        link.model_copy(update={"capacity_gbps": to[name]}) if (name := link_name(link)) in to else link
        for link in scenario.network.links
    )
    return scenario.model_copy(update={"network": scenario.network.model_copy(update={"links": links})})


def _protect_ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
    def edit(workload: Workload) -> dict[str, Any]:
        if workload.id not in to or workload.protect is None:
            return {}
        value = to[workload.id]
        return {"protect": None if value is None else workload.protect.model_copy(update={"slo_ms": value})}

    return _replaced(scenario, "workloads", edit)


FAMILIES: dict[str, Family] = {
    "demand": Family("", _demand_limits, _demand_ease),
    "slo": Family(
        "ms", lambda s: {_slo_key(w, slo): slo.ms for w in s.workloads for slo in w.slo}, _slo_ease
    ),
    "protect": Family(
        "ms",
        lambda s: {w.id: w.protect.slo_ms for w in s.workloads if w.protect is not None},
        _protect_ease,
    ),
    "jurisdictions": _flag("workloads", lambda w: w.jurisdictions != "any", {"jurisdictions": "any"}),
    "sovereign_route": _flag("workloads", lambda w: w.sovereign_route, {"sovereign_route": False}),
    "tiers": _flag("workloads", lambda w: set(w.tiers) != set(get_args(Tier)), {"tiers": get_args(Tier)}),
    "whole": _flag("workloads", lambda w: not w.splittable, {"splittable": True}),
    "mode": Family(
        "",
        lambda s: {} if s.policy.mode == "hybrid" else {"policy.mode": None},
        lambda s, _to, _mw: s.model_copy(update={"policy": s.policy.model_copy(update={"mode": "hybrid"})}),
    ),
    "budget": _of_policy("budget_usd", "USD"),
    "max_sites": _of_policy("max_sites", "sites", is_count=True),
    "ready_by_month": _of_policy("ready_by_month", "months"),
    "tenant_share": _of_policy("tenant_share", "of a site"),
    "tenant_site_mw": _of_policy("tenant_site_mw", "MW"),
    "grid": Family("MW", lambda s: {g.id: g.limit_mw for g in s.grid_limits}, _grid_ease),
    "headroom": Family(
        "MW", lambda s: {j.id: j.headroom_mw for j in s.sites if j.status != "forbidden"}, _headroom_ease
    ),
    "connection": Family(
        "MW",
        lambda s: {j.id: j.connection_steps[-1].up_to_mw for j in s.sites if j.connection_steps},
        _connection_ease,
    ),
    "modules": Family(
        "modules", lambda s: {d.id: float(d.max_modules) for d in s.designs}, _modules_ease, is_count=True
    ),
    "racks": _flag(
        "designs",
        lambda d: d.rack_kw is not None or d.cooling == "air",
        {"rack_kw": None, "cooling": "liquid"},
    ),
    "uplink": Family(
        "Gbit/s", lambda s: {j.id: j.uplink_gbps for j in s.sites if j.uplink_gbps is not None}, _uplink_ease
    ),
    "link": Family(
        "Gbit/s",
        lambda s: {link_name(n): n.capacity_gbps for n in s.network.links if n.capacity_gbps is not None},
        _link_ease,
    ),
    "forced": _flag("sites", lambda j: j.status == "forced", {"status": "candidate"}),
    "forbidden": _flag("sites", lambda j: j.status == "forbidden", {"status": "candidate"}),
}
