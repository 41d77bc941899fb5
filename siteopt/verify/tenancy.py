"""Rules about tenants: how much of a site one of them may take, and what it may lose with a site."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from siteopt.verify.violation import Violation, above, differ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.verify.facts import Facts


def tenant_mw(facts: Facts) -> dict[tuple[str, str], float]:
    """Return the IT power of each tenant at each open site where it has any, MW; keys are tenant and site."""
    used: defaultdict[tuple[str, str], float] = defaultdict(float)
    for (site, workload, kind), replicas in facts.replicas.items():
        tenant, replica = facts.workloads[workload].tenant, facts.replica((site, workload, kind))
        if tenant is not None and replica is not None and site in facts.open:
            used[tenant, site] += replicas * replica.kw / 1000.0
    return {key: mw for key, mw in used.items() if mw > 0.0}


def tenant_share(facts: Facts) -> Iterator[Violation]:
    """Check ``tenant_share``: no tenant has more than the policy's share of what the modules of a site carry."""
    share = facts.scenario.policy.tenant_share
    for (tenant, site), mw in tenant_mw(facts).items():
        usable_mw = facts.usable_mw[site]
        if share is not None and above(mw, share * usable_mw):
            message = (
                f"{mw:.6g} MW of IT; at most {share * usable_mw:.6g} MW, {share:g} of {usable_mw:.6g} MW"
            )
            yield Violation("tenant_share", f"{tenant} at {site}", message, mw - share * usable_mw)


def tenant_site_mw(facts: Facts) -> Iterator[Violation]:
    """Check ``tenant_site_mw``: no tenant loses more than the policy's MW with one site."""
    limit_mw = facts.scenario.policy.tenant_site_mw
    for (tenant, site), mw in tenant_mw(facts).items():
        if limit_mw is not None and above(mw, limit_mw):
            message = f"{mw:.6g} MW of IT at one site; at most {limit_mw:.6g} MW"
            yield Violation("tenant_site_mw", f"{tenant} at {site}", message, mw - limit_mw)


def tenant_use(facts: Facts) -> Iterator[Violation]:
    """Check ``tenants``: IT power and share of every tenant at every open site are reported and right."""
    actual = tenant_mw(facts)
    reported = {(row.tenant, row.site): row for row in facts.plan.tenants}
    for (tenant, site), mw in actual.items():
        row, subject = reported.get((tenant, site)), f"{tenant} at {site}"
        if row is None:
            yield Violation("tenants", subject, f"not reported; it has {mw:.6g} MW of IT there", mw)
            continue
        if differ(row.it_mw, mw):
            message = f"it_mw is reported {row.it_mw:.9g} MW, but it is {mw:.9g} MW"
            yield Violation("tenants", subject, message, abs(row.it_mw - mw))
        usable_mw = facts.usable_mw[site]
        if usable_mw > 0.0 and differ(row.share_of_site, mw / usable_mw):
            message = f"share_of_site is reported {row.share_of_site:.9g}, but it is {mw / usable_mw:.9g}"
            yield Violation("tenants", subject, message, abs(row.share_of_site - mw / usable_mw))
    known = {workload.tenant for workload in facts.scenario.workloads}
    for (tenant, site), row in reported.items():
        if (tenant, site) not in actual and tenant in known and site in facts.sites:
            message = f"reported with {row.it_mw:.6g} MW, but it has 0 MW of IT there"
            yield Violation("tenants", f"{tenant} at {site}", message)
