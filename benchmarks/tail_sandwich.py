"""How far the exact model's two sides lie apart, by the number of straight lines per tail.

The outer model's optimum is a bound, the inner model's a plan that holds; between them lies the truth. A cut of the
German example is solved from both sides: the domestic hubs, the sites nearest to some middle-sized cities, those
cities, and the workloads whose pools there are small enough for their tails to matter.

Without a cap on utilisation large pools, too, are sized by their tail; with one it decides from some size on.

python benchmarks/tail_sandwich.py [--sites 10] [--regions 15] [--seconds 12] [--caps 0.8 1.0]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import siteopt
from siteopt.compile import compile_instance
from siteopt.evaluate import evaluate_solution
from siteopt.highs.driver import Limits
from siteopt.milp.objective import USD_PER_UNIT
from siteopt.milp.segments import pool_segments
from siteopt.milp.solve import ExactModel
from siteopt.physics.network.distance import great_circle_km
from siteopt.scenario import dump_scenario
from siteopt.search.local_search import Search

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution
    from siteopt.milp.segments import Bracket

GERMANY = Path(__file__).parents[1] / "examples" / "germany" / "scenario.json"
WORKLOADS = ("voice", "card-fraud", "industrial-vision", "hospital-imaging")
SEGMENTS = (1, 2, 4, 8, 13)
#: Where the solver stops, of the cost: well below the aim.
GAP = 2e-4
AIM = 0.005


class Best:
    """Keeps the cheapest solution that the evaluator accepts, and the best bound."""

    def __init__(self, instance: Instance) -> None:
        self._instance, self._search = instance, Search(instance, seed=1)
        self.cost_usd, self.bound_usd = float("inf"), float("-inf")
        self.solution: Solution | None = None

    def found(self, option: Any, share: Any, unserved: Any, moves: Any) -> None:
        """Size the flows by the evaluator; pools may need fewer replicas than their lines say."""
        if self._search.load(option, share, unserved, moves) and self._search.cost_usd < self.cost_usd:
            self.cost_usd, self.solution = self._search.cost_usd, self._search.solution()

    def proved(self, bound_usd: float) -> None:
        """Take the higher bound."""
        self.bound_usd = max(self.bound_usd, bound_usd)

    def should_stop(self) -> bool:
        """Never: limits alone end a solve."""
        return False


def cut(document: dict[str, Any], n_sites: int, n_regions: int, cap: float) -> dict[str, Any]:
    """The example with fewer sites, regions and workloads, and no budget."""
    by_size = sorted(document["regions"], key=lambda region: -(region.get("population") or 0))
    middle = by_size[len(by_size) // 3 :][:n_regions]
    regions = {region["id"] for region in middle}

    def distance_km(site: dict[str, Any]) -> float:
        lat, lon = ([r[key] for r in middle] for key in ("lat", "lon"))
        return float(great_circle_km([site["lat"]], [site["lon"]], lat, lon).min())

    home = [s for s in document["sites"] if s["jurisdiction"] == "DE" and s.get("status") != "forbidden"]
    hubs = [s for s in home if s["tier"] == "hyperscale"]
    sites = hubs[:2] + sorted((s for s in home if s["tier"] != "hyperscale"), key=distance_km)[:n_sites]
    workloads = [w for w in document["workloads"] if w["id"] in WORKLOADS]
    return document | {
        "sites": sites,
        "regions": middle,
        "workloads": workloads,
        "grid_limits": [],
        "demand": [d for d in document["demand"] if d["region"] in regions and d["workload"] in WORKLOADS],
        "policy": {k: v for k, v in document["policy"].items() if k not in ("budget_usd", "max_sites")}
        | {"utilisation_cap": cap},
    }


def start(instance: Instance, rounds: int = 60) -> Solution | None:
    """A plan of the search; with it, neither model starts from nothing."""
    search = Search(instance, seed=1)
    search.construct()
    for _ in range(rounds):
        search.round()
    return search.solution()


def solve(
    instance: Instance, bracket: Bracket, segments: int, seconds: float, begin: Solution | None
) -> tuple[float, Best]:
    """Cost of the model's own best solution, and what the evaluator and the prover made of it."""
    best = Best(instance)
    answer = ExactModel(instance, bracket, segments).solve(Limits(seconds=seconds, gap=GAP), best, begin)
    if bracket == "inner":
        best.bound_usd = answer.bound * USD_PER_UNIT
    return answer.objective * USD_PER_UNIT, best


def compare(instance: Instance, seconds: float) -> None:
    """Print one line for each number of segments."""
    begin = start(instance)
    names = ("outer bound", "outer plan", "best plan", "inner plan", "sandwich", "of solver")
    print(f"{'segments':>8} {'binaries':>9} " + " ".join(f"{name:>12}" for name in names) + f" {'s':>6}")
    for segments in SEGMENTS:
        began = time.perf_counter()
        outer_usd, outer = solve(instance, "outer", segments, seconds, begin)
        inner_usd, inner = solve(instance, "inner", segments, seconds, begin)
        plan = min(outer, inner, key=lambda best: best.cost_usd)
        if plan.solution is None:
            raise SystemExit("no plan was found")
        gross = sum(v for v in evaluate_solution(instance, plan.solution).cost_lines.values() if v > 0.0)
        count = sum(map(len, pool_segments(instance, "outer", segments).values()))
        sandwich = (inner_usd - outer.bound_usd) / gross
        solver = (outer_usd - outer.bound_usd + inner_usd - inner.bound_usd) / gross
        figures = [usd / 1e6 for usd in (outer.bound_usd, outer_usd, plan.cost_usd, inner_usd)]
        print(
            f"{segments:8d} {count:9d} "
            + " ".join(f"{usd:12.3f}" for usd in figures)
            + f" {sandwich:12.3%} {solver:12.3%} {time.perf_counter() - began:6.1f}",
            flush=True,
        )


def main() -> None:
    """Print a table for each utilisation cap."""
    parser = argparse.ArgumentParser(
        description="The exact model's two sides, by the number of lines per tail."
    )
    parser.add_argument("--sites", type=int, default=10, help="besides two hubs")
    parser.add_argument("--regions", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=12.0, help="for each of the ten solves of a table")
    parser.add_argument("--caps", type=float, nargs="+", default=[0.8, 1.0], help="utilisation caps")
    options = parser.parse_args()
    document = dump_scenario(siteopt.load_scenario(GERMANY))
    for cap in options.caps:
        scenario = siteopt.load_scenario(cut(document, options.sites, options.regions, cap))
        instance = compile_instance(scenario)
        sizes = ", ".join(f"{n} {name}" for name, n in instance.size.items())
        print(f"\nutilisation cap {cap:g}: {sizes}, {len(instance.slack_tiers.variant)} slack tiers")
        compare(instance, options.seconds)
    print(
        "\nCosts in million USD. Outer bound and outer plan: proven and found for the optimistic lines; best plan: the"
        "\ncheapest that the evaluator accepts; inner plan: the safe lines' own cost. Sandwich: inner plan less outer"
        f"\nbound, of the positive cost lines (aim {AIM:.1%} with at most 13 segments); of solver: gaps of both solves."
    )


if __name__ == "__main__":
    main()
