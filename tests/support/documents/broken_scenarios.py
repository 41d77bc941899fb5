"""Single mistakes that a scenario may hold, each with the path and the words that its message must have."""

from __future__ import annotations

import re
from typing import Any

from support.documents.small_document import small_document

Document = dict[str, Any]
NAN, INF = float("nan"), float("inf")
#: Stands for a key that is taken away.
ABSENT = object()


def change(document: Document, path: str, value: Any) -> None:
    """Set the value at a path such as ``sites[0].headroom_mw``, or take its key away."""
    steps = [int(s) if s.isdigit() else s for s in re.findall(r"[^.\[\]]+", path)]
    holder: Any = document
    for step in steps[:-1]:
        holder = holder[step]
    if value is ABSENT:
        del holder[steps[-1]]
    else:
        holder[steps[-1]] = value


def again(path: str) -> Any:
    """A second copy of a row that is there already."""
    document: Any = small_document()
    for step in re.findall(r"[^.\[\]]+", path):
        document = document[int(step) if step.isdigit() else step]
    return document


#: name: (what is changed, to what, the path that the message must name, words that say what is right)
BROKEN: dict[str, tuple[str, Any, str, str]] = {
    "wrong type: text for number": (
        "sites[0].headroom_mw",
        "12",
        "sites[0].headroom_mw",
        "should be a number",
    ),
    "wrong type: number for text": ("sites[0].id", 7, "sites[0].id", "should be a string, not 7"),
    "wrong type: flag as number": ("workloads[0].splittable", 1, "workloads[0].splittable", "true or false"),
    "wrong type: list for object": ("policy", [], "policy", "should be an object, not a list"),
    "wrong type: object for list": (
        *("regions", {"a": 1}),
        *("regions", 'should be a list or {"file": "name.csv"}, not an object'),
    ),
    "wrong type: null": ("designs[0].pue", None, "designs[0].pue", "should be a number, not null"),
    "half a module": ("designs[0].max_modules", 2.5, "designs[0].max_modules", "should be a whole number"),
    "missing key": ("sites[1].price_usd_per_mwh", ABSENT, "sites[1].price_usd_per_mwh", "is missing"),
    "missing table": ("demand", ABSENT, "demand", "required key is missing"),
    "no version": ("schema_version", ABSENT, "schema_version", "required key is missing"),
    "wrong version": ("schema_version", 2, "schema_version", "should be 1, not 2"),
    "unknown key, near miss": ("sites[0].headroom", 3.0, "sites[0].headroom", "did you mean 'headroom_mw'?"),
    "unknown key, no idea": ("policy.colour", "red", "policy.colour", "unknown key; known here: budget_usd"),
    "key not acted on yet": ("periods", [], "periods", "unknown key"),
    "NaN": ("sites[0].lat", NAN, "sites[0].lat", "should be a finite number, not NaN"),
    "infinity": ("policy.budget_usd", INF, "policy.budget_usd", "should be a finite number, not Infinity"),
    "negative power": ("sites[0].headroom_mw", -1.0, "sites[0].headroom_mw", "at least 0, not -1.0"),
    "negative price": (
        "sites[0].price_usd_per_mwh",
        -5,
        "sites[0].price_usd_per_mwh",
        "should be at least 0",
    ),
    "huge number": (
        "sites[0].headroom_mw",
        1e30,
        "sites[0].headroom_mw",
        "at most 1,000,000, not 1e+30; check the unit",
    ),
    "number beyond floats": (
        "policy.budget_usd",
        10**400,
        "policy.budget_usd",
        "should be a number that fits a float",
    ),
    "huge count": ("designs[0].max_modules", 10**12, "designs[0].max_modules", "at most 1,000,000"),
    "latitude out of range": ("regions[0].lat", 91.0, "regions[0].lat", "are lat and lon swapped?"),
    "longitude out of range": ("sites[0].lon", -181.0, "sites[0].lon", "should be at least -180"),
    "PUE below one": ("designs[0].pue", 0.9, "designs[0].pue", "should be at least 1, not 0.9"),
    "percentile of one hundred": ("workloads[0].slo[0].percentile", 1.0, "slo[0].percentile", "less than 1"),
    "utilisation above one": ("policy.utilisation_cap", 1.2, "policy.utilisation_cap", "at most 1"),
    "zero demand": ("demand[0].mean_rps", 0.0, "demand[0].mean_rps", "should be greater than 0"),
    "no demand at all": ("demand", [], "demand", "should not be empty"),
    "no tiers": ("workloads[0].tiers", [], "workloads[0].tiers", "should not be empty"),
    "mean above peak": ("demand[1].mean_rps", 1e6, "demand[1]", "exceeds peak_rps 1500"),
    "unknown tier": ("sites[0].tier", "mini", "sites[0].tier", "should be 'device', 'enclosure', 'micro'"),
    "unknown status": ("sites[0].status", "maybe", "sites[0].status", "'existing', 'forced' or 'forbidden'"),
    "unknown sizing": (
        "workloads[0].sizing",
        "tails",
        "workloads[0].sizing",
        "should be 'linear', 'utilisation' or 'tail'",
    ),
    "empty id": ("regions[0].id", "", "regions[0].id", "should not be an empty string"),
    "unknown jurisdiction": ("sites[0].jurisdiction", "DEU", "sites[0].jurisdiction", "did you mean 'DE'?"),
    "unknown design": ("sites[0].designs", ["modul"], "sites[0].designs[0]", "did you mean 'module'?"),
    "unknown region": ("demand[2].region", "zurich-nord", "demand[2].region", "did you mean 'zurich'?"),
    "unknown workload": ("demand[0].workload", "speech", "demand[0].workload", "known: 'chat', 'training'"),
    "unknown node of a site": ("sites[1].node", "west", "sites[1].node", "unknown network node 'west'"),
    "unknown node of a link": (
        "network.links[0].to",
        "midle",
        "network.links[0].to",
        "did you mean 'middle'?",
    ),
    "unknown site of a grid limit": (
        *("grid_limits[1].coefficients", {"main-tanus": 0.4}),
        *("grid_limits[1].coefficients.main-tanus", "did you mean 'main-taunus'?"),
    ),
    "unknown zone": (
        "grid_limits[0]",
        {"id": "z", "limit_mw": 1.0, "zone": "x"},
        "grid_limits[0].zone",
        "'x'",
    ),
    "unknown group": ("workloads[0].jurisdictions", "EEA", "workloads[0].jurisdictions", "unknown group"),
    "jurisdiction rule of a wrong type": (
        "workloads[0].jurisdictions",
        3,
        "workloads[0].jurisdictions",
        '"same"',
    ),
    "duplicate site": ("sites[1]", again("sites[0]"), "sites[1].id", "first used by sites[0]"),
    "duplicate node": (
        "network.nodes[2]",
        again("network.nodes[0]"),
        "network.nodes[2].id",
        "duplicate id 'north'",
    ),
    "duplicate workload": ("workloads[1]", again("workloads[0]"), "workloads[1].id", "duplicate id 'chat'"),
    "duplicate demand": ("demand[1]", again("demand[0]"), "demand[1]", "given already by demand[0]"),
    "two limits for one metric": (
        *("workloads[0].slo", [{"metric": "ttft", "ms": 200.0}, {"metric": "ttft", "ms": 100.0}]),
        *("workloads[0].slo[1].metric", "keep the tighter one"),
    ),
    "link to itself": ("network.links[0].to", "north", "network.links[0]", "a link joins two nodes"),
    "link with two lengths": ("network.links[0].latency_ms", 2.0, "network.links[0]", '"km"'),
    "link without length": ("network.links[0].km", ABSENT, "network.links[0]", '"km"'),
    "grid limit of two kinds": ("grid_limits[0].zone", "zone-de", "grid_limits[0]", "exactly one of"),
    "impossible SLO": (
        *("workloads[1].service", {"ms": 60.0}),
        *("workloads[1].slo[0].ms", "60 ms is impossible: 1 call of 60 ms take"),
    ),
    "design of another tier": (
        "sites[0].designs",
        ["hall"],
        "sites[0].designs[0]",
        "is for the tiers hyperscale",
    ),
    "existing without its modules": (
        "sites[0].status",
        "existing",
        "sites[0].existing",
        '{"design": ..., "modules"',
    ),
    "existing and forbidden": (
        *(
            "sites[0]",
            again("sites[0]") | {"status": "forbidden", "existing": {"design": "module", "modules": 1}},
        ),
        *("sites[0].existing", 'contradicts status "forbidden"'),
    ),
    "existing beyond its design": (
        *(
            "sites[0]",
            again("sites[0]") | {"status": "existing", "existing": {"design": "module", "modules": 99}},
        ),
        *("sites[0].existing.modules", "99 exceeds max_modules 8"),
    ),
    "forced without power": (
        *("sites[0]", again("sites[0]") | {"status": "forced", "headroom_mw": 0.0}),
        *("sites[0].status", "give it power or make it a candidate"),
    ),
    "reserved word as an id": (
        "jurisdictions[1].id",
        "any",
        "jurisdictions[1].id",
        "'any' is a reserved word",
    ),
    "group named as a jurisdiction": (
        "jurisdictions[0].groups",
        ["CH"],
        "jurisdictions[0].groups[0]",
        "another name",
    ),
    "table file that is not there": ("sites", {"file": "lost.csv"}, "sites", "lost.csv does not exist"),
    "table file without a name": ("sites", {"file": 3}, "sites.file", "should be the name of a CSV file"),
    "table file of an impossible name": ("sites", {"file": "a\0b"}, "sites", "is not the name of a file"),
    "design listed twice": ("sites[0].designs", ["module", "module"], "sites[0].designs[1]", "listed twice"),
    "existing of another design": (
        *(
            "sites[0]",
            again("sites[0]") | {"status": "existing", "existing": {"design": "hall", "modules": 1}},
        ),
        *("sites[0].existing.design", "unknown design of this site 'hall'; known: 'module'"),
    ),
    "unknown jurisdiction in a list": (
        *("workloads[0].jurisdictions", ["DE", "FR"]),
        *("workloads[0].jurisdictions[1]", "unknown jurisdiction 'FR'; known: 'CH', 'DE'"),
    ),
    "unknown jurisdiction of a grid limit": (
        *("grid_limits[0].jurisdiction", "EU", "grid_limits[0].jurisdiction", "unknown jurisdiction 'EU'"),
    ),
    "unknown jurisdiction of a region": (
        *("regions[0].jurisdiction", "D", "regions[0].jurisdiction", "did you mean 'DE'?"),
    ),
    "id of a thousand letters": (
        "regions[0].id",
        "x" * 1000,
        "regions[0].id",
        "at most 200 characters, not 1000",
    ),
    "horizon of a century": ("horizon.years", 100.0, "horizon.years", "should be at most 60"),
    "discount in percent": (
        "horizon.discount_rate",
        7.0,
        "horizon.discount_rate",
        "at most 1, not 7.0; check the unit",
    ),
}
