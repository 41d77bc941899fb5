"""The output of ``siteopt profile``: deployments, the load curve and the pooling curve, in 100 columns."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from siteopt.answers.profile.curves import BASIS
from siteopt.formatting import counted, money, percent
from siteopt.report.tables import add_row, say, table
from siteopt.report.workloads import deployment_text

if TYPE_CHECKING:
    from rich.console import Console

    from siteopt.answers.profile import Curves, LoadPoint, PoolingPoint, Profile

#: Short words for what limits a batch, where the long ones would break the line.
KEPT_BY = {"largest batch of the engine": "engine"}


def print_profile(console: Console, profile: Profile) -> None:
    """Print a profile as tables.

    Parameters
    ----------
    console : rich.console.Console
    profile : Profile
    """
    _print_head(console, profile)
    if profile.model is not None:
        _print_deployments(console, profile)
    curves = profile.curves
    if curves is None:
        say(console, "\nNo deployment meets the SLO: loosen it, or name another accelerator.", "bold")
        return
    _print_load(console, profile, curves)
    _print_pooling(console, profile, curves)
    energy = f"energy at ${BASIS.usd_per_mwh:g}/MWh with a PUE of {BASIS.pue:g}"
    basis = f"hardware written off over {BASIS.life_years:g} years, and {energy}; no facility, no staff"
    say(console, f"\nCost per 1,000 requests: {basis}.", "dim")


def slo_text(profile: Profile) -> str:
    """Return the limits of the workload in words."""
    names = {"e2e": "end to end", "ttft": "TTFT", "tpot": "TPOT"}
    limits = [f"{names[slo.metric]} {slo.ms:,g} ms at p{100 * slo.percentile:g}" for slo in profile.slo]
    return ", ".join(limits) or "no SLO"


def replica_text(profile: Profile) -> str:
    """Return in words what one replica of the curves is."""
    row = profile.chosen
    if row is None:
        return "the replica that the workload states"
    return deployment_text(row.accelerator, row.precision, row.tp, row.batch)


def _print_head(console: Console, profile: Profile) -> None:
    is_same = profile.model in (None, profile.workload)
    say(console, profile.workload if is_same else f"{profile.workload}: {profile.model}", "bold")
    tokens = f"{profile.input_tokens:,g} tokens in, {profile.output_tokens:,g} out" if profile.model else ""
    calls = f"{profile.calls_per_request:g} calls per request" if profile.calls_per_request > 1 else ""
    say(console, "; ".join(part for part in (tokens, calls, slo_text(profile)) if part))
    for line in profile.constants:
        say(console, line, "dim")


def _print_deployments(console: Console, profile: Profile) -> None:
    tried = counted(len(profile.deployments) + len(profile.rejected), "deployment")
    title = f"{tried} tried; * is the cheapest per request. Full batch, no waiting; cost when half busy"
    say(console, f"\n{title}", "bold")
    heads = (">calls/s", ">TTFT ms", ">TPOT ms", ">kW", ">$/1k", "batch limit")
    out = table("", "accelerator", "", ">TP", ">batch", *heads)
    for row in profile.deployments:
        times = (_ms(row.ttft_ms), _ms(row.tpot_ms), f"{row.kw:.3g}", _usd(row.usd_per_1k))
        what = ("*" if row.chosen else "", row.accelerator, row.precision, f"{row.tp}", f"{row.batch:,}")
        add_row(
            out,
            *what,
            f"{row.rps:,.3g}",
            *times,
            KEPT_BY.get(row.bound_by, row.bound_by),
            style="bold" if row.chosen else "",
        )
    if profile.deployments:
        console.print(out)
    for left in profile.rejected:
        say(console, f"rejected: {left.accelerator} {left.precision} TP{left.tp}: {left.reason}", "dim")


def _print_load(console: Console, profile: Profile, curves: Curves) -> None:
    pool = f"{counted(curves.replicas, 'replica')} of {replica_text(profile)}"
    say(console, f"\nUnder load: one pool of {pool}", "bold")
    is_model = profile.model is not None
    heads = (">TTFT ms", ">TPOT ms", ">tok/s") if is_model else (">e2e p50", ">p95", ">p99 ms")
    width = ">batch" if is_model else ">busy slots"
    out = table(
        *(">load", ">calls/s", width, *heads, ">wait p50", ">p95", ">p99 ms", ">SLO leaves ms", ">$/1k")
    )
    for point in curves.load:
        wait, spare = point.wait_ms, "-" if point.spare_ms is None else _spare(point.spare_ms)
        own = (percent(point.load), f"{point.rps:,.4g}", f"{point.in_service:,.3g}", *_served(point))
        add_row(out, *own, _ms(wait.p50), _ms(wait.p95), _ms(wait.p99), spare, _usd(point.usd_per_1k))
    console.print(out)
    notes = ["TTFT and TPOT are means"] if is_model else []
    if profile.slo:
        notes.append("what the SLO leaves is for round trips, per call; below 0 the SLO is missed")
    if profile.burst_factor > 1.0:
        notes.append(f"waits at {profile.burst_factor:g} times the load (burst_factor)")
    say(console, "; ".join(notes), "dim")


def _served(point: LoadPoint) -> tuple[str, ...]:
    if point.latency_ms is not None:
        return tuple(_ms(ms) for ms in (point.latency_ms.p50, point.latency_ms.p95, point.latency_ms.p99))
    figures = (point.ttft_ms, point.tpot_ms)
    return (*("-" if ms is None else _ms(ms) for ms in figures), f"{point.tokens_per_s or 0.0:,.0f}")


def _print_pooling(console: Console, profile: Profile, curves: Curves) -> None:
    busy = curves.total_rps / curves.replica_rps
    load = f"{curves.total_rps:,.4g} calls/s keep {busy:,.4g} replicas busy"
    say(console, f"\nShared between sites: {load}, wherever they are", "bold")
    heads = (">sites", ">busy at each", ">for the tail", ">with the cap", ">extra")
    out = table(*heads, ">utilisation", ">replicas USD", ">$/1k")
    for point in curves.pooling:
        add_row(out, *_pooling_cells(point, curves.replica_usd))
    console.print(out)
    cap = f"the cap is {percent(profile.utilisation_cap)} utilisation"
    rtt = f"round trips take {profile.rtt_ms:g} ms of the SLO" if profile.slo else "no SLO, so no tail"
    say(console, f"replicas at all sites; extra is against one site; {cap}; {rtt}", "dim")


def _pooling_cells(point: PoolingPoint, replica_usd: float) -> tuple[str, ...]:
    extra = percent(point.extra)
    counts = (f"{point.by_tail:,}" if point.by_tail else "-", f"{point.replicas:,}")
    price = (money(point.replicas * replica_usd), _usd(point.usd_per_1k))
    return (
        *(f"{point.sites:,}", f"{point.busy_per_site:,.3g}", *counts, extra),
        *(percent(point.utilisation), *price),
    )


def _ms(ms: float) -> str:
    """Write milliseconds with three significant digits, or ``no end`` where the queue grows for ever."""
    if not isfinite(ms):
        return "no end"
    return f"{ms:,.0f}" if abs(ms) >= 99.5 else f"{ms:.3g}"


def _spare(ms: float) -> str:
    return _ms(ms) if isfinite(ms) else "missed"


def _usd(usd: float) -> str:
    """Write the cost of a thousand requests with three significant digits."""
    return f"{usd:,.0f}" if usd >= 999.5 else f"{usd:.3g}"
