"""The use of shared limits (grid, links, tenants), connections, and where data are kept, on the terminal."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from siteopt.formatting import counted, listed, mw, percent
from siteopt.report.tables import MOST_ROWS, add_row, print_table, table
from siteopt.rules import shared_limits
from siteopt.rules.tenancy import tenant_limits

if TYPE_CHECKING:
    from rich.console import Console

    from siteopt.plan import Plan
    from siteopt.rules import Use
    from siteopt.scenario.schema import Scenario

#: Limits are shown from this use on.
NEAR_LIMIT = 0.8


def print_limits(console: Console, scenario: Scenario, plan: Plan) -> None:
    """Print a table for each kind of limit that the scenario has and the plan uses."""
    _print_connections(console, plan)
    _print_data(console, plan)
    for title, uses in shared_limits(scenario, plan).items():
        _print_near(console, title, uses)
    _print_tenants(console, scenario, plan)


def _print_connections(console: Console, plan: Plan) -> None:
    rows = [row for row in plan.sites if row.connection_mw is not None or row.ready_month > 0]
    if not rows:
        return
    out = table("site", ">connection MW", ">facility MW", ">ready in month")
    for row in sorted(rows, key=lambda row: (-row.ready_month, row.id))[:MOST_ROWS]:
        size = "-" if row.connection_mw is None else mw(row.connection_mw)
        add_row(out, row.id, size, mw(row.facility_mw), f"{row.ready_month:g}")
    print_table(console, "Connections: the class taken, and when each site is ready", out, len(rows))


def _print_data(console: Console, plan: Plan) -> None:
    places: dict[str, dict[str, list[str]]] = defaultdict(lambda: {"home": [], "replica": []})
    for pool in plan.pools:
        if pool.data is not None:
            places[pool.workload][pool.data].append(pool.site)
    if not places:
        return
    out = table("workload", "uses the data at home", "holds a copy")
    for workload, by_mode in places.items():
        add_row(out, workload, *(listed(by_mode[mode], 3) or "-" for mode in ("home", "replica")))
    print_table(console, "Data: which sites use them at home, which hold a copy", out)


def _print_near(console: Console, what: str, uses: list[Use]) -> None:
    near = [use for use in uses if use.used >= NEAR_LIMIT * use.limit and use.used > 0]
    near.sort(key=lambda use: (-use.share, use.subject))
    unit = uses[0].unit
    out = table("limit", f">used {unit}", f">limit {unit}", ">use")
    for use in near[:MOST_ROWS]:
        share = percent(use.share) if use.limit > 0 else "-"
        add_row(out, use.subject, mw(use.used), mw(use.limit), share)
    title = f"{what}: {len(near)} of {len(uses)} at {percent(NEAR_LIMIT)} or more"
    print_table(console, title, out, len(near))


def _print_tenants(console: Console, scenario: Scenario, plan: Plan) -> None:
    if not plan.tenants:
        return
    out = table("tenant", ">sites", ">IT MW", ">most at one site", ">largest share of a site")
    for tenant in dict.fromkeys(row.tenant for row in plan.tenants):
        rows = [row for row in plan.tenants if row.tenant == tenant]
        largest = max(row.it_mw for row in rows)
        share = percent(max(row.share_of_site for row in rows))
        add_row(out, tenant, f"{len(rows):,}", mw(sum(row.it_mw for row in rows)), mw(largest), share)
    limits = ", ".join(tenant_limits(scenario.policy))
    rule = f": {limits}" if limits else ""
    print_table(console, f"Tenants{rule} ({counted(len(plan.tenants), 'placement')})", out)
