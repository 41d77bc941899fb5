"""Remarks on figures beyond anything seen in practice: nearly always a wrong unit, a decimal sign or a repeated row."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from siteopt.formatting import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from siteopt.scenario.schema import Scenario

#: Tiers that have a grid connection of their own; a device or a cabinet of kilowatts has other magnitudes.
CONNECTED = ("micro", "regional", "hyperscale")
#: Places nearer to each other than this are likely to be one, degrees (about 100 m).
NEAR_DEGREES = 0.001
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
#: Of sites: wholesale to retail prices, hydropower to lignite, a cabinet's to a campus's connection.
SITES = {
    "price_usd_per_mwh": Range(2.0, 1_000.0, "is it per kWh?", "is it in cents, or per year?"),
    "carbon_g_per_kwh": Range(2.0, 1_500.0, "is it in kg?", "is it in g per MWh?"),
    "connection_usd": Range(
        5_000.0, 1e10, "is it in millions, or a dot read for thousands?", "is it in cents?"
    ),
}
#: Of designs, USD per MW of modules: the cheapest shell to the dearest turnkey hall (catalogue: 7 to 18 million).
MODULE_USD_PER_MW = Range(
    2e5, 1e8, "is it in thousands or millions?", "is it in cents, or is module_mw in kW?"
)
#: Of replicas: one small accelerator to some racks, kW.
REPLICA_KW = Range(0.005, 1_000.0, "is it in MW?", "is it in W?")


def magnitudes(scenario: Scenario) -> Iterator[str]:
    """Yield a remark for each key whose figures no planner has seen, with the worst of them."""
    sites = [s for s in scenario.sites if s.tier in CONNECTED]
    for key, allowed in SITES.items():
        yield from _outside(f"sites[].{key}", allowed, ((s.id, getattr(s, key)) for s in sites))
    for tiers, allowed in HEADROOM_MW.items():
        yield from _outside(
            "sites[].headroom_mw", allowed, ((s.id, s.headroom_mw) for s in sites if s.tier in tiers)
        )
    costs = ((d.id, d.usd_per_module / d.module_mw) for d in scenario.designs)
    yield from _outside("designs[].usd_per_module per MW of module_mw", MODULE_USD_PER_MW, costs)
    kw = ((w.id, w.replica.kw) for w in scenario.workloads if w.replica is not None)
    yield from _outside("workloads[].replica.kw", REPLICA_KW, kw)
    rate = scenario.horizon.discount_rate
    if rate > HIGH_DISCOUNT:
        yield f"horizon.discount_rate of {rate:g} is {100 * rate:g} % a year; is {rate / 10:g} meant?"


def _outside(key: str, allowed: Range, figures: Iterable[tuple[str, float]]) -> Iterator[str]:
    rows = [(name, value) for name, value in figures if value > 0.0]
    for wrong, words in (
        ([r for r in rows if r[1] < allowed.least], allowed.too_low),
        ([r for r in rows if r[1] > allowed.most], allowed.too_high),
    ):
        if wrong:
            worst = max(wrong, key=lambda row: max(allowed.least / row[1], row[1] / allowed.most))
            what = f"{key}: {len(wrong):,} of {counted(len(rows), 'figure')}, such as {worst[1]:,.6g}"
            yield f"{what} ({listed([name for name, _ in wrong])}); {words}"


def twice(scenario: Scenario) -> Iterator[str]:
    """Yield a remark on substations that stand twice: at one place, or with ids that differ in case alone."""
    for kind, rows in (("sites", scenario.sites), ("regions", scenario.regions)):
        alike: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            alike[row.id.casefold()].append(row.id)
        names = [" and ".join(ids) for ids in alike.values() if len(ids) > 1]
        if names:
            yield f"{kind} whose ids differ in case alone ({listed(names)}): are they one?"
    places: dict[tuple[int, int], list[str]] = defaultdict(list)
    for site in scenario.sites:
        if site.tier == "micro":
            places[_cell(site)].append(site.id)
    pairs = [" and ".join(ids) for ids in places.values() if len(ids) > 1]
    if pairs:
        yield f"{counted(len(pairs), 'place')} with more than one substation within 100 m ({listed(pairs)}): one twice?"


def _cell(site: Any) -> tuple[int, int]:
    return round(site.lat / NEAR_DEGREES), round(site.lon / NEAR_DEGREES)
