"""The curves of a profile as a picture, SVG or PNG; needs matplotlib, an optional extra."""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from siteopt.errors import Problem, ScenarioError
from siteopt.plan import write_atomically
from siteopt.report.profile import replica_text, slo_text

if TYPE_CHECKING:
    from pathlib import Path

    from siteopt.answers.profile import Curves, Profile

SUFFIXES = (".png", ".svg")
#: Colour-blind safe (Okabe and Ito).
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"
#: Waits below this, ms, are not drawn: a logarithmic axis cannot show zero.
SMALLEST_MS = 0.1
#: Factors on the highest value that make room for the legend, on a linear and on a logarithmic axis.
ROOM, LOG_ROOM = 1.45, 40.0


def require_plotting() -> None:
    """Raise an error that says how to get matplotlib, before any work is done.

    Raises
    ------
    ScenarioError
        If it is not installed.
    """
    if find_spec("matplotlib") is None:
        cure = "pip install 'siteopt[plot]'"
        raise ScenarioError(
            [Problem("--plot", f"needs matplotlib, which is not installed: {cure}")], "profile"
        )


def plot_profile(profile: Profile, path: Path) -> None:
    """Draw latency, throughput and cost against load, and the pooling curve, into one file.

    Parameters
    ----------
    profile : Profile
        With curves.
    path : Path
        Its suffix, ``.png`` or ``.svg``, is the format.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    # Imported here, since it is optional and slow; without pyplot no window system is needed.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    curves = profile.curves
    if curves is None:
        raise ValueError("a profile without curves cannot be drawn")
    figure = Figure(figsize=(11.0, 8.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 2)
    name = (
        profile.workload
        if profile.model in (None, profile.workload)
        else f"{profile.workload}: {profile.model}"
    )
    figure.suptitle(f"{name} on {replica_text(profile)}\n{slo_text(profile)}", fontsize=11)
    _draw_latency(axes[0, 0], profile, curves)
    if profile.model is not None:
        _draw_tokens(axes[0, 1], curves)
    else:
        _draw_spare(axes[0, 1], curves)
    _draw_cost(axes[1, 0], curves)
    _draw_pooling(axes[1, 1], curves)
    image = BytesIO()
    figure.savefig(image, format=path.suffix[1:].lower(), dpi=130)
    write_atomically(path, image.getvalue())


def _draw_latency(axes: Any, profile: Profile, curves: Curves) -> None:
    points = [point for point in curves.load if isfinite(point.wait_ms.p99)]
    load = [100.0 * point.load for point in points]
    waits = (("p50", GREEN, ":"), ("p95", ORANGE, "--"), ("p99", RED, "-"))
    for name, colour, style in waits:
        drawn = [ms if (ms := getattr(point.wait_ms, name)) >= SMALLEST_MS else nan for point in points]
        axes.plot(load, drawn, style, color=colour, marker=".", label=f"wait for a slot, {name}")
    if profile.model is not None:
        axes.plot(load, [point.ttft_ms for point in points], color=BLUE, marker="o", ms=4, label="TTFT, mean")
    else:
        latency = [point.latency_ms.p99 for point in points if point.latency_ms is not None]
        axes.plot(load, latency, color=BLUE, marker="o", ms=4, label="service and wait, p99")
    for slo in profile.slo:
        if slo.metric != "tpot":
            limit = f"SLO: {slo.metric} {slo.ms:,g} ms at p{100 * slo.percentile:g}"
            axes.axhline(slo.ms, color=GREY, lw=1, ls="-.", label=limit)
    axes.set_yscale("log")
    axes.set_xlim(0.0, 103.0)
    axes.set_ylim(top=axes.get_ylim()[1] * LOG_ROOM)
    axes.set_ylabel("ms (no line where nothing waits)")
    _finish(axes, f"Latency, one pool of {curves.replicas} replicas, no network", "upper left", columns=2)


def _draw_tokens(axes: Any, curves: Curves) -> None:
    load = [100.0 * point.load for point in curves.load]
    tpot = axes.plot(load, [p.tpot_ms for p in curves.load], color=BLUE, marker="o", ms=4, label="TPOT, mean")
    axes.set_ylabel("TPOT, ms", color=BLUE)
    axes.set_ylim(bottom=0.0)
    right = axes.twinx()
    thousands = [(point.tokens_per_s or 0.0) / 1000.0 for point in curves.load]
    rate = right.plot(load, thousands, color=ORANGE, marker="s", ms=4, label="throughput of the pool")
    right.set_ylabel("thousand output tokens/s", color=ORANGE)
    right.set_ylim(bottom=0.0)
    _finish(axes, "Time per output token, and throughput", "", handles=[*tpot, *rate])


def _draw_spare(axes: Any, curves: Curves) -> None:
    points = [p for p in curves.load if p.spare_ms is not None and isfinite(p.spare_ms)]
    axes.plot([100.0 * p.load for p in points], [p.spare_ms for p in points], color=BLUE, marker="o", ms=4)
    axes.axhline(0.0, color=RED, lw=1, ls="-.", label="SLO missed below")
    # Far below 0 there is nothing to tell apart.
    most = max((p.spare_ms for p in points if p.spare_ms is not None), default=0.0)
    axes.set_ylim(-max(most, 1.0), 1.2 * max(most, 1.0))
    axes.set_ylabel("ms per call")
    _finish(axes, "What the SLO leaves for round trips", "lower left")


def _draw_cost(axes: Any, curves: Curves) -> None:
    load = [100.0 * point.load for point in curves.load]
    axes.plot(load, [p.usd_per_1k for p in curves.load], color=BLUE, marker="o", ms=4)
    axes.set_ylim(bottom=0.0)
    axes.set_ylabel("USD per 1,000 requests")
    _finish(axes, "Cost of replicas and their energy, at that load day and night", "")


def _draw_pooling(axes: Any, curves: Curves) -> None:
    points = curves.pooling
    sites = [point.sites for point in points]
    busy = curves.total_rps / curves.replica_rps
    axes.plot(
        sites,
        [p.replicas for p in points],
        color=BLUE,
        marker="o",
        ms=4,
        label="needed with the utilisation cap",
    )
    if any(p.by_tail for p in points):
        axes.plot(
            sites, [p.by_tail for p in points], "--", color=RED, marker=".", label="needed for the tail alone"
        )
    axes.axhline(busy, color=GREY, lw=1, ls="-.", label=f"busy on average: {busy:,.4g}")
    for point in points[1:]:
        axes.annotate(
            f"+{100.0 * point.extra:.0f}%",
            (point.sites, point.replicas),
            **{"xytext": (-3, 6), "textcoords": "offset points", "ha": "right", "color": BLUE},
        )
    axes.set_xscale("log")
    axes.set_xticks(sites, [str(n) for n in sites])
    axes.minorticks_off()
    axes.set_ylim(0.0, ROOM * max(p.replicas for p in points))
    axes.set_ylabel("replicas at all sites")
    _finish(axes, f"{curves.total_rps:,.4g} calls/s shared between sites", "upper left", x="sites")


def _finish(
    axes: Any,
    title: str,
    legend: str,
    *,
    x: str = "load, % of saturation",
    handles: Any = None,
    columns: int = 1,
) -> None:
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(x)
    axes.grid(alpha=0.3)
    if legend or handles:
        axes.legend(handles=handles, loc=legend or "best", fontsize=8, framealpha=0.9, ncols=columns)
