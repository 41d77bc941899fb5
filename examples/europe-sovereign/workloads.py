"""Nine uses with rules on where they may run, where their data live and what a failure may do to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from countries import COUNTRIES

if TYPE_CHECKING:
    from places import City

SECONDS_PER_DAY = 86_400.0
SECONDS_PER_YEAR = 8760 * 3600.0
CATALOGUE = Path(__file__).parents[2] / "siteopt" / "scenario" / "catalogue" / "accelerators.json"
SERVER_COST_FACTOR = 1.4
"""Price of a server over that of its accelerators (assumption, as in the policy)."""

MARKET_SHARE = 0.1
"""Share of all requests that this operator serves (assumption); rates per person are the German example's."""

HUBS = ["hyperscale"]
ANYWHERE = ["micro", "hyperscale"]
EU = tuple(code for code in COUNTRIES if code not in ("CH", "GB"))

BANK = tuple(code for code in EU if code != "IE")
"""From Ireland no link of the backbone reaches the rest of the EU without passing GB, so that the bank is not there."""

LLAMA_8B = "meta-llama/Meta-Llama-3.1-8B"
LLAMA_70B = "meta-llama/Meta-Llama-3.1-70B"
QWEN_32B = "Qwen/Qwen3-32B"
DEEPSEEK = "deepseek-ai/DeepSeek-R1"


@dataclass(frozen=True, slots=True)
class Use:
    """A workload, its requests per day and person, the peak over that mean, and the countries that ask."""

    workload: dict[str, Any]
    per_day: float
    peak_over_mean: float
    countries: tuple[str, ...] = tuple(COUNTRIES)


def _replica(accelerator: str, rps: float, count: int = 1) -> dict[str, Any]:
    """``count`` accelerators of siteopt's catalogue with their share of servers; read as a file."""
    entries = json.loads(CATALOGUE.read_text(encoding="utf-8"))["accelerators"]
    entry = next(e for e in entries if e["id"] == accelerator)
    number = {key: entry[key]["value"] for key in ("price_usd", "tdp_w", "server_factor", "idle_fraction")}
    return {
        "rps": float(f"{rps:.4g}"),
        "kw": round(count * number["tdp_w"] * number["server_factor"] / 1000.0, 4),
        "usd": round(count * number["price_usd"] * SERVER_COST_FACTOR, -2),
        "idle_fraction": number["idle_fraction"],
        "rack_kw": entry["rack_kw"]["value"],
        "life_years": float(entry["life_years"]["value"]),
    }


def _limits(**ms: float) -> list[dict[str, Any]]:
    return [{"metric": metric, "ms": limit, "percentile": 0.99} for metric, limit in ms.items()]


def _workload(name: str, source: dict[str, Any], gb: tuple[float, float], **rules: Any) -> dict[str, Any]:
    usual = {"sizing": "tail", "slo": [], "tiers": ANYWHERE, "jurisdictions": "any"}
    return {"id": name, **source, **usual, "gb_in": gb[0], "gb_out": gb[1], **rules}


def _model(name: str, accelerators: list[str], tokens: tuple[float, float]) -> dict[str, Any]:
    precisions = ["fp8", "fp4"] if name == DEEPSEEK else ["bf16", "fp8"]
    return {
        "model": name,
        "accelerators": accelerators,
        "precisions": precisions,
        "input_tokens": tokens[0],
        "output_tokens": tokens[1],
    }


def uses() -> tuple[Use, ...]:
    """All uses, in the order of the file."""
    language = (_chat(), _eu_assistant(), _citizen_services(), _emergency_voice(), _frontier())
    return (*language, _bank_core(), _card_fraud(), _health_archive(), _batch())


def _chat() -> Use:
    """Reasoning chat on a 70B, anywhere."""
    model = _model(LLAMA_70B, ["H200_SXM"], (1000.0, 2000.0))
    return Use(_workload("chat", model, (5e-6, 1e-5), slo=_limits(ttft=450.0, tpot=40.0)), 60, 2.2)


def _eu_assistant() -> Use:
    """Assistant on personal data: site and route stay in the EU; asked for by people of the EU."""
    model = _model(LLAMA_70B, ["H200_SXM"], (3000.0, 500.0))
    rules = {"jurisdictions": "EU", "sovereign_route": True, "slo": _limits(ttft=450.0, tpot=40.0)}
    return Use(_workload("eu-assistant", model, (1.5e-5, 3e-6), **rules), 80, 2.5, EU)


def _citizen_services() -> Use:
    """Public administration with an 8B: site and route stay in the country that asks."""
    model = _model(LLAMA_8B, ["L40S", "H100_SXM"], (3000.0, 300.0))
    rules = {"jurisdictions": "same", "sovereign_route": True, "tenant": "state"}
    workload = _workload(
        "citizen-services", model, (2e-5, 2e-6), slo=_limits(ttft=2000.0, tpot=100.0), **rules
    )
    return Use(workload, 20, 3.0)


def _emergency_voice() -> Use:
    """Triage of emergency calls with an 8B: must survive the loss of a site, then within a second."""
    model = _model(LLAMA_8B, ["L40S", "H100_SXM"], (500.0, 150.0))
    rules = {
        "jurisdictions": "same",
        "sovereign_route": True,
        "tenant": "state",
        "protect": {"slo_ms": 1000.0},
    }
    workload = _workload("emergency-voice", model, (5e-5, 5e-5), slo=_limits(ttft=500.0, tpot=30.0), **rules)
    return Use(workload, 5, 4.0)


def _frontier() -> Use:
    """Frontier model of 671B with 37B active, at hubs only."""
    model = _model(DEEPSEEK, ["B200_SXM", "GB200_NVL72"], (1000.0, 9000.0))
    workload = _workload("frontier", model, (1e-5, 4e-5), slo=_limits(ttft=2000.0, tpot=80.0), tiers=HUBS)
    return Use(workload, 20, 2.2)


def _bank_core() -> Use:
    """A bank's agent: six calls in a row, each asking the core in Frankfurt twice; copies may stand elsewhere."""
    model = _model(QWEN_32B, ["H200_SXM"], (1500.0, 100.0)) | {"calls_per_request": 6.0}
    rules = {
        "jurisdictions": "EU",
        "sovereign_route": True,
        "tenant": "bank",
        "home": {"node": "Frankfurt", "trips_per_call": 2.0, "gb_per_call": 1e-4},
        "replica_gb": 50_000.0,
        "sync_gb_per_day": 200.0,
    }
    return Use(_workload("bank-core", model, (2e-4, 1e-5), slo=_limits(e2e=15_000.0), **rules), 4, 3.0, BANK)


def _card_fraud() -> Use:
    """Scoring of payments within 50 ms, and within 80 after the loss of a site."""
    source = {"service": {"ms": 20.0, "scv": 0.02}, "replica": _replica("L4", 100.0)}
    rules = {"tenant": "bank", "protect": {"slo_ms": 80.0}}
    return Use(_workload("card-fraud", source, (2e-6, 1e-6), slo=_limits(e2e=50.0), **rules), 20, 3.0)


def _health_archive() -> Use:
    """Studies read against the national archive of France, 400 TB in Paris; nothing leaves the country."""
    source = {"service": {"ms": 60_000.0, "scv": 0.05}, "replica": _replica("L40S", 1 / 60, count=8)}
    rules = {
        "jurisdictions": ["FR"],
        "sovereign_route": True,
        "tenant": "health",
        "home": {"node": "Paris", "trips_per_call": 10.0, "gb_per_call": 2.0},
        "replica_gb": 400_000.0,
        "sync_gb_per_day": 1_000.0,
    }
    workload = _workload("health-archive", source, (0.5, 0.05), slo=_limits(e2e=120_000.0), **rules)
    return Use(workload, 2 / 365 / MARKET_SHARE, 4.0, ("FR",))


def _batch() -> Use:
    """Fine-tuning in hours of an 8 x H100 node; may be rented at 8 x 2.46 USD/h instead."""
    source = {"service": {"ms": 3_600_000.0}, "replica": _replica("H100_SXM", 1 / 3600, count=8)}
    rules = {"sizing": "linear", "unserved_usd_per_1k": 1000 * 8 * 2.46}
    return Use(_workload("batch", source, (1.0, 0.1), **rules), 24 * 3.5e-4, 1.0)


def demand_rows(cities: list[City]) -> list[dict[str, Any]]:
    """Every use in every city that asks for it, in proportion to its people; four significant digits."""
    rows = []
    for city in cities:
        for use in uses():
            if city.country in use.countries:
                mean = city.people * MARKET_SHARE * use.per_day / SECONDS_PER_DAY
                rows.append(
                    {
                        "region": city.id,
                        "workload": use.workload["id"],
                        "peak_rps": float(f"{mean * use.peak_over_mean:.4g}"),
                        "mean_rps": float(f"{mean:.4g}"),
                    }
                )
    return rows
