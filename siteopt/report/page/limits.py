"""The section on limits that are shared: grid, links and tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.formatting import counted, mw, percent
from siteopt.report.page.markup import Markup, join, section, table, tag, use_bar
from siteopt.rules import shared_limits
from siteopt.rules.network import LINKS
from siteopt.rules.tenancy import tenant_limits

if TYPE_CHECKING:
    from siteopt.report.page.subject import Subject
    from siteopt.rules import Use

#: From this use on, a limit counts as nearly reached.
NEAR = 0.8


def limits_section(subject: Subject) -> Markup:
    """Build the section: shared limits and tenants, the fullest first."""
    shared = shared_limits(subject.scenario, subject.plan)
    parts = [_shared(title, uses) for title, uses in shared.items()]
    if LINKS not in shared:
        parts.append(_unlimited(subject))
    parts = [part for part in (*parts, _tenants(subject)) if part]
    lead = "" if parts else "The scenario limits neither grid zones, links nor tenants."
    return section("limits", "Grid, network and tenants", *parts, lead=lead)


def _shared(title: str, uses: list[Use]) -> Markup:
    rows = sorted(uses, key=lambda use: (-use.share, use.subject))
    near = sum(use.share >= NEAR for use in rows)
    unit = rows[0].unit
    cells = [
        (use.subject, mw(use.used), mw(use.limit), use_bar(use.used, use.limit, percent(use.share)))
        for use in rows
    ]
    heading = f"{title}: {near} of {len(rows)} at {percent(NEAR)} or more"
    made = table(("Limit", f">Used {unit}", f">Limit {unit}", "Use"), cells)
    return join([tag("h3", heading), made])


def _unlimited(subject: Subject) -> Markup:
    """Build a sentence on links that carry traffic but have no limit."""
    busiest = max(subject.plan.links, key=lambda row: (row.used_gbps, row.id), default=None)
    if busiest is None:
        return Markup("")
    many = counted(len(subject.plan.links), "link")
    most = f"the busiest, {busiest.id}, {mw(busiest.used_gbps)} Gbit/s at peak"
    words = f"{many} carry traffic and none has a limit; {most}."
    return join([tag("h3", "Links"), tag("p", words, class_="lead")])


def _tenants(subject: Subject) -> Markup:
    rows = sorted(subject.plan.tenants, key=lambda row: (-row.share_of_site, row.tenant, row.site))
    if not rows:
        return Markup("")
    policy = subject.scenario.policy
    title = f"Tenants: {' and '.join(tenant_limits(policy)) or 'no limits'}"
    most = policy.tenant_share or 1.0
    cells = [
        (
            row.tenant,
            subject.label(row.site),
            mw(row.it_mw),
            use_bar(row.share_of_site, most, percent(row.share_of_site)),
        )
        for row in rows
    ]
    return join([tag("h3", title), table(("Tenant", "Site", ">IT MW", "Share of the site"), cells)])
