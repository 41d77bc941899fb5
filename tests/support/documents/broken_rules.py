"""Broken scenarios of the newer keys: what is changed, the one path that is named, and the whole of its message."""

from __future__ import annotations

from typing import Any

from support.documents.broken_scenarios import ABSENT, again

#: name: (changes by path, the path that the message must name, the message without the row's id)
Broken = dict[str, tuple[dict[str, Any], str, str]]

HOME = {"node": "middle"}
STEPS = [{"up_to_mw": 5.0, "months": 6.0, "usd": 1e5}, {"up_to_mw": 10.0, "months": 24.0, "usd": 4e5}]


def steps(key: str, value: float) -> dict[str, Any]:
    """Two steps of which the second one has another figure, at the first site."""
    return {
        "sites[0].connection_usd": ABSENT,
        "sites[0].connection_steps": [STEPS[0], STEPS[1] | {key: value}],
    }


def existing(design: str, modules: int, **more: Any) -> dict[str, Any]:
    """The first site with modules that stand there already."""
    return again("sites[0]") | {
        "status": "existing",
        "existing": {"design": design, "modules": modules},
        **more,
    }


NETWORK: Broken = {
    "uplink below zero": (
        {"sites[0].uplink_gbps": -1},
        "sites[0].uplink_gbps",
        "should be at least 0, not -1",
    ),
    "link of negative capacity": (
        *({"network.links[0].capacity_gbps": -0.5}, "network.links[0].capacity_gbps"),
        "should be at least 0, not -0.5",
    ),
    "capacity as text": (
        *({"network.links[1].capacity_gbps": "100G"}, "network.links[1].capacity_gbps"),
        'should be a number, not "100G"',
    ),
    "home at an unknown node": (
        *({"workloads[0].home": {"node": "midle"}}, "workloads[0].home.node"),
        "unknown network node 'midle'; did you mean 'middle'?",
    ),
    "home without a network": (
        *({"workloads[0].home": HOME, "network": {}, "sites[1].node": ABSENT}, "workloads[0].home.node"),
        "data live at a node of the backbone, and this scenario has none; give network.nodes",
    ),
    "home without a node": (
        *({"workloads[0].home": {"gb_per_call": 0.1}}, "workloads[0].home.node"),
        "required key is missing",
    ),
    "fewer than no trips": (
        *({"workloads[0].home": HOME | {"trips_per_call": -1.0}}, "workloads[0].home.trips_per_call"),
        "should be at least 0, not -1.0",
    ),
    "copies of no data": (
        *({"workloads[0].replica_gb": 50.0}, "workloads[0].replica_gb"),
        "is the size of a copy of the data, and the workload has none; give its home",
    ),
    "sync of no copy": (
        *({"workloads[0].home": HOME, "workloads[0].sync_gb_per_day": 5.0}, "workloads[0].sync_gb_per_day"),
        "keeps a copy of the data up to date, and no site may hold one; give replica_gb",
    ),
    "sync without home": (
        *({"workloads[0].sync_gb_per_day": 5.0}, "workloads[0].sync_gb_per_day"),
        "keeps a copy of the data up to date, and no site may hold one; give replica_gb",
    ),
    "storage price of no copy": (
        *({"policy.storage_usd_per_gb_year": 0.2}, "policy.storage_usd_per_gb_year"),
        "acts on nothing: no workload may keep copies of its data; give replica_gb or remove it",
    ),
}

POWER: Broken = {
    "PUE of an unknown design": (
        *({"sites[0].pue": {"modul": 1.2}}, "sites[0].pue.modul"),
        "unknown design 'modul'; did you mean 'module'?",
    ),
    "PUE of another site's design": (
        *({"sites[0].pue": {"hall": 1.2}}, "sites[0].pue.hall"),
        "'hall' is none of this site's designs; add it to designs or remove its PUE",
    ),
    "PUE of a cold climate": (
        *({"sites[0].pue": {"module": 0.98}}, "sites[0].pue.module"),
        "should be at least 1, not 0.98",
    ),
    "unknown redundancy": (
        *({"designs[0].redundancy": "N+2"}, "designs[0].redundancy"),
        "should be 'N', 'N+1' or '2N', not \"N+2\"",
    ),
    "unknown cooling": (
        *({"designs[0].cooling": "water"}, "designs[0].cooling"),
        "should be 'air' or 'liquid', not \"water\"",
    ),
    "rack without power": (
        *({"designs[0].rack_kw": 0.0}, "designs[0].rack_kw"),
        "should be greater than 0, not 0.0",
    ),
    "capital that does not grow": (
        *({"designs[0].scale_exponent": 0.0}, "designs[0].scale_exponent"),
        "should be greater than 0, not 0.0",
    ),
    "one module that stands by": (
        *({"designs[0].redundancy": "N+1", "designs[0].max_modules": 1}, "designs[0].max_modules"),
        "should be at least 2, not 1: with redundancy 'N+1' one module stands by",
    ),
    "existing module that stands by": (
        *({"designs[0].redundancy": "N+1", "sites[0]": existing("module", 1)}, "sites[0].existing.modules"),
        "should be at least 2, not 1: with redundancy 'N+1' of 'module' one stands by",
    ),
    "coincidence of no charge": (
        *({"policy.coincidence": 0.7}, "policy.coincidence"),
        "acts on nothing: no site has a coincident_charge_usd_per_mw_year; give one or remove it",
    ),
    "coincidence above one": (
        *({"policy.coincidence": 1.5}, "policy.coincidence"),
        "should be at most 1, not 1.5; check the unit",
    ),
    "replica of unknown cooling": (
        *({"workloads[0].replica.cooling": "oil"}, "workloads[0].replica.cooling"),
        "should be 'air' or 'liquid', not \"oil\"",
    ),
}

CONNECTION: Broken = {
    "step that carries no more": (
        *(steps("up_to_mw", 5.0), "sites[0].connection_steps[1].up_to_mw"),
        "should be more than the 5 of the step before, not 5",
    ),
    "step that is sooner": (
        *(steps("months", 3.0), "sites[0].connection_steps[1].months"),
        "should be at least the 6 of the step before, not 3; drop that step if this one is better",
    ),
    "step that is cheaper": (
        *(steps("usd", 0.0), "sites[0].connection_steps[1].usd"),
        "should be at least the 100000 of the step before, not 0; drop that step if this one is better",
    ),
    "step without power": (
        *(steps("up_to_mw", 0.0), "sites[0].connection_steps[1].up_to_mw"),
        "should be greater than 0, not 0.0",
    ),
    "step without a date": (
        *({"sites[0].connection_usd": 0.0, "sites[0].connection_steps": [{"up_to_mw": 1.0, "usd": 0.0}]},),
        *("sites[0].connection_steps[0].months", "required key is missing"),
    ),
    "one price and steps": (
        *({"sites[0].connection_steps": STEPS}, "sites[0].connection_usd"),
        "contradicts connection_steps, which have prices of their own; remove one of the two",
    ),
    "forced beyond the date of its design": (
        {"sites[0].status": "forced", "designs[0].build_months": 18.0, "policy.ready_by_month": 12.0},
        "sites[0].status",
        'is "forced", but nothing can be ready there before month 18, and policy.ready_by_month is 12',
    ),
    "forced beyond the date of its connection": (
        steps("months", 30.0) | {"sites[0].status": "forced", "policy.ready_by_month": 5.0},
        "sites[0].status",
        'is "forced", but nothing can be ready there before month 6, and policy.ready_by_month is 5',
    ),
    "ready before it begins": (
        *({"policy.ready_by_month": -1.0}, "policy.ready_by_month"),
        "should be at least 0, not -1.0",
    ),
}

RULES: Broken = {
    "share of no tenant": (
        *({"policy.tenant_share": 0.5}, "policy.tenant_share"),
        "acts on nothing: no workload names a tenant; give workloads[].tenant or remove it",
    ),
    "power of no tenant": (
        *({"policy.tenant_site_mw": 2.0}, "policy.tenant_site_mw"),
        "acts on nothing: no workload names a tenant; give workloads[].tenant or remove it",
    ),
    "tenant with no share": (
        *({"policy.tenant_share": 0.0, "workloads[0].tenant": "a"}, "policy.tenant_share"),
        "should be greater than 0, not 0.0",
    ),
    "tenant without a name": (
        *({"workloads[0].tenant": ""}, "workloads[0].tenant"),
        "should not be an empty string",
    ),
    "protected without an SLO": (
        *({"workloads[2].protect": {"slo_ms": 500.0}}, "workloads[2].protect"),
        "needs an SLO that a failure may degrade; give slo, or leave the workload unprotected",
    ),
    "protected time per token": (
        {
            **{"workloads[0].service": ABSENT, "workloads[0].replica": ABSENT},
            **{"workloads[0].model": "meta-llama/Meta-Llama-3.1-8B", "workloads[0].accelerators": ["L40S"]},
            **{"workloads[0].input_tokens": 900.0, "workloads[0].output_tokens": 200.0},
            "workloads[0].slo": [{"metric": "tpot", "ms": 90.0}, {"metric": "ttft", "ms": 900.0}],
            "workloads[0].protect": {"slo_ms": 120.0},
        },
        "workloads[0].protect",
        'degrades slo[0], and no site changes the time per token; put "ttft" or "e2e" first',
    ),
    "degraded to something better": (
        *({"workloads[0].protect": {"slo_ms": 150.0}}, "workloads[0].protect.slo_ms"),
        "should be at least the 200 of slo[0], not 150: it is the limit after a failure",
    ),
    "protected without a limit": (
        *({"workloads[0].protect": {}}, "workloads[0].protect.slo_ms"),
        "required key is missing",
    ),
    "unknown mode": (
        *({"policy.mode": "centre"}, "policy.mode"),
        "should be 'hybrid', 'central' or 'edge', not \"centre\"",
    ),
    "central without a hub": (
        *({"policy.mode": "central", "sites[2].status": "forbidden"}, "policy.mode"),
        "'central' leaves no site: it needs one of tier hyperscale that is not forbidden",
    ),
    "edge of hubs": (
        {"policy.mode": "edge", "sites": again("sites")[2:], "grid_limits": []},
        "policy.mode",
        "'edge' leaves no site: it needs one of tier micro or enclosure or device that is not forbidden",
    ),
}

UNREFRESHED = "acts only with policy.refresh true; set that or remove this"
NO_LIFE = "needs life_years beside it: it is what is left at the end of that life"
NEW = {
    **{"id": "NPU", "family": "any", "memory_gb": 32.0, "bandwidth_tb_s": 1.0, "bf16_tflops": 100.0},
    **{"link_gb_s": 32.0, "tdp_w": 150.0, "server_factor": 1.3, "idle_fraction": 0.2, "max_tp": 1},
    "price_usd": 4000.0,
}

LIFE: Broken = {
    "life of a design, never renewed": (
        *({"designs[1].life_years": 15.0}, "designs[1].life_years", UNREFRESHED),
    ),
    "salvage of a design, never sold": (
        *({"designs[1].salvage_fraction": 0.1}, "designs[1].salvage_fraction", UNREFRESHED),
    ),
    "life of a replica, never renewed": (
        *({"workloads[1].replica.life_years": 5.0}, "workloads[1].replica.life_years", UNREFRESHED),
    ),
    "salvage of a replica, never sold": (
        *({"workloads[1].replica.salvage_fraction": 0.2}, "workloads[1].replica.salvage_fraction"),
        UNREFRESHED,
    ),
    "life of an accelerator, never renewed": (
        *({"accelerators": [{"id": "L40S", "life_years": 4.0}]}, "accelerators[0].life_years", UNREFRESHED),
    ),
    "salvage of an accelerator, never sold": (
        *({"accelerators": [{"id": "L40S", "salvage_fraction": 0.1}]}, "accelerators[0].salvage_fraction"),
        UNREFRESHED,
    ),
    "salvage of a design that lasts": (
        *(
            {"policy.refresh": True, "designs[0].salvage_fraction": 0.1},
            "designs[0].salvage_fraction",
            NO_LIFE,
        ),
    ),
    "salvage of a replica that lasts": (
        {"policy.refresh": True, "workloads[0].replica.salvage_fraction": 0.1},
        *("workloads[0].replica.salvage_fraction", NO_LIFE),
    ),
    "salvage of a new accelerator that lasts": (
        {"policy.refresh": True, "accelerators": [NEW | {"salvage_fraction": 0.1}]},
        *("accelerators[0].salvage_fraction", NO_LIFE),
    ),
    "salvage above the price": (
        *({"policy.refresh": True, "designs[0].salvage_fraction": 1.1}, "designs[0].salvage_fraction"),
        "should be at most 1, not 1.1; check the unit",
    ),
    "life of a month": (
        *({"policy.refresh": True, "designs[0].life_years": 0.1}, "designs[0].life_years"),
        "should be at least 0.5, not 0.1",
    ),
    "refresh as a number": ({"policy.refresh": 1}, "policy.refresh", "should be true or false, not 1"),
}

BROKEN_RULES: Broken = NETWORK | POWER | CONNECTION | RULES | LIFE
