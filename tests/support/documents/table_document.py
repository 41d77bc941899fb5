"""A scenario whose sites stand in a file of any format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.documents.small_scenario import small_scenario

if TYPE_CHECKING:
    from pathlib import Path

KEYS = ["id", "name", "lat", "lon", "tier", "jurisdiction", "headroom_mw", "designs", "price_usd_per_mwh"]
ROWS = [
    ["hub", "Zürich", "47.3769", "8.5417", "hyperscale", "CH", "20", "big", "80.5"],
    ["sub", "Köln-Süd", "50.9375", "6.9603", "micro", "DE", "6.5", "box", "112.5"],
]


def table_document(path: Path, content: str | bytes) -> dict[str, Any]:
    """The document, its sites in the file at a path."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    designs = [
        {"id": name, "tiers": [tier], "module_mw": 1.0, "max_modules": 4, "pue": 1.2, "fixed_usd": 1e6}
        | {"usd_per_module": 8e6}
        for name, tier in (("big", "hyperscale"), ("box", "micro"))
    ]
    workload = {
        "id": "chat",
        "service": {"ms": 20.0},
        "replica": {"rps": 10.0, "kw": 10.0, "usd": 1e5},
        "tiers": ["micro", "hyperscale"],
    }
    return {
        "schema_version": 1,
        "jurisdictions": small_scenario()["jurisdictions"],
        "sites": {"file": str(path)},
        "designs": designs,
        "workloads": [workload],
        "regions": [{"id": "north", "lat": 51.0, "lon": 9.0, "jurisdiction": "DE"}],
        "demand": [{"region": "north", "workload": "chat", "peak_rps": 16.0, "mean_rps": 8.0}],
    }


def table_text(
    separator: str, rows: list[list[str]] = ROWS, keys: list[str] = KEYS, end: str = "\r\n"
) -> str:
    """The sites as CSV."""
    return "".join(separator.join(row) + end for row in [keys, *rows])
