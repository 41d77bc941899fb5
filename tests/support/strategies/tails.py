"""Hypothesis strategies: scenarios whose pools are sized by their tail.

Two kinds: tiny ones to enumerate, with stated services, slacks that matter and few replicas; and ones with a model
that may run on two accelerators, for the kernel.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from hypothesis import strategies as st
from scipy.stats import gamma

from support.reference.queueing import max_load
from support.strategies.basic_rules import TIERS, scenario_documents

MODEL = "meta-llama/Meta-Llama-3.1-8B"
ACCELERATORS = ("H100_SXM", "L40S")
#: Calls per second of one replica of the model, roughly; loads are chosen in these.
MODEL_RPS = 20.0


def _is_known(limit: dict[str, Any], sites: list[dict[str, Any]]) -> bool:
    """Whether what a grid limit names is still there once sites have gone."""
    if "coefficients" in limit:
        return set(limit["coefficients"]) <= {site["id"] for site in sites}
    key = "zone" if "zone" in limit else "jurisdiction"
    return limit[key] in {site[key] for site in sites}


@st.composite
def tail_documents(draw: st.DrawFn) -> dict[str, Any]:
    """Up to three sites, two workloads, three regions; most workloads are sized by their tail."""
    document = draw(scenario_documents())
    workloads = document["workloads"][: draw(st.sampled_from([1, 1, 2]))]
    document["workloads"] = workloads
    document["sites"] = document["sites"][:3]
    document["grid_limits"] = [
        limit for limit in document["grid_limits"] if _is_known(limit, document["sites"])
    ]
    document["demand"] = []
    document["network"]["latency"] |= {"route_factor": 1.0, "access_ms": draw(st.sampled_from([0.0, 4.3]))}
    for site in document["sites"]:
        site["headroom_mw"] = draw(st.sampled_from([0.1, 0.1, 0.2, 0.4, 5.0]))
    for n, workload in enumerate(workloads):
        if n == 0 or draw(st.booleans()):
            _make_tail(draw, workload)
        document["demand"] += _demand(draw, document, workload)
    return document


def _make_tail(draw: st.DrawFn, workload: dict[str, Any]) -> None:
    """A service of some slots and an SLO that leaves some ms to round trips (4 to 25 ms here) and waits."""
    slots = draw(st.sampled_from([1, 1, 2, 5]))
    service: dict[str, Any] = {
        "ms": draw(st.sampled_from([3.0, 20.0, 150.0])),
        "scv": draw(st.sampled_from([0.0, 0.5, 1.0, 3.0])),
        "slots": slots,
    }
    workload |= {
        "sizing": "tail",
        "service": service,
        "burst_factor": draw(st.sampled_from([1.0, 1.0, 1.3, 2.5])),
    }
    workload["replica"] |= {
        # Slots need not be as fast as the service: batches hold a call longer than it takes alone.
        "rps": slots * 1000.0 / service["ms"] * draw(st.sampled_from([1.0, 0.6])),
        "kw": draw(st.sampled_from([11.0, 37.0, 60.0])),
    }
    workload |= {"tiers": list(TIERS), "jurisdictions": draw(st.sampled_from(["any", "any", "any", "EU"]))}
    calls = workload["calls_per_request"] = draw(st.sampled_from([1.0, 1.0, 3.0]))
    workload["slo"] = []
    for metric in draw(st.sampled_from([["ttft"], ["e2e"], ["e2e", "ttft"]])):
        percentile = draw(st.sampled_from([0.5, 0.9, 0.99]))
        trips = calls if metric == "e2e" else 1.0
        room = draw(st.sampled_from([8.0, 15.0, 15.0, 25.0, 60.0, 300.0]))
        ms = service_quantile_ms(service, trips, percentile) + trips * room
        workload["slo"].append({"metric": metric, "ms": ms, "percentile": percentile})


def service_quantile_ms(service: dict[str, Any], calls: float, percentile: float) -> float:
    """Quantile of ``calls`` services one after the other, ms."""
    mean, scv = calls * service["ms"], service["scv"] / calls
    return mean if scv == 0.0 else float(gamma.ppf(percentile, 1.0 / scv, scale=mean * scv))


def _demand(draw: st.DrawFn, document: dict[str, Any], workload: dict[str, Any]) -> list[dict[str, Any]]:
    """Together what one to three replicas carry, not quite."""
    replica, cap = workload["replica"], document["policy"]["utilisation_cap"]
    n = draw(st.sampled_from([1, 2, 3, 4]))
    most = n * replica["rps"] * (1.0 if workload["sizing"] == "linear" else cap)
    if workload["sizing"] == "tail":
        service, slack_ms = workload["service"], draw(st.sampled_from([0.0, 3.0, 12.0]))
        holding_ms = 1000.0 * service["slots"] / replica["rps"]
        percentile = max(slo["percentile"] for slo in workload["slo"])
        erlang = max_load(n * service["slots"], slack_ms, holding_ms, service["scv"], percentile)
        most = min(most, erlang / holding_ms * 1000.0 / workload["burst_factor"])
    fewest = draw(st.integers(1, len(document["regions"])))
    here = draw(st.lists(st.sampled_from(document["regions"]), min_size=fewest, unique_by=lambda r: r["id"]))
    rows = []
    for region in here:
        parts = draw(st.integers(2, 10))
        peak_rps = most / workload["calls_per_request"] * (0.0973 * parts + 0.0131) / len(here)
        mean_rps = peak_rps * draw(st.sampled_from([0.2, 0.6, 1.0]))
        rows.append(
            {"region": region["id"], "workload": workload["id"], "peak_rps": peak_rps, "mean_rps": mean_rps}
        )
    workload.pop("unserved_usd_per_1k", None)
    times = draw(st.sampled_from([None, None, 0.3, 1.0, 4.0]))
    if times is not None:  # of what one replica costs, roughly
        requests = document["horizon"]["years"] * 31_536_000.0 * sum(row["mean_rps"] for row in rows)
        workload["unserved_usd_per_1k"] = times * 1000.0 * 600_000.0 / requests
    return rows


@st.composite
def rival_documents(draw: st.DrawFn) -> dict[str, Any]:
    """One workload or two are models that may run on either of two accelerators; the others stay what they are."""
    document = draw(st.one_of(scenario_documents(), tail_documents()))
    number = count()
    for workload in document["workloads"][: draw(st.sampled_from([1, 1, 2]))]:
        for key in ("service", "replica"):
            del workload[key]
        workload |= {
            "model": MODEL,
            "accelerators": draw(st.permutations(ACCELERATORS)),
            "sizing": draw(st.sampled_from(["tail", "tail", "utilisation"])),
            "input_tokens": draw(st.sampled_from([200.0, 1500.0])),
            "output_tokens": draw(st.sampled_from([60.0, 300.0])),
            "slo": draw(_model_slos(workload.get("calls_per_request", 1.0))),
        }
        for row in document["demand"]:
            if row["workload"] == workload["id"]:
                row["peak_rps"] = MODEL_RPS * (0.37 * draw(st.integers(1, 20)) + 0.0131 * next(number))
                row["mean_rps"] = row["peak_rps"] * draw(st.sampled_from([0.2, 0.6, 1.0]))
    return document


@st.composite
def _model_slos(draw: st.DrawFn, calls: float) -> list[dict[str, Any]]:
    slos: list[dict[str, Any]] = []
    if draw(st.booleans()):
        slos.append({"metric": "tpot", "ms": draw(st.sampled_from([30.0, 80.0]))})
    if draw(st.sampled_from([True, True, True, False])):
        ms, percentile = draw(st.sampled_from([300.0, 1500.0])), draw(st.sampled_from([0.9, 0.99]))
        slos.append({"metric": "ttft", "ms": ms, "percentile": percentile})
    if draw(st.booleans()):
        slos.append(
            {"metric": "e2e", "ms": calls * draw(st.sampled_from([4_000.0, 20_000.0])), "percentile": 0.95}
        )
    return slos


@st.composite
def lone_rival_documents(draw: st.DrawFn) -> dict[str, Any]:
    """A model on two accelerators by itself, at up to three sites: few enough plans to enumerate."""
    document = draw(rival_documents())
    model = document["workloads"][0]
    document["sites"] = document["sites"][:3]
    return document | {
        "workloads": [model],
        "demand": [row for row in document["demand"] if row["workload"] == model["id"]],
        "grid_limits": [limit for limit in document["grid_limits"] if _is_known(limit, document["sites"])],
    }
