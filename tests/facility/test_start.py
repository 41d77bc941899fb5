"""A plan to start from, for a scenario that states no more than the textbook problem."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from siteopt import Scenario, load_scenario, solve
from siteopt.compile import compile_instance
from siteopt.facility import recognised


def textbook() -> Scenario:
    """Three sites of one module each, four regions, egress for what crosses a distance, everything else free."""
    place = {"lat": 50.0, "jurisdiction": "X"}
    document: dict[str, Any] = {
        "schema_version": 1,
        "jurisdictions": [{"id": "X"}],
        "designs": [
            {
                "id": "box",
                "tiers": ["micro"],
                "module_mw": 1.0,
                "max_modules": 1,
                "pue": 1.0,
                "fixed_usd": 1e5,
                "usd_per_module": 1e6,
            }
        ],
        "sites": [
            place
            | {"id": f"s{j}", "lon": 8.0 + j, "tier": "micro", "headroom_mw": 1.0, "designs": ["box"]}
            | {"price_usd_per_mwh": 50.0 + 10.0 * j, "land_usd": 1e5 * (j + 1)}
            for j in range(3)
        ],
        "workloads": [
            {"id": "a", "sizing": "linear", "tiers": ["micro"], "service": {"ms": 10.0}}
            | {"replica": {"rps": 10.0, "kw": 10.0, "usd": 0.0, "idle_fraction": 0.0}}
        ],
        "regions": [place | {"id": f"r{i}", "lon": 8.0 + 0.5 * i} for i in range(4)],
        "demand": [
            {"region": f"r{i}", "workload": "a", "peak_rps": 300.0, "mean_rps": 100.0} for i in range(4)
        ],
    }
    return load_scenario(document)


def test_a_plan_to_start_from_is_kept_for_a_textbook_scenario(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was ignored, for methods of facility location begin afresh; here they find nothing at all."""
    scenario = textbook()
    assert recognised(compile_instance(scenario)) is not None
    best = solve(scenario, gap=0.0)
    monkeypatch.setattr("siteopt.solving.solve.solve_facility_location", lambda *_: True)
    again = solve(scenario, gap=0.0, method="search", start=best)
    assert again.verified
    assert again.cost_usd == pytest.approx(best.cost_usd)
    assert again.bound_usd is None


def test_a_plan_to_start_from_that_does_not_hold_is_passed_over() -> None:
    scenario = textbook()
    best = solve(scenario, gap=0.0)
    crowded = replace(
        best, sites=best.sites[:1], flows=tuple(replace(f, site=best.sites[0].id) for f in best.flows)
    )
    for start in (crowded, replace(best, flows=best.flows[1:])):
        assert solve(scenario, gap=0.0, start=start).cost_usd == pytest.approx(best.cost_usd)
