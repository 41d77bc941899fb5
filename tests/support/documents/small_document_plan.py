"""A plan for the scenario of ``small_document`` as a planner would write it: decisions, no figures."""

from __future__ import annotations

from copy import deepcopy
from typing import Any


def hand_made_plan() -> dict[str, Any]:
    """Vision near its users in Hamburg, all the rest in the hub; it holds.

    Returns
    -------
    dict
        A fresh copy of the JSON document.
    """
    return deepcopy(PLAN)


def _pool(site: str, workload: str, replicas: int) -> dict[str, Any]:
    return {"site": site, "workload": workload, "accelerator": "replica", "replicas": replicas}


def _flow(region: str, workload: str, site: str) -> dict[str, Any]:
    return {"region": region, "workload": workload, "site": site, "accelerator": "replica", "share": 1.0}


PLAN: dict[str, Any] = {
    "schema_version": 1,
    "sites": [
        {"id": "hamburg-ost", "design": "module", "modules": 1},
        {"id": "zurich-hub", "design": "hall", "modules": 1},
    ],
    "pools": [
        _pool("hamburg-ost", "vision", 25),
        _pool("zurich-hub", "chat", 113),
        _pool("zurich-hub", "training", 10),
    ],
    "flows": [
        *(_flow(region, "chat", "zurich-hub") for region in ("hamburg", "frankfurt", "zurich")),
        *(_flow(region, "vision", "hamburg-ost") for region in ("hamburg", "kassel")),
        _flow("frankfurt", "training", "zurich-hub"),
    ],
}
