"""Decisions for ``llm_document``, made by hand: models on two accelerators, and pools of two slots per replica."""

from __future__ import annotations

from typing import Any

POOLS = (
    ("hamburg-ost", "chat", "H100_SXM", 1, "fp8", 1, 43),
    ("hamburg-ost", "vision", "replica", 5, None, None, None),
    ("main-taunus", "chat", "L40S", 2, "fp8", 1, 22),
    ("main-taunus", "vision", "replica", 4, None, None, None),
)
FLOWS = (
    ("hamburg", "chat", "hamburg-ost", "H100_SXM"),
    ("frankfurt", "chat", "main-taunus", "L40S"),
    ("zurich", "chat", "hamburg-ost", "H100_SXM"),
    ("hamburg", "vision", "hamburg-ost", "replica"),
    ("kassel", "vision", "main-taunus", "replica"),
)


def pool(*values: Any) -> dict[str, Any]:
    keys = ("site", "workload", "accelerator", "replicas", "precision", "tensor_parallel", "batch")
    return dict(zip(keys, values, strict=True))


def decisions() -> dict[str, Any]:
    """The JSON document of a plan without figures."""
    flows = [dict(zip(("region", "workload", "site", "accelerator"), row, strict=True)) for row in FLOWS]
    return {
        "sites": [{"id": name, "design": "module", "modules": 1} for name in ("hamburg-ost", "main-taunus")],
        "pools": [pool(*row) for row in POOLS],
        "flows": [row | {"share": 1.0} for row in flows],
        "unserved": [{"region": "frankfurt", "workload": "training", "share": 1.0}],
    }
