"""Sections on what is shared and limited: grid, links and tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.formatting import counted, mw, percent
from siteopt.report.page.markup import Markup, join, section, table, tag, use_bar

if TYPE_CHECKING:
    from siteopt.report.page.subject import Subject

#: Use of a limit from which on it is called near.
NEAR = 0.8


def limits_section(subject: Subject) -> Markup:
    """Grid limits, links and tenants, the fullest first."""
    parts = [part for part in (_grid(subject), _links(subject), _tenants(subject)) if part]
    lead = "" if parts else "The scenario limits neither grid zones, links nor tenants."
    return section("limits", "Grid, network and tenants", *parts, lead=lead)


def _grid(subject: Subject) -> Markup:
    rows = sorted(subject.plan.grid, key=lambda row: (-_share(row.used_mw, row.limit_mw), row.id))
    if not rows:
        return Markup("")
    near = sum(_share(row.used_mw, row.limit_mw) >= NEAR for row in rows)
    title = f"Grid limits: {near} of {len(rows)} used to {percent(NEAR)} or more"
    cells = [(row.id, mw(row.used_mw), mw(row.limit_mw), _use(row.used_mw, row.limit_mw)) for row in rows]
    return join([tag("h3", title), table(("Limit", ">Used MW", ">Limit MW", "Use"), cells)])


def _links(subject: Subject) -> Markup:
    limited = [row for row in subject.plan.links if row.limit_gbps is not None]
    rows = sorted(limited, key=lambda row: (-_share(row.used_gbps, row.limit_gbps or 0.0), row.id))
    if not rows:
        return _unlimited(subject)
    near = sum(_share(row.used_gbps, row.limit_gbps or 0.0) >= NEAR for row in rows)
    title = f"Uplinks and links: {near} of {len(rows)} with a limit used to {percent(NEAR)} or more"
    cells = [
        (row.id, mw(row.used_gbps), mw(row.limit_gbps or 0.0), _use(row.used_gbps, row.limit_gbps or 0.0))
        for row in rows
    ]
    return join([tag("h3", title), table(("Link", ">Used Gbit/s", ">Limit Gbit/s", "Use"), cells)])


def _unlimited(subject: Subject) -> Markup:
    """A sentence on links that carry traffic and have no limit."""
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
    policy, rules = subject.scenario.policy, []
    if policy.tenant_share is not None:
        rules.append(f"at most {percent(policy.tenant_share)} of a site")
    if policy.tenant_site_mw is not None:
        rules.append(f"at most {mw(policy.tenant_site_mw)} MW at one site")
    title = f"Tenants: {' and '.join(rules) or 'no limits'}"
    most = policy.tenant_share or 1.0
    cells = [
        (row.tenant, subject.label(row.site), mw(row.it_mw), _use(row.share_of_site, most, True))
        for row in rows
    ]
    return join([tag("h3", title), table(("Tenant", "Site", ">IT MW", "Share of the site"), cells)])


def _share(used: float, limit: float) -> float:
    return used / limit if limit > 0 else float(used > 0)


def _use(used: float, limit: float, is_share: bool = False) -> Markup:
    shown = used if is_share else _share(used, limit)
    return use_bar(used, limit, percent(shown))
