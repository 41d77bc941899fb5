"""Run one case at scale: ``python benchmarks/run.py CASE [--data DIR] [--time-limit S]``.

CASE is an instance of ``known_optima.csv`` in the folder of the published instances (``cap41``, ``capa-8000``,
``i300_1``, ``Holmberg-p1``), a file in one of their formats, ``gen-1000x1000-r10`` or ``gen-1000x10000-r10-k50`` for a
generated one (``-s2`` for another seed), ``towns-3000x15000-r5-k30`` for one whose places lie in towns, any of these
with ``-single`` where demands may not be split, the name of a set (``orlib``, ``capabc``, ``holmberg``, ``i300``,
``i500``, ``single``, ``generated``), or a whole scenario: ``germany-full`` under all rules, ``gb``, ``us`` (see
``countries.py``), solved and verified as by ``siteopt solve``.
``DIR`` holds the published instances, or has them in ``facility`` and the countries in ``scenarios``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from countries import COUNTRIES, germany_full
from facility_cases.case import USD_PER_UNIT, Case, checked_cost
from facility_cases.generate import generated
from facility_cases.readers import published, read

import siteopt
from siteopt.facility import facility_instance
from siteopt.facility.run import solve_facility_location
from siteopt.run.incumbent import Incumbent
from siteopt.run.options import SolveOptions
from siteopt.run.progress import Clock, Progress

GENERATED = re.compile(r"(gen|towns)-(\d+)x(\d+)-r([\d.]+?)(?:-k(\d+))?(?:-s(\d+))?$")
#: Gap at which a case counts as proven: published optima are given to two decimals.
PROVEN = 1e-6
#: Members, or a pattern of ``known_optima.csv`` with a variant; seconds and gap.
SETS: dict[str, tuple[tuple[str, ...] | tuple[str, str], float, float]] = {
    "orlib": (("CFLP-multi", r"cap\d+$"), 1.0, PROVEN),
    "capabc": (("CFLP-multi", r"cap[abc]-\d+$"), 60.0, PROVEN),
    "holmberg": (("SSCFLP", r"Holmberg"), 10.0, PROVEN),
    "i300": (("CFLP-multi", r"i300"), 60.0, 1e-4),
    "i500": (("CFLP-multi", r"i500"), 120.0, 1e-4),
    "single": (("SSCFLP", r"i[35]00"), 120.0, 1e-4),
}
LARGE = {
    "gen-100x1000-r10": 3.0,
    "gen-1000x1000-r5": 120.0,
    "gen-1000x1000-r10": 120.0,
    "gen-1000x1000-r20": 120.0,
    "gen-1000x10000-r10-k50": 60.0,
    "gen-5000x20000-r10-k50": 120.0,
}
#: Seconds and gap of each scenario.
SCENARIOS = {"germany-full": (120.0, 0.005), "gb": (120.0, 0.005), "us": (600.0, 0.01)}
COLUMNS = ("case", "value", "bound", "gap %", "seconds", "cpu s", "RSS GB", "published", "off %")


def facility_folder(data: Path) -> Path:
    """Where the published instances are: in a folder of their own, or in ``data`` itself."""
    return data / "facility" if (data / "facility").is_dir() else data


def load(name: str, folder: Path) -> Case:
    """The case of a name."""
    plain = name.removesuffix("-single")
    is_single = plain != name
    match = GENERATED.match(plain)
    if match:
        kind, m, n, ratio, nearest, seed = match.groups()
        k = int(nearest) if nearest else None
        case = generated(int(m), int(n), float(ratio), int(seed or 1), k, in_towns=kind == "towns")
    else:
        case = read(folder, plain, "SSCFLP" if is_single or name.startswith("Holmberg") else "CFLP-multi")
    return replace(case, name=f"{case.name}-single", splittable=False) if is_single else case


def cpu_seconds() -> float:
    """Of this process and of the ended ones that it started."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def memory_gb() -> float:
    """Most that this process had, and most that one which it started had."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(who).ru_maxrss for who in both) / 1e6


def solve_scenario(
    name: str, folder: Path, time_limit: float, gap: float, seed: int, log: bool
) -> dict[str, Any]:
    """One run of a whole scenario, in million USD; seconds and processor's seconds from its document on."""
    document = germany_full() if name == "germany-full" else COUNTRIES[name](folder)
    wall, cpu = time.perf_counter(), cpu_seconds()
    scenario = siteopt.load_scenario(document)
    plan = siteopt.solve(
        scenario, time_limit=time_limit, gap=gap, seed=seed, progress=printer() if log else None
    )
    return {
        "case": name,
        "value": plan.cost_usd / 1e6,
        "bound": None if plan.bound_usd is None else plan.bound_usd / 1e6,
        "gap %": None if plan.gap is None else 100.0 * plan.gap,
        "seconds": time.perf_counter() - wall,
        "cpu s": cpu_seconds() - cpu,
        "RSS GB": memory_gb(),
    }


def solve(case: Case, time_limit: float, gap: float, seed: int, log: bool) -> dict[str, Any]:
    """One run; its figures are in the unit of the case."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    arrays = siteopt.facility_location(
        case.capacity,
        case.fixed * USD_PER_UNIT,
        case.demand,
        case.cost * USD_PER_UNIT,
        case.splittable,
        case.nearest,
    )
    instance = facility_instance(arrays)
    clock = Clock(time_limit - (time.perf_counter() - wall))
    incumbent = Incumbent(instance, clock, gap, printer() if log else None)
    solve_facility_location(instance, incumbent, SolveOptions(seed=seed))
    seconds, busy = time.perf_counter() - wall, cpu_seconds() - cpu
    figures = {"case": case.name, "seconds": seconds, "cpu s": busy, "value": None, "gap %": None}
    figures["RSS GB"] = memory_gb()
    figures["bound"] = None if incumbent.bound_usd is None else incumbent.bound_usd / USD_PER_UNIT
    figures["published"] = case.optimum
    solution = incumbent.solution
    if solution is not None:
        used = np.flatnonzero(solution.share > 0.0)
        site = instance.pools.site[instance.arcs.pool[used]]
        value = checked_cost(
            case, solution.option >= 0, instance.arcs.demand[used], site, solution.share[used]
        )
        figures["value"] = value
        if figures["bound"] is not None:
            figures["gap %"] = 100.0 * (value - figures["bound"]) / value
        if case.optimum is not None:
            figures["off %"] = 100.0 * (value / case.optimum - 1.0)
    return figures


def printer() -> Any:
    """Progress on stderr."""

    def show(progress: Progress) -> None:
        gap = "-" if progress.gap is None else f"{100.0 * progress.gap:.4f} %"
        print(
            f"{progress.seconds:8.2f} s  {progress.source:<7} {progress.incumbent_usd} {gap}", file=sys.stderr
        )

    return show


def row(figures: dict[str, Any]) -> str:
    """One line of the table."""
    cells = []
    for column in COLUMNS:
        value = figures.get(column)
        if value is None:
            cells.append("-")
        elif isinstance(value, str):
            cells.append(value)
        else:
            cells.append(f"{value:.4f}" if "%" in column else f"{value:.2f}")
    return "".join(f"{cell:>15}" if n else f"{cell:<24}" for n, cell in enumerate(cells))


def members(name: str, folder: Path) -> list[tuple[str, float, float]]:
    """Cases of a set, or the case itself, with seconds and gap."""
    if name in SCENARIOS:
        return [(name, *SCENARIOS[name])]
    if name == "generated":
        return [(case, seconds, 1e-4) for case, seconds in LARGE.items()]
    if name not in SETS:
        variant = "SSCFLP" if name.endswith("-single") or name.startswith("Holmberg") else "CFLP-multi"
        own = [(s, g) for (v, pattern), s, g in SETS.values() if v == variant and re.match(pattern, name)]
        return [(name, *(own[0] if own else (LARGE.get(name, 60.0), 1e-4)))]
    (variant, pattern), seconds, gap = SETS[name]
    single = "-single" if variant == "SSCFLP" and "Holmberg" not in pattern else ""
    found = [i for i, v in published(folder) if v == variant and re.match(pattern, i)]
    return [(case + single, seconds, gap) for case in found]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case")
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default, help="folder of instances and tables")
    parser.add_argument("--time-limit", type=float, help="seconds for each case")
    parser.add_argument("--gap", type=float, help="stop at this gap")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON document per case")
    parser.add_argument("--log", action="store_true", help="progress on stderr")
    args = parser.parse_args()
    if not args.json:
        print("".join(f"{c:>15}" if n else f"{c:<24}" for n, c in enumerate(COLUMNS)))
    published_in = facility_folder(args.data)
    for name, seconds, gap in members(args.case, published_in):
        limits = args.time_limit or seconds, gap if args.gap is None else args.gap, args.seed, args.log
        if name in SCENARIOS:
            figures = solve_scenario(name, args.data, *limits)
        else:
            figures = solve(load(name, published_in), *limits)
        print(json.dumps(figures) if args.json else row(figures), flush=True)


if __name__ == "__main__":
    main()
