"""The data that the page's scripts draw: sites, pools, flows and regions in columns, with no more digits than show."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from siteopt.report.page.outlines import Box, box_of, framed, land

if TYPE_CHECKING:
    from collections.abc import Iterable

    from siteopt.report.page.subject import Subject
    from siteopt.scenario.schema import Workload

#: A site farther than this from the regions, as a share of the size of their box, is drawn at the map's edge.
FAR = 0.6
#: Whatever is within this many degrees of a region counts as near it.
NEAREST = 0.01
#: Width and height of the map, pixels.
FRAME = (900, 640)
DIGITS = 5


def digits(value: float | None, count: int = DIGITS) -> float | None:
    """Round a number to a count of significant digits."""
    return None if value is None else float(f"{value:.{count}g}")


def page_data(subject: Subject) -> dict[str, Any]:
    """Return the data that the page carries; places and workloads are referred to by their row."""
    focus, whole = extents(subject)
    return {
        "workloads": [_workload(w) for w in subject.scenario.workloads],
        "sites": _sites(subject),
        "pools": _pools(subject),
        "regions": _regions(subject),
        "flows": _flows(subject),
        "unserved": _unserved(subject),
        "limits": [
            {"id": row.id, "used": digits(row.used_mw), "limit": digits(row.limit_mw)}
            for row in subject.plan.grid
        ],
        "focus": list(focus),
        "whole": list(whole),
        "frame": list(FRAME),
        "land": land(framed(whole, FRAME).grown(0.5, 0.5)),
    }


def extents(subject: Subject) -> tuple[Box, Box]:
    """Return the box that the map shows first, around the regions, and the one around everything, in degrees."""
    scenario = subject.scenario
    regions = [(r.lon, r.lat) for r in scenario.regions]
    sites = [(s.lon, s.lat) for s in scenario.sites]
    near = box_of(regions).grown(FAR, NEAREST)
    inside = [
        (lon, lat) for lon, lat in sites if near.west <= lon <= near.east and near.south <= lat <= near.north
    ]
    return box_of(regions + inside).grown(0.08, NEAREST / 5), box_of(regions + sites).grown(0.08, NEAREST / 5)


def _workload(workload: Workload) -> dict[str, Any]:
    slo = workload.slo[0] if workload.slo else None
    return {
        "id": workload.id,
        "metric": slo.metric if slo else "e2e",
        "percentile": slo.percentile if slo else None,
        "slo": slo.ms if slo else None,
    }


def _sites(subject: Subject) -> dict[str, list[Any]]:
    sites, plan = subject.scenario.sites, {row.id: row for row in subject.plan.sites}
    rows = [plan.get(site.id) for site in sites]
    limits = _limits_of_sites(subject)
    return {
        "id": [s.id for s in sites],
        "name": [s.name for s in sites],
        "lat": [digits(s.lat, 6) for s in sites],
        "lon": [digits(s.lon, 6) for s in sites],
        "tier": [s.tier for s in sites],
        "status": [s.status for s in sites],
        "headroom": [digits(s.headroom_mw) for s in sites],
        "limits": [limits.get(s.id, []) for s in sites],
        "open": [int(row is not None) for row in rows],
        "design": [row.design if row else "" for row in rows],
        "modules": [row.modules if row else 0 for row in rows],
        "it": [digits(row.it_mw) if row else 0 for row in rows],
        "facility": [digits(row.facility_mw) if row else 0 for row in rows],
        "capex": [round(row.capex_usd) if row else 0 for row in rows],
        "ready": [digits(row.ready_month) if row else 0 for row in rows],
    }


def _limits_of_sites(subject: Subject) -> dict[str, list[int]]:
    """Return for each site the rows of the plan's grid limits in which it counts."""
    row = {use.id: n for n, use in enumerate(subject.plan.grid)}
    found: dict[str, list[int]] = defaultdict(list)
    for limit in subject.scenario.grid_limits:
        if limit.id not in row:
            continue
        for site in subject.scenario.sites:
            if limit.coefficients is not None:
                counts = limit.coefficients.get(site.id, 0.0) > 0.0
            elif limit.zone is not None:
                counts = site.zone == limit.zone
            else:
                counts = site.jurisdiction == limit.jurisdiction
            if counts:
                found[site.id].append(row[limit.id])
    return found


def _rows(names: Iterable[str]) -> dict[str, int]:
    return {name: n for n, name in enumerate(names)}


def _pools(subject: Subject) -> list[list[Any]]:
    """Return a row for each pool: site, workload, IT power (MW), replicas and how they are deployed."""
    site, workload = _site_rows(subject), _workload_rows(subject)
    rows = []
    for pool in subject.plan.pools:
        if pool.site not in site or pool.workload not in workload:
            continue
        how = (
            "" if pool.precision is None else f"{pool.accelerator} {pool.precision} TP{pool.tensor_parallel}"
        )
        replica = subject.facts.replica(subject.facts.pool(pool))
        power = pool.replicas * replica.kw / 1000.0 if replica is not None else 0.0
        rows.append([site[pool.site], workload[pool.workload], digits(power), pool.replicas, how])
    return rows


def _site_rows(subject: Subject) -> dict[str, int]:
    return _rows(s.id for s in subject.scenario.sites)


def _workload_rows(subject: Subject) -> dict[str, int]:
    return _rows(w.id for w in subject.scenario.workloads)


def _regions(subject: Subject) -> dict[str, list[Any]]:
    regions = subject.scenario.regions
    return {
        "id": [r.id for r in regions],
        "name": [r.name for r in regions],
        "lat": [digits(r.lat, 6) for r in regions],
        "lon": [digits(r.lon, 6) for r in regions],
    }


def _flows(subject: Subject) -> dict[str, list[Any]]:
    """Return the flows in columns; power is in kW of IT, latency in ms."""
    region = _rows(r.id for r in subject.scenario.regions)
    site, workload = _site_rows(subject), _workload_rows(subject)
    columns: dict[str, list[Any]] = {
        key: [] for key in ("region", "workload", "site", "share", "kw", "p50", "p95", "p99")
    }
    for flow, power in zip(subject.plan.flows, subject.flow_mw, strict=True):
        if flow.region not in region or flow.workload not in workload or flow.site not in site:
            continue
        latency = flow.latency_ms
        row = (region[flow.region], workload[flow.workload], site[flow.site], digits(flow.share, 4))
        ms = [digits(getattr(latency, p), 4) if latency else None for p in ("p50", "p95", "p99")]
        for column, value in zip(columns.values(), (*row, digits(1000.0 * power, 4), *ms), strict=True):
            column.append(value)
    return columns


def _unserved(subject: Subject) -> list[list[Any]]:
    region, workload = _rows(r.id for r in subject.scenario.regions), _workload_rows(subject)
    return [
        [region[row.region], workload[row.workload], digits(row.share, 4), row.reason]
        for row in subject.plan.unserved
        if row.region in region and row.workload in workload
    ]
