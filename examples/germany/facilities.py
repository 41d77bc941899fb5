"""What may be built and what it costs: designs, hubs, power prices, policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grid import Place

EUR = 1.08
"""USD per EUR, the mean of 2024 (assumption)."""

LEVIES_DE = 20.5 + 8.2 + 2.8 + 0.5
"""EUR/MWh above 1 GWh a year: electricity tax, offshore and CHP levies, surcharge for special grid use."""
MARGIN = 3.0
"""EUR/MWh that the supplier takes (assumption)."""
PRICE_DE = EUR * (77.75 + MARGIN + LEVIES_DE)
"""USD/MWh without grid fees: wholesale 2024 (Ember), margin, levies."""

FRANKFURT_USD_PER_MW = 11.6e6
"""Facility without IT, per MW of IT power (Turner & Townsend 2025-26)."""
HALL_USD_PER_MW = {
    "de": FRANKFURT_USD_PER_MW,
    "nl": FRANKFURT_USD_PER_MW,
    "ch": 14.2e6,
    "gb": 12.0e6,
    "us": 11.7e6,
}
"""The same by country of the hub: Zurich and London of the same index, Cushman & Wakefield's mean of 2025
for the US, Frankfurt's for Amsterdam (assumption)."""
SMALL_MODULE_USD_PER_MW = 7.5e6
"""Prefabricated air-cooled modules above 500 kW, as quoted (of the variant with cheap modules)."""
LARGE_MODULE_USD_PER_MW = 10.0e6
"""Middle of the 8-12 million USD/MW that are quoted for prefabricated plants of several MW (same variant)."""
AI_PREMIUM = 1.085
"""Liquid-cooled AI halls over conventional ones (Turner & Townsend 2025-26: 7-10 %)."""
OPERATOR_USD_PER_YEAR = 110_000.0
"""Yearly cost of one operator (assumption)."""

EHV_CAP_MW = 24.0
"""Most facility power that one site at an EHV place can draw: four 5 MW modules at PUE 1.20."""


def design(
    name: str,
    tier: str,
    module_mw: float,
    max_modules: int,
    efficiency: tuple[float, float],
    fixed_usd: float,
    usd_per_mw: float,
    operators: int,
) -> dict[str, Any]:
    """One entry of ``designs``; ``efficiency`` is PUE and usable share, ``usd_per_mw`` goes by nameplate."""
    return {
        "id": name,
        "tiers": [tier],
        "module_mw": module_mw,
        "max_modules": max_modules,
        "pue": efficiency[0],
        "usable_fraction": efficiency[1],
        "fixed_usd": fixed_usd,
        "usd_per_module": round(module_mw * usd_per_mw, -3),
        "staff_usd_per_year": operators * OPERATOR_USD_PER_YEAR,
    }


def designs(
    air_usd_per_mw: float = FRANKFURT_USD_PER_MW, modular_usd_per_mw: float = FRANKFURT_USD_PER_MW
) -> list[dict[str, Any]]:
    """Micro and regional modules at the given prices before the AI premium, and halls of hubs by country.

    By default all German designs cost the same per MW: prefabricated plants of several MW are quoted at 8-12 million
    USD/MW and halls in Frankfurt at 11.6, so that neither side is shown to be cheaper. Small sites differ
    in what is spent once per site, in staff, in PUE, and in what redundancy leaves of the nameplate.
    """
    liquid = modular_usd_per_mw * AI_PREMIUM
    return [
        design("micro-air", "micro", 0.5, 10, (1.55, 0.85), 1.5e6, air_usd_per_mw, 2),
        design("micro-liquid", "micro", 1.0, 20, (1.25, 0.85), 2.5e6, liquid, 3),
        design("regional-liquid", "regional", 5.0, 4, (1.20, 0.85), 3.5e6, liquid, 5),
        *(
            design(f"hub-{country}", "hyperscale", 5.0, 80, (1.15, 0.90), 20e6, per_mw * AI_PREMIUM, 20)
            for country, per_mw in HALL_USD_PER_MW.items()
        ),
    ]


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub: where, what it can still add by the planning date, what power costs there."""

    id: str
    name: str
    lat: float
    lon: float
    jurisdiction: str
    headroom_mw: float
    price: float
    demand_charge: float
    carbon: float
    existing_modules: int = 0


HUBS = (
    Hub(
        "hub-frankfurt",
        "Frankfurt",
        50.1155,
        8.6842,
        "DE",
        25.0,
        PRICE_DE + EUR * 4.3,
        EUR * 85_000,
        332.0,
        2,
    ),
    Hub("hub-berlin", "Berlin", 52.5244, 13.4105, "DE", 40.0, PRICE_DE + EUR * 4.3, EUR * 85_000, 332.0),
    Hub("hub-munich", "Munich", 48.1374, 11.5755, "DE", 30.0, PRICE_DE + EUR * 4.3, EUR * 85_000, 332.0),
    Hub(
        "hub-amsterdam",
        "Amsterdam",
        52.3676,
        4.9041,
        "NL",
        20.0,
        EUR * (77.24 + MARGIN + 3.0),
        EUR * 75_000,
        250.0,
    ),
    Hub(
        "hub-zurich", "Zurich", 47.3769, 8.5417, "CH", 30.0, EUR * (75.94 + MARGIN + 25.0), EUR * 60_000, 35.0
    ),
    Hub(
        "hub-london",
        "London",
        51.5074,
        -0.1278,
        "GB",
        20.0,
        EUR * (85.7 + MARGIN + 55.0),
        EUR * 60_000,
        163.0,
    ),
    Hub("hub-ashburn", "Ashburn", 39.0438, -77.4874, "US", 100.0, 89.2, 0.0, 392.0),
)

HUB_EGRESS_USD_PER_GB = 0.05

POLICY = {
    "budget_usd": 60e9,
    "max_sites": 60,
    "utilisation_cap": 0.8,
    "carbon_usd_per_t": 15.0,
    "egress_usd_per_gb": 0.0,
    "transit_usd_per_gb": 0.001,
}


def hub_row(hub: Hub, zone: str | None) -> dict[str, Any]:
    """One hub as an entry of ``sites``; abroad there is no zone."""
    row: dict[str, Any] = {
        "id": hub.id,
        "name": hub.name,
        "lat": hub.lat,
        "lon": hub.lon,
        "tier": "hyperscale",
        "jurisdiction": hub.jurisdiction,
        "node": {"Munich": "Muenchen"}.get(hub.name, hub.name),
        "status": "existing" if hub.existing_modules else "candidate",
        "headroom_mw": hub.headroom_mw,
        "designs": [f"hub-{hub.jurisdiction.lower()}"],
        "price_usd_per_mwh": round(hub.price, 2),
        "demand_charge_usd_per_mw_year": round(hub.demand_charge, -2),
        "carbon_g_per_kwh": hub.carbon,
        "connection_usd": 10e6,
        "land_usd": 5e6,
        "egress_usd_per_gb": HUB_EGRESS_USD_PER_GB,
    }
    if zone:
        row["zone"] = zone
    if hub.existing_modules:
        row["existing"] = {"design": row["designs"][0], "modules": hub.existing_modules}
    return row


def place_row(place: Place, zone: str) -> dict[str, Any]:
    """One substation as an entry of ``sites``."""
    ehv = place.level == "EHV"
    return {
        "id": place.id,
        "name": place.name,
        "lat": place.lat,
        "lon": place.lon,
        "tier": "regional" if ehv else "micro",
        "jurisdiction": "DE",
        "zone": zone,
        "status": "candidate",
        "headroom_mw": round(place.headroom_mw, 2),
        "designs": ["regional-liquid"] if ehv else ["micro-air", "micro-liquid"],
        # Grid fees: the EHV/HV level of 2026, and the HV/MV level.
        "price_usd_per_mwh": round(PRICE_DE + EUR * (4.3 if ehv else 6.1), 2),
        "demand_charge_usd_per_mw_year": round(EUR * (76_700 if ehv else 110_000), -2),
        "carbon_g_per_kwh": 332.0,
        "connection_usd": 6e6 if ehv else 1e6,
        "land_usd": 1e6 if ehv else 0.5e6,
    }
