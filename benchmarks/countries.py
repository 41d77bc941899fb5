"""Great Britain and the United States as scenarios, from public tables and the workloads of the German example.

``python benchmarks/countries.py gb|us --data DIR --out scenario.json`` writes one, to be solved by ``siteopt solve``.
``DIR`` holds ``scenarios/gb`` and ``scenarios/us`` (substations with headroom, cities, hubs, a backbone) and ``params``
(prices of power by state). Substations of the United States are those of a synthetic grid. Assumed: room and prices of
hubs, the tier of a substation by its voltage, grid fees; workloads, designs, demand per person, policy are Germany's.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from siteopt.scenario.io import dump_scenario, load_scenario

EXAMPLE = Path(__file__).parents[1] / "examples" / "germany" / "scenario.json"
#: Workloads of the national scenario: two with a short way, two with a long one, one without any limit.
US_WORKLOADS = ("chat", "voice", "card-fraud", "industrial-vision", "batch")
#: States that the grid does not reach: no site there could serve them in time.
BEYOND = ("AK", "HI")
#: From this voltage on a substation takes modules of 5 MW, below it micro data centres.
REGIONAL_KV = {"gb": 275.0, "us": 230.0}
#: Doubtful coordinates are left out.
DOUBTFUL = "coord_suspect_vs_line_length"
LEAST_HEADROOM_MW = 1.0
HUB_MW = {"gb": 40.0, "us": 150.0}
#: Industrial power in Great Britain, USD per MWh, and carbon, g per kWh, there and in the United States.
GB_USD_PER_MWH, CARBON_G = 185.0, {"gb": 163.0, "us": 369.0}
#: Grid fees, USD per MW and year, of a regional and a micro site.
DEMAND_CHARGE_USD = (60_000.0, 90_000.0)
ABROAD_USD_PER_MWH = {"IE": 150.0, "DE": 126.0, "NL": 90.0, "FR": 85.0}


def great_britain(data: Path) -> dict[str, Any]:
    """603 substations less the doubtful ones, 14 zones with group limits, 697 cities, 10 hubs, all nine workloads."""
    folder, germany = data / "scenarios" / "gb", _germany()
    hubs = _rows(folder / "hubs.csv")
    sites = [_hub(h, "gb", ABROAD_USD_PER_MWH.get(h["country"], GB_USD_PER_MWH)) for h in hubs]
    for row in _rows(folder / "candidates.csv"):
        if row["quality_flag"] != DOUBTFUL and float(row["headroom_mw"]) >= LEAST_HEADROOM_MW:
            sites.append(_place(row, "gb", GB_USD_PER_MWH, row["zone"]))
    zones = _rows(folder / "zones.csv")
    nodes, links = _backbone(folder, "fibre", "GB")
    for hub in hubs:
        if hub["country"] != "GB":
            near = min(nodes, key=lambda n: _km(hub, n))
            links.append({"from": hub["id"], "to": near["id"], "km": round(_km(hub, near), 2)})
    nodes += [_node(hub["id"], hub, hub["country"]) for hub in hubs if hub["country"] != "GB"]
    scenario = _scenario("great-britain", germany, sites, _rows(folder / "demand.csv"), "GB")
    scenario["jurisdictions"] = [
        {"id": place, "groups": ["UK" if place == "GB" else "EU"]} for place in ("GB", "IE", "DE", "NL", "FR")
    ]
    for workload in scenario["workloads"]:  # what must stay in the EU or in Germany there stays at home here
        if workload["jurisdictions"] != "any":
            workload["jurisdictions"] = "UK"
    scenario["network"] = {"nodes": nodes, "links": links, "latency": germany["network"]["latency"]}
    scenario["grid_limits"] = [
        {"id": f"zone{z['zone']}", "limit_mw": float(z["group_limit_lp_mw"]), "zone": z["zone"]}
        for z in zones
    ]
    return scenario


def united_states(data: Path) -> dict[str, Any]:
    """41,083 substations of a synthetic grid, the 1,000 largest cities it can reach, 14 hubs, five workloads."""
    folder, germany = data / "scenarios" / "us", _germany()
    cents = {
        r["state"]: float(r["industrial_cents_per_kwh"])
        for r in _rows(data / "params" / "electricity_us_state_2023_eia.csv")
    }
    names = {STATES[code]: value * 10.0 for code, value in cents.items() if code in STATES}
    mean = float(np.mean(list(names.values())))
    sites = [_hub(h, "us", mean) for h in _rows(folder / "hubs.csv")]
    for row in _rows(folder / "conus_candidates.csv.gz"):
        zone = f"{row['state']}-{row['zone']}"
        sites.append(_place(row, "us", names.get(row["state"], mean), zone))
    cities = [c for c in _rows(folder / "demand_us_top1000.csv") if c["admin1"] not in BEYOND]
    scenario = _scenario("united-states", germany, sites, cities, "US", US_WORKLOADS)
    scenario["jurisdictions"] = [{"id": "US", "groups": []}]
    nodes, links = _backbone(folder, "fibre_janos_us_ca", "US")
    scenario["network"] = {"nodes": nodes, "links": links, "latency": germany["network"]["latency"]}
    scenario["grid_limits"] = [
        {
            "id": f"texas-{z['zone']}",
            "limit_mw": float(z["group_limit_lp_mw"]),
            "zone": f"Texas-{z['zone']}",
        }
        for z in _rows(folder / "texas_zones.csv")
    ]
    return scenario


def germany_full() -> dict[str, Any]:
    """The full German example under every rule that siteopt knows."""
    sys.path.insert(0, str(EXAMPLE.parent))
    from all_rules import with_all_rules

    return with_all_rules(dump_scenario(load_scenario(EXAMPLE.with_name("full.json"))))


def _germany() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    return document


def _scenario(
    name: str,
    germany: dict[str, Any],
    sites: list[dict[str, Any]],
    cities: list[dict[str, str]],
    country: str,
    workloads: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    """What both countries share; demand per person is that of the first German city."""
    first = germany["regions"][0]
    person = {
        row["workload"]: (row["peak_rps"] / first["population"], row["mean_rps"] / first["population"])
        for row in germany["demand"]
        if row["region"] == first["id"]
    }
    used = [w for w in germany["workloads"] if workloads is None or w["id"] in workloads]
    accelerators = {a for w in used for a in w.get("accelerators", ())}
    standing = {d for site in sites for d in site["designs"]}
    return {
        "schema_version": 1,
        "name": name,
        "horizon": germany["horizon"],
        "sites": sites,
        "designs": [d for d in germany["designs"] if d["id"] in standing],
        "accelerators": [a for a in germany["accelerators"] if a["id"] in accelerators],
        "workloads": used,
        "regions": [
            {
                "id": f"c{c['id']}",
                "name": c["name"],
                "lat": float(c["lat"]),
                "lon": float(c["lon"]),
                "jurisdiction": country,
                "population": int(c["population"]),
            }
            for c in cities
        ],
        "demand": [
            {
                "region": f"c{c['id']}",
                "workload": w["id"],
                "peak_rps": float(f"{int(c['population']) * person[w['id']][0]:.4g}"),
                "mean_rps": float(f"{int(c['population']) * person[w['id']][1]:.4g}"),
            }
            for c in cities
            for w in used
        ],
        "policy": {k: v for k, v in germany["policy"].items() if k not in ("budget_usd", "max_sites")},
    }


def _hub(row: dict[str, str], country: str, usd_per_mwh: float) -> dict[str, Any]:
    design = f"hub-{row['country'].lower()}"
    known = ("hub-de", "hub-nl", "hub-gb", "hub-us")
    site = _site(row, row["country"], "hyperscale", HUB_MW[country], usd_per_mwh, CARBON_G[country])
    return site | {
        "designs": [design if design in known else "hub-gb"],
        "demand_charge_usd_per_mw_year": DEMAND_CHARGE_USD[0],
        "connection_usd": 10e6,
        "land_usd": 5e6,
        "egress_usd_per_gb": 0.05,
    }


def _place(row: dict[str, str], country: str, usd_per_mwh: float, zone: str) -> dict[str, Any]:
    is_regional = float(row["vn_kv"]) >= REGIONAL_KV[country]
    tier = "regional" if is_regional else "micro"
    site = _site(
        row, country.upper(), tier, float(row["headroom_mw"]), round(usd_per_mwh, 2), CARBON_G[country]
    )
    return site | {
        "zone": zone,
        "designs": ["regional-liquid"] if is_regional else ["micro-air", "micro-liquid"],
        "demand_charge_usd_per_mw_year": DEMAND_CHARGE_USD[0 if is_regional else 1],
        "connection_usd": 6e6 if is_regional else 1e6,
        "land_usd": 1e6 if is_regional else 0.5e6,
    }


def _site(
    row: dict[str, str], jurisdiction: str, tier: str, headroom_mw: float, usd_per_mwh: float, carbon: float
) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "lat": float(row["lat"]),
        "lon": float(row["lon"]),
        "tier": tier,
        "jurisdiction": jurisdiction,
        "status": "candidate",
        "headroom_mw": headroom_mw,
        "price_usd_per_mwh": usd_per_mwh,
        "carbon_g_per_kwh": carbon,
    }


def _backbone(
    folder: Path, stem: str, jurisdiction: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    nodes = [_node(f"n{r['id']}", r, jurisdiction) for r in _rows(folder / f"{stem}_nodes.csv")]
    links = [
        {"from": f"n{r['a']}", "to": f"n{r['b']}", "km": float(r["km"])}
        for r in _rows(folder / f"{stem}_links.csv")
    ]
    return nodes, links


def _node(name: str, row: dict[str, str], jurisdiction: str) -> dict[str, Any]:
    return {"id": name, "lat": float(row["lat"]), "lon": float(row["lon"]), "jurisdiction": jurisdiction}


def _km(a: dict[str, Any], b: dict[str, Any]) -> float:
    """Great-circle distance, km."""
    phi_a, lam_a, phi_b, lam_b = np.radians([float(v) for v in (a["lat"], a["lon"], b["lat"], b["lon"])])
    half = np.sin((phi_b - phi_a) / 2) ** 2 + np.cos(phi_a) * np.cos(phi_b) * np.sin((lam_b - lam_a) / 2) ** 2
    return float(2.0 * 6371.0 * np.arcsin(np.sqrt(half)))


def _rows(path: Path) -> list[dict[str, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:  # type: ignore[operator]
        return list(csv.DictReader(file))


STATE_NAMES = (
    "AL=Alabama,AZ=Arizona,AR=Arkansas,CA=California,CO=Colorado,CT=Connecticut,DE=Delaware,FL=Florida,GA=Georgia,"
    "ID=Idaho,IL=Illinois,IN=Indiana,IA=Iowa,KS=Kansas,KY=Kentucky,LA=Louisiana,ME=Maine,MD=Maryland,"
    "MA=Massachusetts,MI=Michigan,MN=Minnesota,MS=Mississippi,MO=Missouri,MT=Montana,NE=Nebraska,NV=Nevada,"
    "NH=New Hampshire,NJ=New Jersey,NM=New Mexico,NY=New York,NC=North Carolina,ND=North Dakota,OH=Ohio,OK=Oklahoma,"
    "OR=Oregon,PA=Pennsylvania,RI=Rhode Island,SC=South Carolina,SD=South Dakota,TN=Tennessee,TX=Texas,UT=Utah,"
    "VT=Vermont,VA=Virginia,WA=Washington,WV=West Virginia,WI=Wisconsin,WY=Wyoming"
)
STATES = dict(pair.split("=") for pair in STATE_NAMES.split(","))
COUNTRIES = {"gb": great_britain, "us": united_states}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("country", choices=COUNTRIES)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.write_text(json.dumps(COUNTRIES[args.country](args.data)), encoding="utf-8")


if __name__ == "__main__":
    main()
