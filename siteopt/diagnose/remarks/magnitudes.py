"""Remarks on figures beyond anything seen in practice: nearly always a wrong unit or a decimal sign."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from siteopt.formatting import counted, listed, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from siteopt.formatting import Named
    from siteopt.scenario.schema import Design, Scenario, Site

#: Tiers that have a grid connection of their own; a device or a cabinet of kilowatts has other magnitudes.
CONNECTED = ("micro", "regional", "hyperscale")
#: A real discount rate above this is rather one in percent, or a typing error.
HIGH_DISCOUNT = 0.3


@dataclass(frozen=True, slots=True)
class Range:
    """What a figure may be without a remark; 0 may always be.

    Attributes
    ----------
    least, most : float
        From low to high.
    too_low, too_high : str
        What it is likely to be where it is outside.
    """

    least: float
    most: float
    too_low: str
    too_high: str


#: By tier: a single substation, and a campus or hub with several feeds of its own.
HEADROOM_MW = {
    ("micro",): Range(0.0, 2_000.0, "", "is it in kW?"),
    ("regional", "hyperscale"): Range(0.0, 10_000.0, "", "is it in kW?"),
}
#: Half of a country's substations have less, even without a margin for faults (Great Britain 185, Texas 136).
TYPICAL_MICRO_MW = 300.0
#: Of sites: wholesale to retail prices, hydropower to lignite, a cabinet's to a campus's connection.
SITES = {
    "price_usd_per_mwh": Range(2.0, 1_000.0, "is it per kWh?", "is it in cents, or per year?"),
    "carbon_g_per_kwh": Range(2.0, 1_500.0, "is it in kg?", "is it in g per MWh?"),
    "connection_usd": Range(
        5_000.0, 1e10, "is it in millions, or a dot read for thousands?", "is it in cents?"
    ),
    "land_usd": Range(1_000.0, 1e10, "is it in millions, or a dot read for thousands?", "is it in cents?"),
}
#: Of designs for such tiers: a small hall's fixed part, one attendant's hours.
DESIGNS = {
    "fixed_usd": Range(5_000.0, 1e10, "is it in thousands or millions?", "is it in cents?"),
    "staff_usd_per_year": Range(1_000.0, 1e9, "is it in thousands or millions?", "is it in cents?"),
}
#: Of designs, USD per MW of modules: the cheapest shell to the dearest turnkey hall (catalogue: 7 to 18 million).
MODULE_USD_PER_MW = Range(
    2e5, 1e8, "is it in thousands or millions?", "is it in cents, or is module_mw in kW?"
)
#: Of replicas: one small accelerator to some racks, kW.
REPLICA_KW = Range(0.005, 1_000.0, "is it in MW?", "is it in W?")
#: Of replicas, USD per kW: servers and accelerators (catalogue: 26,000 to 72,000).
REPLICA_USD_PER_KW = Range(
    100.0, 2e6, "is usd in thousands or millions, or kw in W?", "is kw in MW, or usd in cents?"
)


def magnitudes(scenario: Scenario) -> Iterator[str]:
    """Yield a remark for each key whose figures no planner has seen, with the worst of them."""
    yield from _of_sites([s for s in scenario.sites if s.tier in CONNECTED])
    yield from _of_designs(scenario.designs)
    replicas = [(w, w.replica) for w in scenario.workloads if w.replica is not None]
    yield from _outside("workloads[].replica.kw", REPLICA_KW, ((w, r.kw) for w, r in replicas))
    prices = ((w, r.usd / r.kw) for w, r in replicas if REPLICA_KW.least <= r.kw <= REPLICA_KW.most)
    yield from _outside("workloads[].replica.usd per kw", REPLICA_USD_PER_KW, prices)
    rate = scenario.horizon.discount_rate
    if rate > HIGH_DISCOUNT:
        yield f"horizon.discount_rate of {rate:g} is {100 * rate:g} % a year; is {rate / 10:g} meant?"


def _of_sites(sites: Sequence[Site]) -> Iterator[str]:
    for key, allowed in SITES.items():
        yield from _outside(f"sites[].{key}", allowed, ((s, getattr(s, key)) for s in sites))
    for tiers, allowed in HEADROOM_MW.items():
        yield from _outside(
            "sites[].headroom_mw", allowed, ((s, s.headroom_mw) for s in sites if s.tier in tiers)
        )
    micro = [s.headroom_mw for s in sites if s.tier == "micro" and s.headroom_mw > 0.0]
    if micro and median(micro) > TYPICAL_MICRO_MW and max(micro) <= HEADROOM_MW["micro",].most:
        what = f"half of {counted(len(micro), 'micro site')} have {median(micro):,.6g} or more"
        yield f"sites[].headroom_mw: {what}; is it in kW?"


def _of_designs(designs: Sequence[Design]) -> Iterator[str]:
    connected = [d for d in designs if set(d.tiers) & set(CONNECTED)]
    for key, allowed in DESIGNS.items():
        yield from _outside(f"designs[].{key}", allowed, ((d, getattr(d, key)) for d in connected))
    costs = ((d, d.usd_per_module / d.module_mw) for d in designs)
    yield from _outside("designs[].usd_per_module per MW of module_mw", MODULE_USD_PER_MW, costs)


def _outside(key: str, allowed: Range, figures: Iterable[tuple[Named, float]]) -> Iterator[str]:
    rows = [(owner, value) for owner, value in figures if value > 0.0]
    for wrong, words in (
        ([r for r in rows if r[1] < allowed.least], allowed.too_low),
        ([r for r in rows if r[1] > allowed.most], allowed.too_high),
    ):
        if wrong:
            worst = max(wrong, key=lambda row: max(allowed.least / row[1], row[1] / allowed.most))
            what = f"{key}: {len(wrong):,} of {counted(len(rows), 'figure')}, such as {worst[1]:,.6g}"
            yield f"{what} ({listed([named(owner) for owner, _ in wrong])}); {words}"
