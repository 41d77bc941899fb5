"""The rule about demands that a plan leaves out because of the policy's mode."""

from __future__ import annotations

from itertools import product
from math import inf
from typing import TYPE_CHECKING

from siteopt.plan import MovePlan, PoolPlan
from siteopt.verify.access import jurisdiction_problem, slo_misses, tier_problem
from siteopt.verify.data_modes import allowed_modes
from siteopt.verify.deployment import deployment_problems, precisions
from siteopt.verify.mode import in_mode
from siteopt.verify.racks import cooling_problem, density_problem
from siteopt.verify.replica import ModelReplica, stated_replica
from siteopt.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siteopt.plan import UnservedPlan
    from siteopt.scenario.schema import Design, Scenario, Site, Slo, Workload
    from siteopt.verify.facts import Facts
    from siteopt.verify.replica_facts import ReplicaFacts

    LimitsOf = Callable[[Workload, ReplicaFacts], tuple[Slo, ...]]

#: Why a demand may be left unserved.
REASONS = ("penalty", "mode")


def left_out(facts: Facts) -> Iterator[Violation]:
    """Check ``mode`` where demand is left out: only sites outside the mode admit it, and it has no penalty."""
    for row in facts.unserved:
        problem = _problem(facts, row)
        if problem is not None:
            yield Violation("mode", f"{row.region}/{row.workload}", problem, row.share)


def _problem(facts: Facts, row: UnservedPlan) -> str | None:
    if row.reason not in REASONS:
        return f"reason is {row.reason!r}; it should be one of the {len(REASONS)}: {', '.join(REASONS)}"
    if row.reason != "mode":
        return None
    kind, penalty = facts.scenario.policy.mode, facts.workloads[row.workload].unserved_usd_per_1k
    if kind == "hybrid":
        return f"share {row.share:g} is left out because of mode 'hybrid', which leaves out 0 sites"
    if penalty is not None:
        return f"share {row.share:g} is left out because of the mode, but has a penalty of {penalty:g} USD per 1000"
    sites = facts.scenario.sites
    admitting = [s.id for s in sites if in_mode(facts, s) and _admits(facts, row, s, _certain)]
    if not admitting:
        if any(_admits(facts, row, site, _possible) for site in sites):
            return None
        return f"share {row.share:g} is left out because of the mode, but 0 sites could serve it in any mode"
    shown = ", ".join(admitting[:3])
    return f"share {row.share:g} is left out, but {len(admitting)} site(s) of mode {kind!r} admit it: {shown}"


def _admits(facts: Facts, row: UnservedPlan, site: Site, limits_of: LimitsOf) -> bool:
    """Whether a demand may be served at a site, the mode apart, where nobody waits, whatever the plan builds there."""
    flow = MovePlan(row.region, row.workload, site.id, row.share)
    if site.status == "forbidden":
        return False
    if tier_problem(facts, flow) or jurisdiction_problem(facts, flow):
        return False
    workload, designs = facts.workloads[row.workload], list(_designs(facts, site))
    user_ms = facts.user_rtt_ms(flow)
    for mode in allowed_modes(workload):
        if mode == "replica" and facts.home_rtt_ms(site.id, row.workload) == inf:
            continue
        rtt_ms = user_ms + facts.home_trips_ms(flow, mode)
        for replica in _replicas(facts.scenario, workload):
            limits = limits_of(workload, replica)
            stands = any(not density_problem(replica, d) and not cooling_problem(replica, d) for d in designs)
            if stands and rtt_ms < inf and not any(slo_misses(replica, rtt_ms, limits)):
                return True
    return False


def _designs(facts: Facts, site: Site) -> Iterator[Design]:
    """Yield the designs with which a site can be ready in time."""
    if site.existing is not None:
        yield facts.designs[site.existing.design]
        return
    latest = facts.scenario.policy.ready_by_month
    energised = min((step.months for step in site.connection_steps), default=0.0)
    for name in site.designs:
        if latest is None or max(facts.designs[name].build_months, energised) <= latest:
            yield facts.designs[name]


def _replicas(scenario: Scenario, workload: Workload) -> Iterator[ReplicaFacts]:
    """Yield the replicas that a workload may run on; the smallest batch stands for all of a deployment."""
    stated = stated_replica(workload)
    if stated is not None:
        yield stated
    for name in workload.accelerators:
        for precision, degree in product(("bf16", "fp8", "fp4"), (1, 2, 4, 8, 16)):
            row = PoolPlan("", workload.id, name, 1, precision=precision, tensor_parallel=degree, batch=1)
            replica = ModelReplica(scenario, workload, row)
            if precision in precisions(workload, replica) and not any(
                deployment_problems(workload, row, replica)
            ):
                yield replica
                break


def _possible(workload: Workload, _replica: ReplicaFacts) -> tuple[Slo, ...]:
    """Return SLOs that some deployment keeps: the smallest batch leaves the most time to round trips."""
    return workload.slo


def _certain(workload: Workload, replica: ReplicaFacts) -> tuple[Slo, ...]:
    """Return SLOs that the smallest batch keeps exactly where every deployment does.

    How a model is deployed is the planner's choice. Every deployment leaves round trips ``network_share`` of an SLO,
    so what is within that is admitted whichever is chosen.
    """
    if workload.model is None:
        return workload.slo
    return tuple(
        limit.model_copy(
            update={
                "ms": workload.network_share * limit.ms + replica.service_ms(limit.metric, limit.percentile)
            }
        )
        for limit in workload.slo
        if limit.metric != "tpot"
    )
