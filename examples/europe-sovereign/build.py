"""Rebuild the European example from its packages: ``python examples/europe-sovereign/build.py``.

Needs the packages of ``requirements.txt``. Writes ``scenario.json`` and the variants beside this file. Same packages,
same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import countries
import facilities
import places
import workloads

HERE = Path(__file__).parent


def main() -> None:
    """Read the packages, build the scenario and its variants, write them."""
    scenario = _scenario()
    _write(HERE / "scenario.json", scenario)
    _write(HERE / "variant-no-hurry.json", _no_hurry(scenario))
    _write(HERE / "variant-borderless.json", _borderless(scenario))


def _scenario() -> dict[str, Any]:
    cities = places.cities()
    return {
        "schema_version": 1,
        "name": "europe-sovereign",
        "horizon": {"years": 10.0, "discount_rate": 0.07},
        "jurisdictions": countries.jurisdiction_rows(),
        "network": places.network_table(cities),
        "sites": facilities.site_rows(cities),
        "designs": facilities.designs(),
        "workloads": [use.workload for use in workloads.uses()],
        "regions": places.region_rows(cities),
        "demand": workloads.demand_rows(cities),
        "policy": facilities.POLICY,
    }


def _no_hurry(scenario: dict[str, Any]) -> dict[str, Any]:
    """The same continent for a planner who can wait ten years: every connection may be had."""
    policy = {**scenario["policy"], "ready_by_month": 120.0}
    return {**scenario, "name": "europe-no-hurry", "policy": policy}


def _borderless(scenario: dict[str, Any]) -> dict[str, Any]:
    """The same continent without any rule on where data may be and pass, data's own home apart."""
    free = [
        {k: v for k, v in w.items() if k != "sovereign_route"} | {"jurisdictions": "any"}
        for w in scenario["workloads"]
    ]
    return {**scenario, "name": "europe-borderless", "workloads": free}


def _write(path: Path, scenario: dict[str, Any]) -> None:
    """JSON with one line per entry of a table, so that a difference between two builds can be read."""
    parts = []
    for key, value in scenario.items():
        if isinstance(value, list):
            parts.append(f'"{key}": {_table(value, "  ")}')
        elif key == "network":
            inner = [f'  "{name}": {_table(value[name], "    ")}' for name in ("nodes", "links")]
            inner.append(f'  "latency": {json.dumps(value["latency"])}')
            parts.append('"network": {\n' + ",\n".join(inner) + "\n}")
        else:
            parts.append(f'"{key}": {json.dumps(value, ensure_ascii=False)}')
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8", newline="\n")


def _table(rows: list[dict[str, Any]], indent: str) -> str:
    lines = f",\n{indent}".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f"[\n{indent}{lines}\n{indent[2:]}]"


if __name__ == "__main__":
    main()
