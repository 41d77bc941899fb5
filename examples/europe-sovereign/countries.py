"""What a MWh, a MW and a kilogram of carbon cost in each country, and how its climate cools."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

EUR = 1.08
"""USD per EUR, the mean of 2024 (assumption, as in the German example)."""
MARGIN = 3.0
"""EUR/MWh that the supplier takes (assumption)."""


@dataclass(frozen=True, slots=True)
class Country:
    """Power and building in one country; EUR/MWh, EUR/kW and year, million USD per MW.

    ``wholesale`` is the mean of 2024 (Ember). ``levies`` are taxes, levies and the energy part of grid fees.
    ``coincident`` is a charge on power drawn in the grid's own peak hours, where there is one.
    """

    iso3: str
    wholesale: float
    levies: float = 20.0
    demand_charge: float = 60.0
    coincident: float = 0.0
    hall_musd_per_mw: float = 11.6
    climate: str = "temperate"

    @property
    def usd_per_mwh(self) -> float:
        """All in, without demand charges."""
        return round(EUR * (self.wholesale + MARGIN + self.levies), 2)


COUNTRIES = {
    "AT": Country("AUT", 81.18),
    "BE": Country("BEL", 70.28),
    "CH": Country("CHE", 75.94, levies=25.0, hall_musd_per_mw=14.2),
    "DE": Country("DEU", 77.75, levies=36.3, demand_charge=85.0),
    "DK": Country("DNK", 70.67, climate="nordic"),
    "ES": Country("ESP", 62.91, climate="southern"),
    "FR": Country("FRA", 57.94, coincident=25.0),
    "GB": Country("GBR", 85.70, levies=55.0, coincident=70.0, hall_musd_per_mw=12.0),
    "IE": Country("IRL", 108.97),
    "IT": Country("ITA", 108.43, climate="southern"),
    "NL": Country("NLD", 77.24, levies=3.0, demand_charge=75.0),
    "PL": Country("POL", 96.19),
    "SE": Country("SWE", 36.12, climate="nordic"),
}

MICRO_DEMAND_CHARGE = 1.4
"""Demand charge one voltage level down, over that of a hub (assumption; 110 over 85 EUR/kW in the German example)."""

PUE = {
    "nordic": {"hall": 1.10, "cabinet": 1.65, "micro-air": 1.40, "micro-liquid": 1.20},
    "temperate": {},
    "southern": {"hall": 1.22, "cabinet": 1.90, "micro-air": 1.65, "micro-liquid": 1.28},
}
"""By climate, where it differs from the design's own (assumption; inside the 1.1-2.4 that LBNL surveys)."""


def carbon_g_per_kwh() -> dict[str, float]:
    """Carbon intensity of 2023 by ISO3 code, from the energy mix that codecarbon ships; read as a file."""
    spec = find_spec("codecarbon")
    if spec is None or spec.origin is None:
        raise SystemExit("codecarbon is missing: pip install -r examples/europe-sovereign/requirements.txt")
    path = Path(spec.origin).parent / "data" / "private_infra" / "global_energy_mix.json"
    mix = json.loads(path.read_text(encoding="utf-8"))
    return {iso3: round(float(row["carbon_intensity"]), 1) for iso3, row in mix.items()}


def jurisdiction_rows() -> list[dict[str, Any]]:
    """The ``jurisdictions`` table: CH and GB are outside the EU."""
    return [{"id": code, "groups": [] if code in ("CH", "GB") else ["EU"]} for code in COUNTRIES]
