"""Scenarios of any size for the benchmarks: random places, two hubs, four kinds of workload."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Two hubs stand beside the small sites.
N_HUBS = 2


def generated_scenario(n_sites: int, n_regions: int, seed: int = 1) -> dict[str, Any]:
    """A scenario document in which nearly every site may serve nearly every region.

    Parameters
    ----------
    n_sites : int
        Candidates beside the hubs.
    n_regions : int
    seed : int

    Returns
    -------
    dict
    """
    random = np.random.default_rng(seed)
    workloads = _workloads()
    return {
        "schema_version": 1,
        "name": f"generated-{n_sites}-{n_regions}",
        "horizon": {"years": 10, "discount_rate": 0.07},
        "jurisdictions": [{"id": "DE", "groups": ["EU"]}],
        "sites": [*_hubs(), *(_site(n, random) for n in range(n_sites))],
        "grid_limits": [
            {"id": f"zone-{z}", "zone": f"zone-{z}", "limit_mw": 2.0 * n_sites} for z in range(10)
        ],
        "designs": _designs(),
        "workloads": workloads,
        "regions": [{"id": f"region-{n}", **_place(random), "jurisdiction": "DE"} for n in range(n_regions)],
        "demand": [
            {
                "region": f"region-{n}",
                "workload": workload["id"],
                "peak_rps": 2.0 * mean,
                "mean_rps": mean,
            }
            for n in range(n_regions)
            for workload, mean in zip(
                workloads, random.uniform(5.0, 50.0, len(workloads)).tolist(), strict=True
            )
        ],
        "policy": {"utilisation_cap": 0.8, "egress_usd_per_gb": 0.02, "transit_usd_per_gb": 0.01},
    }


def without_tails(document: dict[str, Any]) -> dict[str, Any]:
    """A scenario that the plain comparisons can follow: pools sized by utilisation, one accelerator a workload."""
    workloads = [
        {
            **w,
            "sizing": "utilisation",
            **({"accelerators": w["accelerators"][:1]} if "accelerators" in w else {}),
        }
        for w in document["workloads"]
    ]
    return {**document, "workloads": workloads}


def _place(random: np.random.Generator) -> dict[str, float]:
    return {"lat": float(random.uniform(47.5, 55.0)), "lon": float(random.uniform(6.0, 15.0))}


def _site(n: int, random: np.random.Generator) -> dict[str, Any]:
    return {
        "id": f"site-{n}",
        **_place(random),
        "tier": "micro",
        "jurisdiction": "DE",
        "zone": f"zone-{n % 10}",
        "headroom_mw": float(random.uniform(2.0, 20.0)),
        "designs": ["module"],
        "price_usd_per_mwh": float(random.uniform(80.0, 140.0)),
        "connection_usd": float(random.uniform(1e5, 1e6)),
        "land_usd": 1e5,
    }


def _hubs() -> list[dict[str, Any]]:
    return [
        {
            "id": f"hub-{n}",
            "lat": 50.1 + 2.4 * n,
            "lon": 8.7 + 4.7 * n,
            "tier": "hyperscale",
            "jurisdiction": "DE",
            "status": "existing",
            "existing": {"design": "hall", "modules": 1},
            "headroom_mw": 500.0,
            "designs": ["hall"],
            "price_usd_per_mwh": 90.0,
        }
        for n in range(N_HUBS)
    ]


def _designs() -> list[dict[str, Any]]:
    small = {"id": "module", "tiers": ["micro"], "module_mw": 1.0, "max_modules": 10, "pue": 1.3}
    large = {"id": "hall", "tiers": ["hyperscale"], "module_mw": 20.0, "max_modules": 20, "pue": 1.2}
    return [
        {**small, "fixed_usd": 1e6, "usd_per_module": 8e6, "staff_usd_per_year": 1e5},
        {**large, "fixed_usd": 2e7, "usd_per_module": 1.5e8, "staff_usd_per_year": 5e6},
    ]


def _workloads() -> list[dict[str, Any]]:
    def workload(name: str, **rest: Any) -> dict[str, Any]:
        return {
            "id": name,
            "service": {"ms": 40.0},
            "replica": {"rps": 10.0, "kw": 8.0, "usd": 250_000.0},
            "tiers": ["micro", "hyperscale"],
            "gb_out": 1e-5,
            **rest,
        }

    return [
        workload("chat", slo=[{"metric": "ttft", "ms": 300.0}]),
        workload("vision", slo=[{"metric": "ttft", "ms": 60.0}], splittable=False),
        workload("agent", sizing="linear", calls_per_request=4.0),
        workload("batch", gb_in=1e-3, unserved_usd_per_1k=5.0),
    ]
