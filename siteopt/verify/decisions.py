"""Rules about the decisions themselves: what may be built where, and that every demand has its place."""

from __future__ import annotations

from collections import defaultdict
from numbers import Integral
from typing import TYPE_CHECKING

from siteopt.verify.facility import least_modules
from siteopt.verify.replica import STATED
from siteopt.verify.violation import SHARE, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.plan import FlowPlan, UnservedPlan
    from siteopt.verify.facts import Facts


def integers(facts: Facts) -> Iterator[Violation]:
    """Check ``integer``: replicas and modules are whole numbers, and replicas are not negative."""
    for row in facts.plan.sites:
        if not isinstance(row.modules, Integral):
            yield Violation("integer", row.id, f"modules is {row.modules!r}; it should be a whole number")
    for pool in facts.plan.pools:
        subject = f"{pool.site}/{pool.workload}"
        if not isinstance(pool.replicas, Integral):
            yield Violation("integer", subject, f"replicas is {pool.replicas!r}; it should be a whole number")
        elif pool.replicas < 0:
            yield Violation(
                "integer", subject, f"replicas is {pool.replicas}; at least 0", float(-pool.replicas)
            )


def site_status(facts: Facts) -> Iterator[Violation]:
    """Check ``site_status``: existing and forced sites are open, forbidden ones are not."""
    opened = {row.id for row in facts.plan.sites}
    for site in facts.scenario.sites:
        if site.status in ("existing", "forced") and site.id not in opened:
            yield Violation(
                "site_status", site.id, f"{site.status}, but not among the {len(opened)} open sites"
            )
        if site.status == "forbidden" and site.id in opened:
            yield Violation("site_status", site.id, f"forbidden, but one of the {len(opened)} open sites")


def design_allowed(facts: Facts) -> Iterator[Violation]:
    """Check ``design``: it is one of the site's designs; at an existing site, the one that stands there."""
    for name, row in facts.open.items():
        site = facts.sites[name]
        if row.design not in site.designs:
            allowed = ", ".join(site.designs)
            message = f"{row.design!r} is none of the {len(site.designs)} designs allowed here ({allowed})"
            yield Violation("design", name, message)
        if site.existing is not None and row.design != site.existing.design:
            message = (
                f"{row.design!r}, but {site.existing.modules} modules of {site.existing.design!r} stand here"
            )
            yield Violation("design", name, message)


def modules_in_range(facts: Facts) -> Iterator[Violation]:
    """Check ``modules``: as many as the redundancy needs and as stand there, at most the design's maximum."""
    for name, row in facts.open.items():
        design = facts.designs[row.design]
        least, most = max(least_modules(design), facts.sunk_modules(name)), design.max_modules
        if not least <= row.modules <= most:
            excess = float(max(least - row.modules, row.modules - most))
            yield Violation("modules", name, f"{row.modules} modules; {least} to {most} are allowed", excess)


def pools_at_open_sites(facts: Facts) -> Iterator[Violation]:
    """Check ``linking``, first half: replicas stand only at open sites."""
    opened = {row.id for row in facts.plan.sites}
    for pool in facts.plan.pools:
        if pool.site not in opened:
            subject = f"{pool.site}/{pool.workload}"
            yield Violation("linking", subject, f"{pool.replicas} replicas at a site that is not open")


def flows_at_pools(facts: Facts) -> Iterator[Violation]:
    """Check ``linking``, second half: a flow goes only where its workload has a pool."""
    pools = {(pool.site, pool.workload, pool.accelerator) for pool in facts.plan.pools if pool.replicas > 0}
    for flow in facts.flows:
        if (flow.site, flow.workload, flow.accelerator) not in pools:
            message = f"share {flow.share:g} goes to {flow.site!r}, where {flow.workload!r} has 0 replicas"
            if flow.accelerator != STATED:
                message += f" of {flow.accelerator!r}"
            yield Violation("linking", f"{flow.region}/{flow.workload}", message, flow.share)


def share_range(facts: Facts) -> Iterator[Violation]:
    """Check ``share``: every share listed is above 0 and at most 1."""
    rows: list[FlowPlan | UnservedPlan] = [*facts.plan.flows, *facts.plan.unserved]
    for row in rows:
        if not 0.0 < row.share <= 1.0 + SHARE:
            excess = max(-row.share, row.share - 1.0) if row.share else 1.0
            yield Violation(
                "share",
                f"{row.region}/{row.workload}",
                f"share is {row.share:g}; it should be above 0 and at most 1",
                excess,
            )


def assignment(facts: Facts) -> Iterator[Violation]:
    """Check ``assignment``: the shares of a demand and its unserved part add up to 1."""
    left: defaultdict[tuple[str, str], float] = defaultdict(float)
    for row in facts.unserved:
        left[row.region, row.workload] += row.share
    for region, workload in facts.demand:
        placed = facts.served.get((region, workload), 0.0) + left.get((region, workload), 0.0)
        if abs(placed - 1.0) > SHARE:
            yield Violation(
                "assignment",
                f"{region}/{workload}",
                f"shares and unserved add up to {placed:.9g}, not 1",
                abs(placed - 1.0),
            )


def unserved_allowed(facts: Facts) -> Iterator[Violation]:
    """Check ``unserved``: only workloads with a penalty may be left unserved; the mode is a rule of its own."""
    for row in facts.unserved:
        if row.reason != "mode" and facts.workloads[row.workload].unserved_usd_per_1k is None:
            message = f"share {row.share:g} is unserved, but every request must be served"
            yield Violation("unserved", f"{row.region}/{row.workload}", message, row.share)


def splitting(facts: Facts) -> Iterator[Violation]:
    """Check ``splitting``: a demand that may not be split is served whole at one site, or not at all."""
    rows: list[FlowPlan | UnservedPlan] = [*facts.flows, *facts.unserved]
    for row in rows:
        if not facts.workloads[row.workload].splittable and abs(row.share - 1.0) > SHARE:
            message = f"a share of {row.share:.9g} of a demand that may not be split; it should be 1"
            yield Violation("splitting", f"{row.region}/{row.workload}", message, abs(row.share - 1.0))
