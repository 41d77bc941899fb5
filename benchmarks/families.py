"""What each family of constraints of the exact model weighs, and what each kind of rule costs.

Size: rows, columns and nonzeros that the family adds to the model of a scenario, and the seconds that takes. Price: the
scenario is solved with all of its rules, then once without each kind; the difference lies between the two figures
printed, since neither plan need be the best.

python benchmarks/families.py [--scenario examples/germany/scenario.json] [--time-limit 60] [--rules network ...]
"""

from __future__ import annotations

import argparse
import time
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyomo.environ as pyo

import siteopt
from siteopt.compile import compile_instance
from siteopt.milp.build import build_model
from siteopt.milp.families import FAMILIES, Family
from siteopt.milp.moves import model_size
from siteopt.scenario import dump_scenario

if TYPE_CHECKING:
    from siteopt.instance import Instance
    from siteopt.milp.model import SitingModel

GERMANY = Path(__file__).parents[1] / "examples" / "germany" / "scenario.json"
DROP = object()
TIERS = ["device", "enclosure", "micro", "regional", "hyperscale"]
#: How a scenario loses each kind of rule: new values by path, where ``*`` stands for every entry of a table, or a new
#: value for each old one.
RULES: dict[str, dict[str, Any]] = {
    "tails": {"workloads.*.sizing": {"tail": "utilisation"}},
    "sovereignty": {"workloads.*.jurisdictions": DROP, "workloads.*.sovereign_route": DROP},
    "tiers": {"workloads.*.tiers": TIERS},
    "data gravity": {
        **{f"workloads.*.{key}": DROP for key in ("home", "replica_gb", "sync_gb_per_day")},
        "policy.storage_usd_per_gb_year": DROP,
    },
    "density": {
        "designs.*.rack_kw": DROP,
        "designs.*.cooling": "liquid",
    },
    "network": {"sites.*.uplink_gbps": DROP, "network.links.*.capacity_gbps": DROP},
    "tenancy": {"policy.tenant_share": DROP, "policy.tenant_site_mw": DROP},
    "resilience": {"workloads.*.protect": DROP},
    "redundancy": {"designs.*.redundancy": DROP},
    "grid": {"grid_limits": []},
    "connections": {"sites.*.connection_steps": DROP, "sites.*.connection_usd": DROP},
    "readiness": {"policy.ready_by_month": DROP},
    "coincident peak": {"sites.*.coincident_charge_usd_per_mw_year": DROP, "policy.coincidence": DROP},
    "budget": {"policy.budget_usd": DROP, "policy.max_sites": DROP},
    "economies of scale": {"designs.*.scale_exponent": DROP},
    "refresh": {
        "policy.refresh": DROP,
        **{
            f"{table}.*.{key}": DROP
            for table in ("designs", "accelerators")
            for key in ("life_years", "salvage_fraction")
        },
        "workloads.*.replica.life_years": DROP,
        "workloads.*.replica.salvage_fraction": DROP,
    },
}


@dataclass(frozen=True)
class Size:
    """What a family added, and how long that took."""

    family: str
    rows: int
    columns: int
    nonzeros: int
    seconds: float


def sizes(instance: Instance) -> list[Size]:
    """Build the model family by family."""
    found: list[Size] = []

    def measured(family: Family) -> Family:
        def add(model: SitingModel, instance: Instance) -> None:
            before = set(model.pyomo.component_map())
            start = time.perf_counter()
            family.add(model, instance)
            seconds = time.perf_counter() - start
            new = [c for name, c in model.pyomo.component_map().items() if name not in before]
            rows = [row for c in new if c.ctype is pyo.Constraint for row in c.values()]
            columns = sum(len(c) for c in new if c.ctype is pyo.Var)
            nonzeros = sum(len(row.to_bounded_expression()[1].args) for row in rows)
            found.append(Size(family.name, len(rows), columns, nonzeros, seconds))

        return replace(family, add=add)

    start = time.perf_counter()
    model = build_model(instance, tuple(map(measured, FAMILIES)))
    seconds = time.perf_counter() - start
    shared = sum(len(v) for v in model.pyomo.component_objects(pyo.Var)) - sum(s.columns for s in found)
    return [Size("(all)", 0, shared, 0, seconds - sum(s.seconds for s in found)), *found]


def print_sizes(instance: Instance) -> None:
    """One line for each family; the first has the columns that all share, and the rest of the time."""
    words = ", ".join(f"{n:,} {name}" for name, n in instance.size.items() if n)
    print(f"{words}; {model_size(instance):,} arcs and moves\n")
    print(f"{'family':16s}{'rows':>10s}{'columns':>10s}{'nonzeros':>12s}{'s':>8s}")
    rows = sizes(instance)
    total = Size(
        "total", *(sum(getattr(s, n) for s in rows) for n in ("rows", "columns", "nonzeros", "seconds"))
    )
    for s in (*rows, total):
        print(f"{s.family:16s}{s.rows:10,d}{s.columns:10,d}{s.nonzeros:12,d}{s.seconds:8.2f}")


def without(document: dict[str, Any], edits: dict[str, Any]) -> dict[str, Any]:
    """A copy of a scenario document with the values at some paths replaced, or dropped, where they are given."""
    result = deepcopy(document)
    for path, value in edits.items():
        *parents, last = path.split(".")
        holders = [result]
        for step in parents:
            inner = [h for holder in holders for h in (holder if step == "*" else [holder.get(step)])]
            holders = [h for h in inner if h is not None]
        for holder in holders:
            if value is DROP:
                holder.pop(last, None)
            elif isinstance(value, dict):
                if holder.get(last) in value:
                    holder[last] = value[holder[last]]
            else:
                holder[last] = value
    return result


def solved(document: dict[str, Any], seconds: float) -> siteopt.Plan | None:
    """The best plan within the time, None where none was found."""
    try:
        return siteopt.solve(siteopt.load_scenario(document), time_limit=seconds)
    except (siteopt.InfeasibleError, siteopt.NoPlanError):
        return None


def figures(plan: siteopt.Plan | None) -> str:
    """Cost, bound and gap of a plan, million USD."""
    if plan is None:
        return f"{'no plan':>12s}{'':20s}"
    bound = "-" if plan.bound_usd is None else f"{plan.bound_usd / 1e6:.3f}"
    gap = "-" if plan.gap is None else f"{plan.gap:.2%}"
    return f"{plan.cost_usd / 1e6:12.3f}{bound:>12s}{gap:>8s}"


def print_prices(document: dict[str, Any], names: list[str], seconds: float) -> None:
    """One line for each kind of rule that the scenario has."""
    print(f"\n{'without':20s}{'cost':>12s}{'bound':>12s}{'gap':>8s}   price between, million USD")
    full = solved(document, seconds)
    print(f"{'(nothing)':20s}{figures(full)}", flush=True)
    scenario = siteopt.load_scenario(document)
    for name in names:
        bare = without(document, RULES[name])
        if siteopt.load_scenario(bare) == scenario:
            print(f"{name:20s}{'(the scenario has none)':>32s}")
            continue
        plan = solved(bare, seconds)
        line = f"{name:20s}{figures(plan)}"
        if full is not None and plan is not None:
            line += f"   {_least(full, plan):>10s} and {_most(full, plan):>10s}"
        print(line, flush=True)


def _least(full: siteopt.Plan, bare: siteopt.Plan) -> str:
    return "-" if full.bound_usd is None else f"{(full.bound_usd - bare.cost_usd) / 1e6:.3f}"


def _most(full: siteopt.Plan, bare: siteopt.Plan) -> str:
    return "-" if bare.bound_usd is None else f"{(full.cost_usd - bare.bound_usd) / 1e6:.3f}"


def main() -> None:
    """Print the sizes, and the prices where a time limit is given."""
    parser = argparse.ArgumentParser(description="Size and price of every family of rules.")
    parser.add_argument("--scenario", type=Path, default=GERMANY)
    parser.add_argument(
        "--time-limit", type=float, help="seconds for each solve; without it only sizes are shown"
    )
    parser.add_argument("--rules", nargs="+", choices=RULES, default=list(RULES), help="which to price")
    options = parser.parse_args()
    scenario = siteopt.load_scenario(options.scenario)
    print_sizes(compile_instance(scenario))
    if options.time_limit is not None:
        print_prices(dump_scenario(scenario), options.rules, options.time_limit)


if __name__ == "__main__":
    main()
