"""The ascent where no plan exists: its bound grows without end, and it ends before numbers do."""

from __future__ import annotations

from math import inf, isfinite
from typing import Any

from siteopt.bounds.lagrangian import OUT_OF_REACH_USD, LagrangianAscent
from siteopt.compile import compile_instance
from siteopt.scenario import load_scenario

#: The demand moves from s to the others when s is lost, and they have no room for it.
TOO_SMALL: dict[str, Any] = {
    "schema_version": 1,
    "horizon": {"years": 5, "discount_rate": 0.0},
    "jurisdictions": [{"id": "X"}],
    "sites": [
        {
            **{"id": name, "lat": lat, "lon": 8, "tier": "micro", "jurisdiction": "X"},
            **{"headroom_mw": headroom_mw, "designs": ["box"], "price_usd_per_mwh": 100},
        }
        for name, lat, headroom_mw in (("s", 50, 0.02), ("t", -10, 0.01), ("u", -10, 0.009))
    ],
    "designs": [
        {
            **{"id": "box", "tiers": ["micro"], "module_mw": 0.1, "max_modules": 5, "pue": 1.0},
            **{"fixed_usd": 1e5, "usd_per_module": 1e5},
        }
    ],
    "workloads": [
        {
            **{"id": "a", "sizing": "linear", "service": {"ms": 100}, "tiers": ["micro"]},
            **{"replica": {"rps": 10, "kw": 10, "usd": 100}, "slo": [{"metric": "e2e", "ms": 200}]},
            "protect": {"slo_ms": 400},
        }
    ],
    "regions": [{"id": "r", "lat": 50, "lon": 8, "jurisdiction": "X"}],
    "demand": [{"region": "r", "workload": "a", "peak_rps": 20, "mean_rps": 1}],
    "network": {"latency": {"access_ms": 0}},
}


def test_a_bound_without_end_is_given_up_before_it_overflows() -> None:
    """Prices grew to infinity, and the bound was no number: "bound $nanB"."""
    ascent = LagrangianAscent(compile_instance(load_scenario(TOO_SMALL)))
    ascent.run(100_000, inf)
    assert ascent.has_converged
    assert ascent.bound_usd >= OUT_OF_REACH_USD
    assert isfinite(ascent.bound_usd)
