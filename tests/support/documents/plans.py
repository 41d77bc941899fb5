"""Plans read from JSON documents without a check, so that a test may give them any figures."""

from __future__ import annotations

from typing import Any

from siteopt.plan import (
    DegradedPlan,
    FailurePlan,
    FlowPlan,
    GridUse,
    LinkUse,
    MovePlan,
    Percentiles,
    Plan,
    PoolPlan,
    SitePlan,
    TenantUse,
    UnservedPlan,
)


def plan_of(document: dict[str, Any]) -> Plan:
    """The plan that a document from ``Plan.to_dict`` stands for, values as they are."""
    rows = {key: value for key, value in document.items() if key != "schema_version"}
    flows = []
    for row in rows.pop("flows"):
        percentiles = row["latency_ms"]
        latency = Percentiles(**percentiles) if isinstance(percentiles, dict) else percentiles
        flows.append(FlowPlan(**{**row, "latency_ms": latency, "route": tuple(row["route"])}))
    tables = {
        "sites": tuple(SitePlan(**row) for row in rows.pop("sites")),
        "pools": tuple(_pool_of(row) for row in rows.pop("pools")),
        "flows": tuple(flows),
        "unserved": tuple(UnservedPlan(**row) for row in rows.pop("unserved")),
        "grid": tuple(GridUse(**row) for row in rows.pop("grid")),
        "links": tuple(LinkUse(**row) for row in rows.pop("links", ())),
        "tenants": tuple(TenantUse(**row) for row in rows.pop("tenants", ())),
        "n_minus_1": tuple(_failure_of(row) for row in rows.pop("n_minus_1", ())),
    }
    return Plan(**rows, **tables)


def _pool_of(row: dict[str, Any]) -> PoolPlan:
    return PoolPlan(**{**row, "home_route": tuple(row.get("home_route", ()))})


def _failure_of(row: dict[str, Any]) -> FailurePlan:
    moves = tuple(MovePlan(**move) for move in row.get("moves", ()))
    lost = tuple(DegradedPlan(**kind) for kind in row.get("unprotected", ()))
    return FailurePlan(**{**row, "moves": moves, "unprotected": lost})
