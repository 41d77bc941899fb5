"""Workloads and their demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.errors import Problem
from siteopt.scenario.checks.ids import unique, unknown_id
from siteopt.scenario.checks.life import check_life
from siteopt.scenario.checks.places import RESERVED_JURISDICTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.schema import Scenario, Workload

#: No one demand keeps more replicas busy.
MOST_REPLICAS = 1e9
#: No one replica works on more calls at a time.
MOST_SLOTS = 100_000


def check_workloads(scenario: Scenario) -> Iterator[Problem]:
    """Yield what is wrong with the workloads, except for their hardware."""
    yield from unique("workloads", (w.id for w in scenario.workloads))
    for i, workload in enumerate(scenario.workloads):
        path, replica = f"workloads[{i}]", workload.replica
        if replica is not None:
            of_replica = f"{path}.replica"
            yield from check_life(scenario, of_replica, replica.life_years, replica.salvage_fraction)
        yield from _slots(workload, path)
        yield from _slos(workload, path)
        yield from _jurisdictions(scenario, workload, f"{path}.jurisdictions")
        yield from _data(scenario, workload, path)
        yield from _protect(workload, path)


def _jurisdictions(scenario: Scenario, workload: Workload, path: str) -> Iterator[Problem]:
    ids = {j.id for j in scenario.jurisdictions}
    groups = {g for j in scenario.jurisdictions for g in j.groups}
    rule = workload.jurisdictions
    if isinstance(rule, tuple):
        for n, name in enumerate(rule):
            if name not in ids:
                yield unknown_id(scenario, f"{path}[{n}]", "jurisdiction", name, ids)
    elif rule not in RESERVED_JURISDICTIONS | groups:
        yield unknown_id(scenario, path, "group of jurisdictions", rule, RESERVED_JURISDICTIONS | groups)


def _slots(workload: Workload, path: str) -> Iterator[Problem]:
    service, replica = workload.service, workload.replica
    if service is None or replica is None:
        return
    if service.slots is not None:
        if service.slots > MOST_SLOTS:
            yield Problem(
                f"{path}.service.slots", f"{service.slots:,} are more than {MOST_SLOTS:,} in one replica"
            )
    elif (at_a_time := replica.rps * service.ms / 1000.0) > MOST_SLOTS:
        rate = f"{replica.rps:g} calls per second of {service.ms:g} ms each"
        message = f"{rate} keep {at_a_time:.3g} slots of one replica busy, more than {MOST_SLOTS:,}; check both units"
        yield Problem(f"{path}.replica.rps", message)


def _slos(workload: Workload, path: str) -> Iterator[Problem]:
    metrics = [slo.metric for slo in workload.slo]
    for n, slo in enumerate(workload.slo):
        if slo.metric in metrics[:n]:
            yield Problem(f"{path}.slo[{n}].metric", f"{slo.metric!r} has two limits; keep the tighter one")
        if slo.metric == "tpot" and workload.model is None:
            yield Problem(
                f"{path}.slo[{n}].metric", '"tpot" is the time per output token of a model; name a "model"'
            )
        if workload.service is None:
            continue
        calls = workload.calls_per_request if slo.metric == "e2e" else 1.0
        if calls * workload.service.ms >= slo.ms and workload.service.scv == 0.0:
            work = f"{calls:g} call{'s' if calls > 1 else ''} of {workload.service.ms:g} ms"
            message = f"{slo.ms:g} ms is impossible: {work} take at least that long before any distance"
            yield Problem(f"{path}.slo[{n}].ms", message)


def _data(scenario: Scenario, workload: Workload, path: str) -> Iterator[Problem]:
    """Check where the data of a workload live, and the copies of them."""
    nodes = {n.id for n in scenario.network.nodes}
    home = workload.home
    if home is not None and not nodes:
        message = "data live at a node of the backbone, and this scenario has none; give network.nodes"
        yield Problem(f"{path}.home.node", message)
    elif home is not None and home.node not in nodes:
        yield unknown_id(scenario, f"{path}.home.node", "network node", home.node, nodes)
    if workload.replica_gb is not None and home is None:
        message = "is the size of a copy of the data, and the workload has none; give its home"
        yield Problem(f"{path}.replica_gb", message)
    if workload.sync_gb_per_day is not None and workload.replica_gb is None:
        message = "keeps a copy of the data up to date, and no site may hold one; give replica_gb"
        yield Problem(f"{path}.sync_gb_per_day", message)


def _protect(workload: Workload, path: str) -> Iterator[Problem]:
    """Check the degraded limit, which takes the place of the first SLO's."""
    if workload.protect is None:
        return
    limit_ms = workload.protect.slo_ms
    if not workload.slo:
        message = "needs an SLO that a failure may degrade; give slo, or leave the workload unprotected"
        yield Problem(f"{path}.protect", message)
    elif workload.slo[0].metric == "tpot":
        message = 'degrades slo[0], and no site changes the time per token; put "ttft" or "e2e" first'
        yield Problem(f"{path}.protect", message)
    elif limit_ms < workload.slo[0].ms:
        message = (
            f"should be at least the {workload.slo[0].ms:g} of slo[0], not {limit_ms:g}: it is the limit"
        )
        yield Problem(f"{path}.protect.slo_ms", f"{message} after a failure")


def check_demand(scenario: Scenario) -> Iterator[Problem]:
    """Check that demand names known regions and workloads, each pair once, and that some of it is above 0."""
    if all(demand.peak_rps == 0.0 for demand in scenario.demand):
        yield Problem("demand", "asks for nothing: every row has a peak_rps of 0")
    regions = {r.id for r in scenario.regions}
    workloads = {w.id for w in scenario.workloads}
    first: dict[tuple[str, str], int] = {}
    for i, demand in enumerate(scenario.demand):
        if demand.region not in regions:
            yield unknown_id(scenario, f"demand[{i}].region", "region", demand.region, regions)
        if demand.workload not in workloads:
            yield unknown_id(scenario, f"demand[{i}].workload", "workload", demand.workload, workloads)
        key = (demand.region, demand.workload)
        if key in first:
            what = f"{demand.workload!r} from {demand.region!r}"
            yield Problem(f"demand[{i}]", f"{what} is given already by demand[{first[key]}]; add them up")
        first.setdefault(key, i)
    yield from _replicas(scenario)


def _replicas(scenario: Scenario) -> Iterator[Problem]:
    """Report demand that keeps more replicas busy than anyone has: a unit is wrong."""
    workloads = {w.id: (k, w) for k, w in enumerate(scenario.workloads) if w.replica is not None}
    for i, demand in enumerate(scenario.demand):
        k, workload = workloads.get(demand.workload, (0, None))
        if workload is None or workload.replica is None:
            continue
        calls = demand.peak_rps * workload.calls_per_request * workload.burst_factor
        busy = calls / workload.replica.rps
        if busy > MOST_REPLICAS:
            message = (
                f"keeps {busy:.3g} replicas busy, more than {MOST_REPLICAS:,.0f}; check the unit of it and of"
            )
            yield Problem(f"demand[{i}].peak_rps", f"{message} workloads[{k}].replica.rps")
