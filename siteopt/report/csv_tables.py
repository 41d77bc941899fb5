"""A plan as CSV tables (RFC 4180) for spreadsheets: a header, UTF-8 with its mark, CRLF, a point for decimals.

Text that a spreadsheet would take for a formula has an apostrophe before it, which it takes for "this is text".
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from siteopt.report.page.certificate import certificate_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from siteopt.report.page.subject import Subject

#: It tells a spreadsheet that the text is UTF-8 rather than in the local code page.
BYTE_ORDER_MARK = "\ufeff"
#: What a spreadsheet takes for a formula begins with one of these; a tab and a line break are skipped before that.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
#: Separates the nodes of a route in one cell.
ARROW = " > "

HEADERS: dict[str, tuple[str, ...]] = {
    "sites": (
        *("id", "name", "lat", "lon", "tier", "jurisdiction", "zone", "status", "open", "design", "modules"),
        *("it_mw", "facility_mw", "headroom_mw", "capex_usd", "connection_mw", "ready_month"),
    ),
    "pools": (
        *("site", "workload", "accelerator", "replicas", "load_erlang", "utilisation", "precision"),
        *("tensor_parallel", "batch", "data", "home_route", "reserve_erlang"),
    ),
    "flows": (
        *(
            "region",
            "workload",
            "site",
            "accelerator",
            "share",
            "p50_ms",
            "p95_ms",
            "p99_ms",
            "slo_ms",
            "route",
        ),
    ),
    "cost_lines": ("line", "usd"),
    "n_minus_1": ("site", "moves", "worst_ms", "worst_slo_ms", "spare_mw"),
    "moves": ("site_lost", "region", "workload", "site", "share", "latency_ms"),
    "unprotected": ("site_lost", "workload", "displaced_rps", "kept_rps", "lost_rps"),
    "links": ("id", "used_gbps", "limit_gbps"),
    "tenants": ("tenant", "site", "it_mw", "share_of_site"),
    "grid": ("id", "used_mw", "limit_mw"),
    "unserved": ("region", "workload", "share", "reason"),
    "certificate": ("region", "workload", "rule", "result", "finding"),
}


def csv_tables(subject: Subject) -> dict[str, str]:
    """Return the text of every table by its name; a table without rows still has its header."""
    plan = subject.plan
    rows: dict[str, Iterable[Sequence[Any]]] = {
        "sites": _sites(subject),
        "pools": _columns("pools", plan.pools),
        "flows": _flows(subject),
        "cost_lines": plan.cost_lines.items(),
        "n_minus_1": (
            (row.site, len(row.moves), row.worst_ms, row.worst_slo_ms, row.spare_mw) for row in plan.n_minus_1
        ),
        "moves": (
            (row.site, m.region, m.workload, m.site, m.share, m.latency_ms)
            for row in plan.n_minus_1
            for m in row.moves
        ),
        "unprotected": (
            (row.site, p.workload, p.displaced_rps, p.kept_rps, p.lost_rps)
            for row in plan.n_minus_1
            for p in row.unprotected
        ),
        "links": _columns("links", plan.links),
        "tenants": _columns("tenants", plan.tenants),
        "grid": _columns("grid", plan.grid),
        "unserved": _columns("unserved", plan.unserved),
        "certificate": certificate_rows(subject),
    }
    return {name: _text(HEADERS[name], rows[name]) for name in HEADERS}


def first_line(name: str) -> str:
    """Return the header line of a table as it stands in the file, by which the table is recognised."""
    return _text(HEADERS[name], ())


def _text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return BYTE_ORDER_MARK + stream.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, tuple):
        value = ARROW.join(value)
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def _columns(name: str, rows: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield the cells of rows whose attributes have the names of the columns."""
    return ([getattr(row, column) for column in HEADERS[name]] for row in rows)


def _sites(subject: Subject) -> Iterator[list[Any]]:
    built = {row.id: row for row in subject.plan.sites}
    for site in subject.scenario.sites:
        row = built.get(site.id)
        known = {"open": row is not None}
        yield [
            known[column] if column in known else getattr(site, column, getattr(row, column, None))
            for column in HEADERS["sites"]
        ]


def _flows(subject: Subject) -> Iterator[list[Any]]:
    for flow in subject.plan.flows:
        latency = flow.latency_ms
        ms = [getattr(latency, name, None) for name in ("p50", "p95", "p99")]
        yield [
            flow.region,
            flow.workload,
            flow.site,
            flow.accelerator,
            flow.share,
            *ms,
            flow.slo_ms,
            flow.route,
        ]
