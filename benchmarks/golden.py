"""Plans, costs and bounds to the last bit: ``python benchmarks/golden.py [--out FILE] [--compare FILE] [--data DIR]``.

Before a change that must change nothing, ``--out`` stores a table; after it, ``--compare`` says what differs, and exits
with 1 if anything does. Every case ends by a limit of rounds or tree nodes or by its gap, never by time, on one core:
the same code on the same machine with the same libraries gives the same table. It takes about three minutes; ``--only
PATTERN`` runs the cases whose name the regular expression matches. ``taskset -c 0`` chooses another core than the last.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import re
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from countries import COUNTRIES
from facility_cases.case import USD_PER_UNIT, Case
from facility_cases.generate import generated
from facility_cases.readers import read

import siteopt
from siteopt.facility import facility_instance
from siteopt.facility.run import solve_facility_location
from siteopt.run.incumbent import Incumbent
from siteopt.run.options import SolveOptions
from siteopt.run.progress import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

Row = dict[str, Any]

ROOT = Path(__file__).resolve().parents[1]
#: Files in ``examples`` and their limits. The gap is 0, so that only limits end a solve.
EXAMPLES: tuple[tuple[str, Row], ...] = (
    ("germany/scenario", {"iteration_limit": 3}),
    ("germany/variant-all-rules", {"iteration_limit": 2}),
    ("germany/variant-cheap-modules", {"iteration_limit": 2}),
    ("germany/variant-roomy-hubs", {"iteration_limit": 2}),
    ("germany/full", {"iteration_limit": 2}),
    ("europe-sovereign/scenario", {"iteration_limit": 2}),
    ("europe-sovereign/variant-borderless", {"iteration_limit": 2}),
    ("europe-sovereign/variant-no-hurry", {"iteration_limit": 2}),
    ("factory-campus/scenario", {"iteration_limit": 10, "node_limit": 5}),
    ("factory-campus/scenario", {"node_limit": 20, "method": "milp"}),
    ("factory-campus/scenario", {"iteration_limit": 20, "method": "search"}),
    ("hand-checked/scenario", {"iteration_limit": 10, "node_limit": 50}),
    ("hand-checked/scenario", {"node_limit": 50, "method": "milp"}),
)
#: Too many flows to list them: another way through ``solve``.
COUNTRY, COUNTRY_LIMITS = "us", {"iteration_limit": 1}
#: Published instances by the tree nodes they may take; single-source are those of Holmberg and ``-single``.
PUBLISHED = {
    200: ("cap41", "cap71", "cap101", "cap131", "capb-5000", "capc-5000", "Holmberg-p1", "Holmberg-p31"),
    50: ("capa-8000", "i300_1", "i500_11", "i300_1-single"),
}
#: Facilities, customers, ratio, seed, nearest facilities of each customer, most tree nodes.
GENERATED = ((100, 1000, 10.0, 1, None, 20), (200, 1000, 10.0, 1, 20, 20))
#: Gap of the facility location cases.
PROVEN = 1e-6
SEED = 1
#: Fields of a plan that say when, where and with what it was made, not what it is.
INCIDENTAL = ("seconds", "verification_seconds", "versions", "scenario", "scenario_sha256")
#: Columns that must agree; ``note`` tells why a case was skipped or failed.
COMPARED = ("cost_usd", "bound_usd", "gap", "digest", "note")


def solve_facility(case: Case, node_limit: int) -> tuple[float, float | None, float | None, Any]:
    """Cost, bound and gap in USD, and the decisions, of a facility location case."""
    fixed, cost = case.fixed * USD_PER_UNIT, case.cost * USD_PER_UNIT
    arrays = siteopt.facility_location(case.capacity, fixed, case.demand, cost, case.splittable, case.nearest)
    instance = facility_instance(arrays)
    incumbent = Incumbent(instance, Clock(math.inf), PROVEN, None)
    solve_facility_location(instance, incumbent, SolveOptions(seed=SEED, node_limit=node_limit))
    solution = incumbent.solution
    assert solution is not None
    used = np.flatnonzero(solution.share)
    site = instance.pools.site[instance.arcs.pool[used]]
    flows = (instance.arcs.demand[used].tolist(), site.tolist(), solution.share[used].tolist())
    return incumbent.cost_usd, incumbent.bound_usd, incumbent.gap, (solution.option.tolist(), flows)


def facility_row(make: Callable[[], Case], node_limit: int) -> Row:
    """Row of a facility location case."""
    return row_of(*solve_facility(make(), node_limit))


def scenario_row(make: Callable[[], Any], limits: Row) -> Row:
    """Row of a scenario, given its file or its document."""
    scenario = siteopt.load_scenario(make())
    plan = siteopt.solve(scenario, time_limit=math.inf, gap=0.0, seed=SEED, **limits)
    content = {key: value for key, value in plan.to_dict().items() if key not in INCIDENTAL}
    return row_of(plan.cost_usd, plan.bound_usd, plan.gap, content)


def row_of(cost_usd: float, bound_usd: float | None, gap: float | None, content: Any) -> Row:
    """Figures as ``repr`` writes them, which loses nothing, and a digest of the plan."""
    text = json.dumps(content, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"cost_usd": repr(cost_usd), "bound_usd": repr(bound_usd), "gap": repr(gap), "digest": digest}


def published_case(folder: Path, name: str) -> Case:
    """A published instance; ``-single`` where demands may not be split."""
    plain = name.removesuffix("-single")
    is_single = plain != name or name.startswith("Holmberg")
    case = read(folder, plain, "SSCFLP" if is_single else "CFLP-multi")
    return replace(case, splittable=not is_single)


def cases(data: Path) -> dict[str, Callable[[], Row]]:
    """What gives each row, by the name of the case."""
    found: dict[str, Callable[[], Row]] = {}
    for name, limits in EXAMPLES:
        file = partial(Path, ROOT / "examples" / f"{name}.json")
        found[f"{name} {limits.get('method', 'auto')}"] = partial(scenario_row, file, limits)
    found[f"country {COUNTRY}"] = partial(scenario_row, partial(COUNTRIES[COUNTRY], data), COUNTRY_LIMITS)
    folder = data / "facility" if (data / "facility").is_dir() else data
    for nodes, names in PUBLISHED.items():
        for name in names:
            found[f"published {name}"] = partial(facility_row, partial(published_case, folder, name), nodes)
    for *figures, nodes in GENERATED:
        name = "-".join(map(str, figures))
        found[f"generated {name}"] = partial(facility_row, partial(generated, *figures), nodes)
    return found


def run(case: Callable[[], Row]) -> Row:
    """The row of a case, or why there is none."""
    began = time.perf_counter()
    try:
        row = {"note": ""} | case()
    except FileNotFoundError as error:
        row = {"note": f"skipped: no file {os.path.basename(str(error.filename))}"}
    except siteopt.SiteoptError as error:
        row = {"note": f"{type(error).__name__}: {error}"}
    return row | {"seconds": round(time.perf_counter() - began, 1)}


def differences(table: dict[str, Row], stored: dict[str, Row]) -> list[str]:
    """A line for each figure of each case that is not the same in both tables."""
    lines = []
    for name in sorted(table.keys() | stored.keys()):
        now, before = table.get(name, {"note": "no such case"}), stored.get(name, {"note": "no such case"})
        for column in COMPARED:
            if now.get(column) != before.get(column):
                lines.append(f"{name}: {column} was {before.get(column)}, is {now.get(column)}")
    return lines


def use_one_core() -> None:
    """Begin anew on one core where there are more: search and bound then take turns, and sums are split in one way."""
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default, help="folder of instances and tables")
    parser.add_argument("--out", type=Path, help="write the table as JSON")
    parser.add_argument("--compare", type=Path, help="table to compare with")
    parser.add_argument("--only", default="", help="regular expression of the cases to run")
    args = parser.parse_args()
    use_one_core()
    table: dict[str, Row] = {}
    print("siteopt of", Path(siteopt.__file__).parent, file=sys.stderr)
    print("\t".join(("case", *COMPARED, "seconds")))
    for name, case in cases(args.data).items():
        if re.search(args.only, name):
            row = table[name] = run(case)
            print("\t".join((name, *(str(row.get(c, "-")) for c in (*COMPARED, "seconds")))), flush=True)
    if args.out:
        args.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    if not args.compare:
        return 0
    stored = json.loads(args.compare.read_text(encoding="utf-8"))
    lines = differences(table, {name: row for name, row in stored.items() if re.search(args.only, name)})
    print("\n".join(lines) if lines else f"all {len(table)} cases are the same")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
