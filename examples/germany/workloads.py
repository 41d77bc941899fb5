"""Eight uses of AI: what a request needs, what a replica does, and how often people ask.

Rates per replica follow from published throughput (MLPerf) and a roofline for prefill; the README lists
every number with its source. Figures without a source are assumptions about the year 2030.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SECONDS_PER_DAY = 86_400.0
SECONDS_PER_YEAR = 8760 * 3600.0

REFRESH = 1.0 + 1.07**-5
"""Present value of buying now and again after an economic life of five years, over one purchase."""
SERVER_OVER_TDP = 1.305
"""Wall power of a loaded server over the rating of its accelerators (MLPerf v5.1, 8 x B200)."""

# Llama-3 70B in FP8 on eight H100.
DECODE_TOKENS_PER_S = 8 * 2650 * 0.68
"""MLPerf v4.1 Server, 2.4-2.9 k tokens/s per GPU; H200 keeps 0.68 of it under interactive limits."""
PREFILL_TOKENS_PER_S = 8 * 0.5 * 1979e12 / (2 * 70e9)
"""Half of the dense FP8 rate of 1,979 TFLOP/s per GPU at 2 FLOP per parameter and token."""

H100_NODE = {"kw": 5.6 * SERVER_OVER_TDP, "usd": (8 * 27_500 + 80_000) * REFRESH}
B200_NODE = {"kw": 10.44, "usd": (8 * 55_000 + 110_000) * REFRESH}
L40S = {"kw": 0.350 * SERVER_OVER_TDP, "usd": (8_500 + 4_000) * REFRESH}
L4 = {"kw": 0.072 * SERVER_OVER_TDP, "usd": (2_500 + 2_000) * REFRESH}

HUBS = ["hyperscale"]
ANYWHERE = ["micro", "regional", "hyperscale"]


@dataclass(frozen=True, slots=True)
class Use:
    """A workload, and its requests per second and person at peak and averaged over the year."""

    workload: dict[str, Any]
    peak_rps_per_person: float
    mean_rps_per_person: float


def llama70_rps(tokens_in: float, tokens_out: float) -> float:
    """Calls per second of one 8 x H100 node that prefills and decodes in turn."""
    return 1.0 / (tokens_in / PREFILL_TOKENS_PER_S + tokens_out / DECODE_TOKENS_PER_S)


def replica(hardware: dict[str, float], rps: float, count: int = 1) -> dict[str, float]:
    """The ``replica`` object: ``count`` pieces of hardware; 30 % of full power when idle (assumption)."""
    return {
        "rps": float(f"{rps:.4g}"),
        "kw": round(count * hardware["kw"], 3),
        "usd": round(count * hardware["usd"], -2),
        "idle_fraction": 0.3,
    }


def factory_usd_per_1k_frames() -> float:
    """What a plant pays to inspect a thousand frames on a box of its own instead.

    A L40S box over five years at 7 %, 10 % upkeep, 0.455 kW at half load at 0.25 USD/kWh; it runs at 15 % of
    250 frames/s, because each line is sized for its own peak.
    """
    price = 12_500.0
    per_year = price * 0.2439 + 0.10 * price + 0.455 * 0.5 * 8760 * 0.25
    return 1000 * per_year / (0.15 * 250 * SECONDS_PER_YEAR)


def uses() -> tuple[Use, ...]:
    """All uses, in the order of the file."""
    return (_chat(), _agent(), _fraud(), _vision(), _imaging(), _assistant(), _frontier(), _batch())


def _per_day(requests: float, peak_over_mean: float) -> tuple[float, float]:
    mean = requests / SECONDS_PER_DAY
    return peak_over_mean * mean, mean


def _chat() -> Use:
    """Reasoning chat: 1,000 tokens in, 2,000 out; 60 turns a day and person, machine callers included."""
    workload = {
        "id": "chat",
        "sizing": "utilisation",
        "service": {"ms": 70.0, "scv": 0.25},
        "replica": replica(H100_NODE, llama70_rps(1000, 2000)),
        "slo": [{"metric": "ttft", "ms": 450.0, "percentile": 0.99}],
        "tiers": ANYWHERE,
        "jurisdictions": "any",
        "sovereign_route": False,
        "splittable": True,
        "gb_in": 5e-6,
        "gb_out": 1e-5,
    }
    return Use(workload, *_per_day(60, 2.2))


def _agent() -> Use:
    """Coding agent: 25 calls in a row, each 1,500 new tokens in and 40 out; 10 tasks a day and person."""
    workload = {
        "id": "coding-agent",
        "sizing": "utilisation",
        "service": {"ms": 550.0, "scv": 0.25},
        "replica": replica(H100_NODE, llama70_rps(1500, 40)),
        "calls_per_request": 25.0,
        "slo": [{"metric": "e2e", "ms": 18_000.0, "percentile": 0.99}],
        "tiers": ANYWHERE,
        "jurisdictions": "any",
        "sovereign_route": False,
        "splittable": True,
        "gb_in": 2e-4,
        "gb_out": 5e-6,
    }
    return Use(workload, *_per_day(10, 3.0))


def _fraud() -> Use:
    """Fraud scoring of payments and log-ins by a sequence model on an L4: 20 a day and person."""
    workload = {
        "id": "card-fraud",
        "sizing": "utilisation",
        "service": {"ms": 20.0, "scv": 0.02},
        "replica": replica(L4, 100.0),
        "slo": [{"metric": "e2e", "ms": 50.0, "percentile": 0.99}],
        "tiers": ANYWHERE,
        "jurisdictions": "any",
        "sovereign_route": False,
        "splittable": True,
        "gb_in": 2e-6,
        "gb_out": 1e-6,
    }
    return Use(workload, *_per_day(20, 3.0))


def _vision() -> Use:
    """Visual inspection within 10 ms: 0.22 frames/s and person at peak, 0.10 on average.

    9 % of people work in manufacturing, one camera for four of them, ten frames per second, two shifts. A
    plant may run it on a box of its own instead, at that box's price.
    """
    workload = {
        "id": "industrial-vision",
        "sizing": "utilisation",
        "service": {"ms": 4.0, "scv": 0.02},
        "replica": replica(L40S, 250.0),
        "slo": [{"metric": "e2e", "ms": 10.0, "percentile": 0.99}],
        "tiers": ["device", "enclosure", *ANYWHERE],
        "jurisdictions": "any",
        "sovereign_route": False,
        "splittable": True,
        "gb_in": 1e-4,
        "gb_out": 1e-6,
        "unserved_usd_per_1k": round(factory_usd_per_1k_frames(), 5),
    }
    return Use(workload, 0.22, 0.10)


def _imaging() -> Use:
    """Hospital imaging: two studies a year and person, a minute each on eight L40S; stays in DE."""
    mean = 2.0 / SECONDS_PER_YEAR
    workload = {
        "id": "hospital-imaging",
        "sizing": "utilisation",
        "service": {"ms": 60_000.0, "scv": 0.05},
        "replica": replica(L40S, 1 / 60, count=8),
        "slo": [{"metric": "e2e", "ms": 120_000.0, "percentile": 0.99}],
        "tiers": ANYWHERE,
        "jurisdictions": ["DE"],
        "sovereign_route": True,
        "splittable": False,
        "gb_in": 0.5,
        "gb_out": 0.05,
    }
    return Use(workload, 4.0 * mean, mean)


def _assistant() -> Use:
    """Assistant on personal data, 3,000 tokens in and 500 out; 80 calls a day and person; stays in the EU."""
    workload = {
        "id": "eu-assistant",
        "sizing": "utilisation",
        "service": {"ms": 100.0, "scv": 0.25},
        "replica": replica(H100_NODE, llama70_rps(3000, 500)),
        "slo": [{"metric": "ttft", "ms": 450.0, "percentile": 0.99}],
        "tiers": ANYWHERE,
        "jurisdictions": "EU",
        "sovereign_route": True,
        "splittable": True,
        "gb_in": 1.5e-5,
        "gb_out": 3e-6,
    }
    return Use(workload, *_per_day(80, 2.5))


def _frontier() -> Use:
    """Frontier model on eight B200, 9,000 reasoning tokens; its owner allows hubs only; 20 a day."""
    workload = {
        "id": "frontier",
        "sizing": "utilisation",
        "service": {"ms": 500.0, "scv": 0.25},
        "replica": replica(B200_NODE, 8 * 5000 / 9000),
        "slo": [{"metric": "ttft", "ms": 2000.0, "percentile": 0.99}],
        "tiers": HUBS,
        "jurisdictions": "any",
        "sovereign_route": False,
        "splittable": True,
        "gb_in": 1e-5,
        "gb_out": 4e-5,
    }
    return Use(workload, *_per_day(20, 2.2))


def _batch() -> Use:
    """Fine-tuning and batch in hours of an 8 x H100 node, flat; may be rented on the market instead."""
    per_person = 3.5e-4 / 3600.0
    workload = {
        "id": "batch",
        "sizing": "linear",
        "service": {"ms": 3_600_000.0},
        "replica": replica(H100_NODE, 1 / 3600),
        "slo": [],
        "tiers": ANYWHERE,
        "jurisdictions": "any",
        "sovereign_route": False,
        "splittable": True,
        "gb_in": 1.0,
        "gb_out": 0.1,
        "unserved_usd_per_1k": 1000 * 8 * 2.46,
    }
    return Use(workload, per_person, per_person)
