"""The output of ``siteopt check``: sizes, power available and power needed, and what looks odd."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np

from siteopt.formatting import counted, mw, percent
from siteopt.report.tables import add_row, print_table, say, table
from siteopt.scenario.schema import Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from siteopt.arrays import Floats
    from siteopt.instance import Instance
    from siteopt.report.extent import Extent
    from siteopt.scenario.schema import Scenario


def print_check(
    console: Console,
    scenario: Scenario,
    extent: Extent,
    impossible: Sequence[str],
    suspicious: Sequence[str],
) -> None:
    """Print the summary of a valid scenario.

    Parameters
    ----------
    console : rich.console.Console
    scenario : Scenario
    extent : Extent
        Counted from it.
    impossible, suspicious : sequence of str
        Proofs that no plan exists, and remarks.
    """
    _print_sizes(console, scenario, extent)
    _print_supply(console, scenario, extent.instance)
    _print_demand(console, scenario, extent)
    _print_list(console, "No plan can exist:", impossible)
    if suspicious:
        _print_list(console, "Worth a look:", suspicious)
    else:
        say(console, "\nNothing looks odd.")


def _print_sizes(console: Console, scenario: Scenario, extent: Extent) -> None:
    name, horizon = scenario.name or "the scenario", scenario.horizon
    say(console, f"{name} is valid: {horizon.years:g} years at {percent(horizon.discount_rate)}", "bold")
    network = scenario.network
    over = f"{counted(len(network.nodes), 'node')}, {counted(len(network.links), 'link')}"
    say(console, f"network: {over if network.nodes else 'none, distances are great circles'}")
    kinds = [s.status for s in scenario.sites]
    special = [f"{kinds.count(k)} {k}" for k in ("existing", "forced", "forbidden") if k in kinds]
    sites = counted(len(kinds), "site") + (f" ({', '.join(special)})" if special else "")
    asked = f"{counted(len(scenario.regions), 'region')}, {counted(len(scenario.workloads), 'workload')}"
    say(console, f"{sites}, {asked}, {counted(len(scenario.demand), 'demand')}")
    arcs = counted(extent.flows, "admissible flow")
    limits = counted(len(scenario.grid_limits), "grid limit")
    links = counted(extent.links, "limited link and uplink", "limited links and uplinks")
    say(console, f"{arcs} from a demand to a site, {limits}" + (f", {links}" if extent.links else ""))
    if extent.backups:
        protected = sum(w.protect is not None for w in scenario.workloads)
        say(
            console,
            f"{counted(protected, 'protected workload')}, {counted(extent.backups, 'flow')} that may take over",
        )


def _print_supply(console: Console, scenario: Scenario, instance: Instance) -> None:
    capacity = instance.site_capacity_mw
    out = table("tier", ">sites", ">headroom MW", ">most IT MW")
    tiers = np.array([s.tier for s in scenario.sites])
    usable = np.array([s.status != "forbidden" for s in scenario.sites])
    for tier in get_args(Tier):
        rows = usable & (tiers == tier)
        if rows.any():
            headroom = float(instance.sites.headroom_mw[rows].sum())
            add_row(out, tier, f"{rows.sum():,}", mw(headroom), mw(float(capacity[rows].sum())))
    total = mw(float(instance.sites.headroom_mw[usable].sum()))
    add_row(out, "all", f"{usable.sum():,}", total, mw(float(capacity[usable].sum())), style="bold")
    print_table(console, "Power available, by tier", out)


def _print_demand(console: Console, scenario: Scenario, extent: Extent) -> None:
    """Print the least power that demand needs: replicas are counted in fractions, each used up to its cap."""
    instance = extent.instance
    capacity = instance.site_capacity_mw
    out = table(
        *(
            "workload",
            ">regions",
            ">peak req/s",
            ">peak/mean",
            ">IT MW",
            ">sites in reach",
            ">IT MW in reach",
        ),
    )
    need_mw = demand_mw(scenario, instance)
    for k, workload in enumerate(scenario.workloads):
        rows = np.flatnonzero(instance.demands.workload == k)
        if not len(rows):
            continue
        peak = sum(scenario.demand[r].peak_rps for r in rows.tolist())
        mean = sum(scenario.demand[r].mean_rps for r in rows.tolist())
        least, most = int(extent.reach[rows].min()), int(extent.reach[rows].max())
        span = f"{most:,}" if least == most else f"{least:,} to {most:,}"
        figures = (
            f"{peak:,.4g}" if peak < 1e4 else f"{peak:,.0f}",
            f"{peak / mean:.1f}",
            mw(float(need_mw[rows].sum())),
        )
        add_row(
            out, workload.id, f"{len(rows):,}", *figures, span, mw(float(capacity[extent.sites[k]].sum()))
        )
    add_row(out, "all", "", "", "", mw(float(need_mw.sum())), "", "", style="bold")
    print_table(console, "Power needed at peak, with every replica full", out)


def _print_list(console: Console, title: str, lines: Sequence[str]) -> None:
    if lines:
        say(console, f"\n{title}", "bold")
        for line in lines:
            say(console, f"- {line}")


def demand_mw(scenario: Scenario, instance: Instance) -> Floats:
    """Return the IT power that each demand needs at peak with every replica full, MW, shape (n_demand,)."""
    variants, n = instance.variants, len(scenario.workloads)
    per_rps = np.full(n, np.inf)
    np.minimum.at(per_rps, variants.workload, variants.replica_mw / variants.usable_rps)
    return np.asarray(instance.demands.peak_rps * per_rps[instance.demands.workload])
