"""What may be built: hubs with their queues, a micro candidate in every city, designs, policy."""

from __future__ import annotations

from typing import Any

from countries import COUNTRIES, EUR, MICRO_DEMAND_CHARGE, PUE, Country, carbon_g_per_kwh
from places import City, pop

AI_PREMIUM = 1.085
"""Liquid-cooled halls for AI over conventional ones (Turner & Townsend 2025-26: 7-10 %)."""
OPERATOR_USD_PER_YEAR = 110_000.0
"""Yearly cost of one operator (assumption, as in the German example)."""
HALL_COUNTRY = "DE"
"""Country whose hall price the plain ``hall`` has; CH and GB have designs of their own."""

READY_BY_MONTH = 48.0
"""The planner plans for four years from now (assumption)."""

FLAP_D = ("de-frankfurt", "gb-london", "nl-amsterdam", "fr-paris", "ie-dublin")
"""Connections of these five take 7-10 years (Ember 2025)."""
EXISTING_MODULES = {"de-frankfurt": 5, "gb-london": 4, "nl-amsterdam": 3, "fr-paris": 4}
"""Halls of 1 MW that the planner has already (assumption); none in Dublin, where no new one is connected."""

HUBS = {
    # Node of the backbone -> most facility power, MW (assumption: what one operator is given).
    "Frankfurt": 40.0,
    "London": 40.0,
    "Amsterdam": 40.0,
    "Paris": 40.0,
    "Dublin": 20.0,
    "Berlin": 20.0,
    "Madrid": 20.0,
    "Milan": 20.0,
    "Zurich": 10.0,
    "Stockholm": 20.0,
    "Warsaw": 20.0,
    "Marseille": 15.0,
}
HUB_EGRESS_USD_PER_GB, MICRO_EGRESS_USD_PER_GB = 0.05, 0.0
"""Lowest tier of a cloud's list price (AWS) towards users; micro sites charge none (assumption)."""
DATA_EGRESS_USD_PER_GB = 0.02
"""Data that leave their home for another site: typical price between regions of a cloud."""

HUB_UPLINK_GBPS, MICRO_UPLINK_GBPS = 100.0, 10.0
"""One port (assumption)."""

MICRO_DESIGNS = ("cabinet", "micro-air", "micro-liquid")

POLICY = {
    "refresh": True,
    "ready_by_month": READY_BY_MONTH,
    "tenant_share": 0.6,
    "coincidence": 0.9,
    "utilisation_cap": 0.8,
    "server_cost_factor": 1.4,
    "carbon_usd_per_t": 15.0,
    "egress_usd_per_gb": DATA_EGRESS_USD_PER_GB,
    "transit_usd_per_gb": 0.001,
    "storage_usd_per_gb_year": 0.276,
}


def _hall(name: str, musd_per_mw: float) -> dict[str, Any]:
    """A hall of 1 MW modules; the index price holds redundant power and cooling, so none is added."""
    return {
        "id": name,
        "tiers": ["hyperscale"],
        "module_mw": 1.0,
        "max_modules": 40,
        "pue": 1.15,
        "usable_fraction": 0.90,
        "rack_kw": 132.0,
        "cooling": "liquid",
        "fixed_usd": 10e6,
        "usd_per_module": round(musd_per_mw * 1e6 * AI_PREMIUM, -3),
        "build_months": 24.0,
        "life_years": 20.0,
        "staff_usd_per_year": 12 * OPERATOR_USD_PER_YEAR,
    }


def designs() -> list[dict[str, Any]]:
    """Halls at three price levels, and three kinds of prefabricated micro modules."""
    micro = {"tiers": ["micro"], "build_months": 9.0, "life_years": 15.0}
    return [
        _hall("hall", COUNTRIES[HALL_COUNTRY].hall_musd_per_mw),
        _hall("hall-ch", COUNTRIES["CH"].hall_musd_per_mw),
        _hall("hall-gb", COUNTRIES["GB"].hall_musd_per_mw),
        {
            # A room with a few racks: 50-100 kW of prefabricated plant are quoted at 10-12 million USD/MW.
            "id": "cabinet",
            **micro,
            "module_mw": 0.025,
            "max_modules": 8,
            "pue": 1.80,
            "usable_fraction": 0.95,
            "rack_kw": 8.0,
            "fixed_usd": 0.1e6,
            "usd_per_module": round(0.025 * 11e6, -3),
            "staff_usd_per_year": OPERATOR_USD_PER_YEAR / 4,
        },
        {
            "id": "micro-air",
            **micro,
            "module_mw": 0.25,
            "max_modules": 12,
            "pue": 1.55,
            "redundancy": "N+1",
            "usable_fraction": 0.95,
            "rack_kw": 8.0,
            "fixed_usd": 0.5e6,
            # 100-250 kW at 9 million USD/MW, and 1 MW (four modules) at 7.5: 9 x 0.25 x 4 ** 0.87 = 7.5.
            "usd_per_module": 2.25e6,
            "scale_exponent": 0.87,
            "staff_usd_per_year": OPERATOR_USD_PER_YEAR,
        },
        {
            "id": "micro-liquid",
            **micro,
            "module_mw": 0.5,
            "max_modules": 10,
            "pue": 1.25,
            "redundancy": "N+1",
            "usable_fraction": 0.95,
            "rack_kw": 80.0,
            "cooling": "liquid",
            "fixed_usd": 1.0e6,
            "usd_per_module": round(0.5 * 10e6 * AI_PREMIUM, -3),
            "scale_exponent": 0.95,
            "staff_usd_per_year": 2 * OPERATOR_USD_PER_YEAR,
        },
    ]


def site_rows(cities: list[City]) -> list[dict[str, Any]]:
    """Hubs, then one substation in every city."""
    carbon = carbon_g_per_kwh()
    hubs = [_hub_row(city, node, carbon) for node in HUBS for city in cities if _hub_city(city, node)]
    return hubs + [_micro_row(city, carbon) for city in cities]


def _hub_city(city: City, node: str) -> bool:
    """Whether a hub of a node stands at the city; they are called alike, but for spelling."""
    return city.id.split("-", 1)[1].startswith(node.lower())


def _common(city: City, country: Country, carbon: dict[str, float]) -> dict[str, Any]:
    return {
        "lat": city.lat,
        "lon": city.lon,
        "jurisdiction": city.country,
        "node": pop(city),
        "price_usd_per_mwh": country.usd_per_mwh,
        "carbon_g_per_kwh": carbon[country.iso3],
        "coincident_charge_usd_per_mw_year": round(EUR * country.coincident * 1000, -2),
    }


def _hub_row(city: City, node: str, carbon: dict[str, float]) -> dict[str, Any]:
    country, key = COUNTRIES[city.country], f"{city.country.lower()}-{node.lower()}"
    design = f"hall-{city.country.lower()}" if city.country in ("CH", "GB") else "hall"
    modules, climate = EXISTING_MODULES.get(key, 0), PUE[country.climate]
    row = {
        "id": f"hub-{key}",
        "name": f"{city.name}, hub",
        "tier": "hyperscale",
        **_common(city, country, carbon),
        "status": "existing" if modules else "candidate",
        "headroom_mw": HUBS[node],
        "designs": [design],
        "pue": {design: climate["hall"]} if "hall" in climate else {},
        "uplink_gbps": HUB_UPLINK_GBPS,
        "demand_charge_usd_per_mw_year": round(EUR * country.demand_charge * 1000, -2),
        "connection_steps": _hub_steps(key, HUBS[node], modules),
        "land_usd": 5e6,
        "egress_usd_per_gb": HUB_EGRESS_USD_PER_GB,
    }
    if modules:
        row["existing"] = {"design": design, "modules": modules}
    return row


def _hub_steps(key: str, headroom_mw: float, modules: int) -> list[dict[str, float]]:
    """What stands is connected; anything beyond waits seven years in FLAP-D, four elsewhere (Ember 2025)."""
    steps = []
    if modules:
        steps.append({"up_to_mw": round(modules * 0.90 * 1.15, 4), "months": 0.0, "usd": 0.0})
    if key not in FLAP_D:
        steps.append({"up_to_mw": headroom_mw / 2, "months": 48.0, "usd": 4e6})
    months, usd = (84.0, 10e6) if key in FLAP_D else (60.0, 8e6)
    return [*steps, {"up_to_mw": headroom_mw, "months": months, "usd": usd}]


def _micro_row(city: City, carbon: dict[str, float]) -> dict[str, Any]:
    country, climate = COUNTRIES[city.country], PUE[COUNTRIES[city.country].climate]
    return {
        "id": f"micro-{city.id}",
        "name": f"{city.name}, substation",
        "tier": "micro",
        **_common(city, country, carbon),
        "status": "candidate",
        # EPRI's pilot: 3-10 MW of spare power per substation, 5 on average.
        "headroom_mw": 5.0,
        "designs": list(MICRO_DESIGNS),
        "pue": {name: climate[name] for name in MICRO_DESIGNS if name in climate},
        "uplink_gbps": MICRO_UPLINK_GBPS,
        "demand_charge_usd_per_mw_year": round(EUR * country.demand_charge * MICRO_DEMAND_CHARGE * 1000, -2),
        # A micro site takes 12-18 months; what a low-voltage panel carries takes less.
        "connection_steps": [
            {"up_to_mw": 0.3, "months": 9.0, "usd": 0.05e6},
            {"up_to_mw": 1.5, "months": 12.0, "usd": 0.3e6},
            {"up_to_mw": 5.0, "months": 18.0, "usd": 1.0e6},
        ],
        "land_usd": 0.1e6,
        "egress_usd_per_gb": MICRO_EGRESS_USD_PER_GB,
    }
