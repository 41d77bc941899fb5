"""Nine uses of AI: model, accelerators, tokens and SLO of a request, and how often people ask.

What a replica of a language model does follows from siteopt's catalogue and roofline; prices and watts of the other
replicas are those of the catalogue too. The README gives every number with its source. Figures without one are
assumptions about the year 2030.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS_PER_DAY = 86_400.0
SECONDS_PER_YEAR = 8760 * 3600.0

CATALOGUE = Path(__file__).parents[2] / "siteopt" / "scenario" / "catalogue" / "accelerators.json"

REFRESH = 1.0 + 1.07**-5
"""Present value of buying now and again after an economic life of five years, over one purchase."""
SERVER_COST_FACTOR = 1.4
"""Price of a server over that of its accelerators; the scenario's policy says the same of models."""

HUBS = ["hyperscale"]
ANYWHERE = ["micro", "regional", "hyperscale"]

LLAMA_8B = "meta-llama/Meta-Llama-3.1-8B"
LLAMA_70B = "meta-llama/Meta-Llama-3.1-70B"
QWEN_32B = "Qwen/Qwen3-32B"
DEEPSEEK = "deepseek-ai/DeepSeek-R1"


@dataclass(frozen=True, slots=True)
class Use:
    """A workload, and its requests per second and person at peak and averaged over the year."""

    workload: dict[str, Any]
    peak_rps_per_person: float
    mean_rps_per_person: float


def _catalogue() -> dict[str, dict[str, float]]:
    """Figures of siteopt's catalogue by accelerator, read as a file: the build needs no siteopt installed."""
    entries = json.loads(CATALOGUE.read_text(encoding="utf-8"))["accelerators"]
    names = ("price_usd", "tdp_w", "server_factor", "idle_fraction")
    return {e["id"]: {name: float(e[name]["value"]) for name in names if name in e} for e in entries}


def accelerator_rows(uses: tuple[Use, ...]) -> list[dict[str, Any]]:
    """The ``accelerators`` table: all that some model uses, at the present value of two purchases."""
    known = _catalogue()
    used = sorted({a for use in uses for a in use.workload.get("accelerators", ())})
    return [{"id": name, "price_usd": round(known[name]["price_usd"] * REFRESH)} for name in used]


def replica(accelerator: str, rps: float, count: int = 1) -> dict[str, float]:
    """The ``replica`` object of workloads without a model: ``count`` accelerators with their share of servers."""
    numbers = _catalogue()[accelerator]
    return {
        "rps": float(f"{rps:.4g}"),
        "kw": round(count * numbers["tdp_w"] * numbers["server_factor"] / 1000.0, 4),
        "usd": round(count * numbers["price_usd"] * SERVER_COST_FACTOR * REFRESH, -2),
        "idle_fraction": numbers["idle_fraction"],
    }


def factory_usd_per_1k_frames() -> float:
    """What a plant pays to inspect a thousand frames on a box of its own instead.

    A L40S box over five years at 7 %, 10 % upkeep, 0.455 kW at half load at 0.25 USD/kWh; it runs at 15 % of
    250 frames/s, because each line is sized for its own peak.
    """
    price = _catalogue()["L40S"]["price_usd"] * SERVER_COST_FACTOR
    per_year = price * 0.2439 + 0.10 * price + 0.455 * 0.5 * 8760 * 0.25
    return 1000 * per_year / (0.15 * 250 * SECONDS_PER_YEAR)


def uses() -> tuple[Use, ...]:
    """All uses, in the order of the file."""
    models = (_chat(), _voice(), _agent(), _assistant(), _frontier())
    return (*models, _fraud(), _vision(), _imaging(), _batch())


def _per_day(requests: float, peak_over_mean: float) -> tuple[float, float]:
    mean = requests / SECONDS_PER_DAY
    return peak_over_mean * mean, mean


def _limits(**ms: float) -> list[dict[str, Any]]:
    return [{"metric": metric, "ms": limit, "percentile": 0.99} for metric, limit in ms.items()]


def _workload(
    name: str, sizing: str, source: dict[str, Any], gb: tuple[float, float], **rules: Any
) -> dict[str, Any]:
    """A workload that may run anywhere in parts, as far as ``rules`` do not say otherwise."""
    usual: dict[str, Any] = {
        "slo": [],
        "tiers": ANYWHERE,
        "jurisdictions": "any",
        "sovereign_route": False,
        "splittable": True,
    }
    return {"id": name, "sizing": sizing, **source, **usual, "gb_in": gb[0], "gb_out": gb[1], **rules}


def _model(
    name: str, accelerators: list[str], tokens: tuple[float, float], precisions: list[str]
) -> dict[str, Any]:
    return {
        "model": name,
        "accelerators": accelerators,
        "precisions": precisions,
        "input_tokens": tokens[0],
        "output_tokens": tokens[1],
    }


def _chat() -> Use:
    """Reasoning chat on a 70B: 60 turns a day and person, machine callers included."""
    model = _model(LLAMA_70B, ["H100_SXM", "H200_SXM"], (1000.0, 2000.0), ["bf16", "fp8"])
    workload = _workload("chat", "tail", model, (5e-6, 1e-5), slo=_limits(ttft=450.0, tpot=40.0))
    return Use(workload, *_per_day(60, 2.2))


def _voice() -> Use:
    """Voice and live help on an 8B: 200 short turns a day and person."""
    model = _model(LLAMA_8B, ["L40S", "H100_SXM"], (500.0, 150.0), ["bf16", "fp8"])
    workload = _workload("voice", "tail", model, (5e-5, 5e-5), slo=_limits(ttft=500.0, tpot=30.0))
    return Use(workload, *_per_day(200, 2.5))


def _agent() -> Use:
    """Coding agent on a 32B: 25 calls in a row, each 1,500 new tokens in and 100 out; 10 tasks a day."""
    model = _model(QWEN_32B, ["H100_SXM", "H200_SXM"], (1500.0, 100.0), ["bf16", "fp8"])
    workload = _workload(
        "coding-agent",
        "tail",
        model | {"calls_per_request": 25.0},
        (2e-4, 1e-5),
        slo=_limits(e2e=60_000.0),
    )
    return Use(workload, *_per_day(10, 3.0))


def _assistant() -> Use:
    """Assistant on personal data with a 70B; 80 calls a day and person; site and route stay in the EU."""
    model = _model(LLAMA_70B, ["H100_SXM", "H200_SXM"], (3000.0, 500.0), ["bf16", "fp8"])
    workload = _workload(
        "eu-assistant",
        "tail",
        model,
        (1.5e-5, 3e-6),
        slo=_limits(ttft=450.0, tpot=40.0),
        jurisdictions="EU",
        sovereign_route=True,
    )
    return Use(workload, *_per_day(80, 2.5))


def _frontier() -> Use:
    """Frontier model of 671B with 37B active, 9,000 reasoning tokens; its owner allows hubs only; 20 a day."""
    model = _model(DEEPSEEK, ["B200_SXM", "H200_SXM"], (1000.0, 9000.0), ["fp8", "fp4"])
    workload = _workload(
        "frontier", "tail", model, (1e-5, 4e-5), slo=_limits(ttft=2000.0, tpot=80.0), tiers=HUBS
    )
    return Use(workload, *_per_day(20, 2.2))


def _fraud() -> Use:
    """Fraud scoring of payments and log-ins by a sequence model on an L4: 20 a day and person."""
    source = {"service": {"ms": 20.0, "scv": 0.02}, "replica": replica("L4", 100.0)}
    workload = _workload("card-fraud", "tail", source, (2e-6, 1e-6), slo=_limits(e2e=50.0))
    return Use(workload, *_per_day(20, 3.0))


def _vision() -> Use:
    """Visual inspection within 10 ms: 0.22 frames/s and person at peak, 0.10 on average.

    9 % of people work in manufacturing, one camera for four of them, ten frames per second, two shifts. A
    plant may run it on a box of its own instead, at that box's price.
    """
    source = {"service": {"ms": 4.0, "scv": 0.02}, "replica": replica("L40S", 250.0)}
    workload = _workload(
        "industrial-vision",
        "tail",
        source,
        (1e-4, 1e-6),
        slo=_limits(e2e=10.0),
        tiers=["device", "enclosure", *ANYWHERE],
        unserved_usd_per_1k=round(factory_usd_per_1k_frames(), 5),
    )
    return Use(workload, 0.22, 0.10)


def _imaging() -> Use:
    """Hospital imaging: two studies a year and person, a minute each on eight L40S; stays in DE."""
    mean = 2.0 / SECONDS_PER_YEAR
    source = {"service": {"ms": 60_000.0, "scv": 0.05}, "replica": replica("L40S", 1 / 60, count=8)}
    workload = _workload(
        "hospital-imaging",
        "tail",
        source,
        (0.5, 0.05),
        slo=_limits(e2e=120_000.0),
        jurisdictions=["DE"],
        sovereign_route=True,
        splittable=False,
    )
    return Use(workload, 4.0 * mean, mean)


def _batch() -> Use:
    """Fine-tuning and batch in hours of an 8 x H100 node, flat; may be rented on the market instead."""
    per_person = 3.5e-4 / 3600.0
    source = {"service": {"ms": 3_600_000.0}, "replica": replica("H100_SXM", 1 / 3600, count=8)}
    workload = _workload("batch", "linear", source, (1.0, 0.1), unserved_usd_per_1k=1000 * 8 * 2.46)
    return Use(workload, per_person, per_person)
