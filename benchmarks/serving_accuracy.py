"""How far the roofline is from measured runs, with the constants that the catalogue ships.

    python benchmarks/serving_accuracy.py [--data DIR]

``DIR`` holds ``serving/measured_llm_rows.csv`` and its siblings; other rows in the same format may be put
there. Rows whose id hashes to the training half were used to fit the constants (``serving_fit.py``); the
figures that count are those of the held-out half. Nothing here is fitted.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent))

from serving_rows import Row, errors, open_loop, queue_figures, read_rows

from siteopt.physics.serving import roofline
from siteopt.scenario.catalogue import load_catalogue

#: Bandwidth of the accelerators in the layer-time tables that the catalogue does not hold, TB/s (data
#: sheets).
TABLE_BANDWIDTH_TB_S = {
    "a100-40": 1.555,
    "l4": 0.30,
    "t4": 0.32,
    "v100": 0.90,
    "a100": 2.039,
    "a40": 0.696,
    "h100": 3.35,
}


def percent(value: float) -> str:
    """A share in percent."""
    return f"{100.0 * value:.1f}"


def summary(error: np.ndarray) -> list[str]:
    """Count, median, mean, 90th percentile and largest of absolute relative errors."""
    if error.size == 0:
        return ["0", "-", "-", "-", "-"]
    return [
        str(error.size),
        *(percent(v) for v in (np.median(error), error.mean(), np.quantile(error, 0.9), error.max())),
    ]


def predict(rows: list[Row], batch: str) -> np.ndarray:
    """TPOT of the rows with the batch found by the method named, ms."""
    out = []
    for row in rows:
        setup = row.setup()
        out.append(float(roofline.tpot_ms(setup, row.lengths, getattr(row, batch)(setup))))
    return np.array(out)


def closed_loop_table(rows: list[Row]) -> Table:
    """TPOT of the closed-loop rows: all, by half, by engine and family, by model."""
    table = Table(title="TPOT, closed loop (aim, held out: median <= 12 %, mean <= 16 %); errors in %")
    for name in ("rows", "batch", "n", "median", "mean", "p90", "max", "bias"):
        table.add_column(name, justify="left" if name in ("rows", "batch") else "right")

    def add(label: str, chosen: list[Row], batch: str = "batch") -> None:
        if chosen:
            times = predict(chosen, batch)
            bias = float(np.median(times / np.array([row.tpot_ms for row in chosen]) - 1.0))
            how = "Little, measured TTFT" if batch == "batch_by_little" else "concurrency, KV cap"
            table.add_row(label, how, *summary(errors(chosen, times)), percent(bias))

    rows = [row for row in rows if row.source == "closed loop"]
    held = [row for row in rows if not row.training]
    for batch in ("batch", "batch_by_little"):
        add("held out", held, batch)
        add("training", [row for row in rows if row.training], batch)
    calm = [
        row for row in held if row.ttft_ms < 0.5 * (row.ttft_ms + row.lengths.output_tokens * row.tpot_ms)
    ]
    add("held out, TTFT below half of the response", calm)
    for key in sorted({row.group for row in held}):
        add(f"held out, {key[0]} on {key[1]}", [row for row in held if row.group == key])
    for model in sorted({row.model.id for row in held}):
        add(f"held out, {model}", [row for row in held if row.model.id == model])
    return table


def mlperf_table(rows: list[Row]) -> Table:
    """Throughput of MLPerf server runs at their batch in flight.

    Which is the ratio of measured to predicted TPOT.
    """
    table = Table(
        title="Throughput, MLPerf v4.1 Server, batch by Little's law (aim: mean <= 18 %); errors in %"
    )
    for name in ("rows", "n", "median", "mean", "p90", "max", "bias"):
        table.add_column(name, justify="left" if name == "rows" else "right")

    def add(label: str, chosen: list[Row]) -> None:
        if chosen:
            ratio = np.array([row.tpot_ms for row in chosen]) / predict(chosen, "batch") - 1.0
            table.add_row(label, *summary(np.abs(ratio)), percent(float(np.median(ratio))))

    rows = [row for row in rows if row.source == "mlperf"]
    add("all", rows)
    add("held out", [row for row in rows if not row.training])
    add("training", [row for row in rows if row.training])
    for key in sorted({(row.accelerator.id, row.model.id) for row in rows}):
        add(
            f"{key[0]}, {key[1].rsplit('/', 1)[-1]}",
            [r for r in rows if (r.accelerator.id, r.model.id) == key],
        )
    return table


def queue_errors(row: Row) -> tuple[float, float, float]:
    """Relative errors of ITL and TTFT (nan where the row has none), and utilisation.

    From the arrival rate alone.
    """
    figures = queue_figures(row, setup := row.setup())
    ttft = (figures.ttft_ms + setup.engine.ttft_fixed_ms) / row.ttft_ms - 1.0 if row.ttft_ms > 0.0 else np.nan
    return figures.itl_ms / row.tpot_ms - 1.0, ttft, figures.utilisation


def sweep_table(rows: list[Row]) -> Table:
    """ITL and TTFT of the open-loop sweeps through the queue."""
    table = Table(
        title="Open-loop sweeps through the queue (aim: mean ITL <= 9 %, TTFT <= 17 %); errors in %"
    )
    for name in ("rows", "n", "unstable", "ITL mean", "ITL median", "TTFT n", "TTFT mean", "TTFT median"):
        table.add_column(name, justify="left" if name == "rows" else "right")
    rows = [row for row in rows if row.source == "sweep"]
    top: dict[str, float] = {}
    for row in rows:
        sweep = row.id.split("|")[0]
        top[sweep] = max(top.get(sweep, 0.0), row.rate_rps)

    def add(label: str, chosen: list[Row]) -> None:
        if not chosen:
            return
        itl, ttft, load = np.array([queue_errors(row) for row in chosen]).T
        stable, timed = load < 1.0, (load < 1.0) & np.isfinite(ttft)
        cells = [np.abs(itl[stable]).mean(), np.median(np.abs(itl[stable]))]
        late = [np.abs(ttft[timed]).mean(), np.median(np.abs(ttft[timed]))]
        counts = [str(len(chosen)), str(int((~stable).sum()))]
        table.add_row(label, *counts, *map(percent, cells), str(int(timed.sum())), *map(percent, late))

    # The highest rate of each sweep is the measured throughput, so its load is 1 by construction; the
    # authors of the data leave it out as well.
    loop = [row for row in rows if open_loop(row)]
    below = [row for row in loop if row.rate_rps < top[row.id.split("|")[0]]]
    add("constant rates below saturation", below)
    add("constant rates below saturation, held out", [row for row in below if not row.training])
    add("all constant rates", loop)
    add("one client at a time", [row for row in rows if row not in loop])
    return table


def bandwidth_table(folder: Path) -> Table:
    """Share of the memory bandwidth reached where only reading weights matters.

    Small batches in layer-time tables.
    """
    catalogue = load_catalogue()
    shipped = [entry.eta_bw.value for entry in catalogue.engines]
    title = (
        f"eta_bw from layer times at the smallest batch; shipped: {min(shipped):.2f} to {max(shipped):.2f}"
    )
    table = Table(title=title)
    for name in ("table", "accelerator", "model", "weights per layer, GB", "ms", "eta_bw"):
        table.add_column(name, justify="left" if name in ("table", "accelerator", "model") else "right")
    llama70, llama30 = catalogue.model("meta-llama/Llama-2-70b"), (32.5 - 0.43) / 60
    layer_b = {"llama2_70b": (llama70.params_b.value - 0.52) / llama70.layers.value, "llama1_30b": llama30}
    for model, params_b in layer_b.items():
        for device, key in (("a100", "a100-40"), ("l4", "l4"), ("t4", "t4"), ("v100", "v100")):
            path = folder / "helix" / f"{model}__{device}__decode_bs2time.csv"
            if path.exists():
                lines = list(csv.reader(path.read_text("utf-8").splitlines()))
                ms = float(lines[1][1])
                eta = 2.0 * params_b / TABLE_BANDWIDTH_TB_S[key] / ms
                table.add_row("Helix", key, model, f"{2 * params_b:.2f}", f"{ms:.2f}", f"{eta:.2f}")
    path = folder / "vidur" / "vidur_linear_ops_per_layer_median_ms.csv"
    if path.exists():
        for cells in _vidur_rows(path):
            table.add_row("Vidur", *cells)
    return table


def _vidur_rows(path: Path) -> list[list[str]]:
    """Linear layers of each device and model on one accelerator, at the smallest batch measured."""
    names = ("attn_pre_proj_ms", "attn_post_proj_ms", "mlp_up_proj_ms", "mlp_down_proj_ms")
    best: dict[tuple[str, str], tuple[int, float, float]] = {}
    for line in csv.DictReader(path.read_text("utf-8").splitlines()):
        if line["num_tensor_parallel_workers"] != "1":
            continue
        tokens, width, inner = (int(line[key]) for key in ("num_tokens", "n_embd", "n_expanded_embd"))
        kv = width * int(line["n_kv_head"]) // int(line["n_head"])
        gb = 2e-9 * (width * (width + 2 * kv) + width * width + 3 * width * inner)
        key = (line["device"], line["model"])
        if key not in best or tokens < best[key][0]:
            best[key] = (tokens, gb, sum(float(line[name]) for name in names))
    rows = []
    for (device, model), (_, gb, ms) in sorted(best.items()):
        eta = gb / TABLE_BANDWIDTH_TB_S[device] / ms
        rows.append([device, model, f"{gb:.2f}", f"{ms:.2f}", f"{eta:.2f}"])
    return rows


def speed_line(rows: list[Row]) -> str:
    """Cost of one TPOT and of a curve over 512 batch sizes."""
    row = next(iter(rows))
    setup, curve = row.setup(), np.arange(1.0, 513.0)
    times = {}
    for name, batch in (("one batch size", 8.0), ("a curve of 512", curve)):
        start = time.perf_counter()
        for _ in range(2000):
            roofline.tpot_ms(setup, row.lengths, batch)
        times[name] = (time.perf_counter() - start) / 2000 * 1e6
    return "TPOT: " + ", ".join(f"{name} {value:.0f} us" for name, value in times.items())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    data = parser.parse_args().data
    rows, left_out = read_rows(data)
    console = Console(width=150)
    if left_out:
        console.print(
            f"left out: {json.dumps(left_out[:10], indent=1)}{' ...' if len(left_out) > 10 else ''}"
        )
    if not rows:
        sys.exit(f"no measured rows under {data / 'serving'}")
    for table in (
        closed_loop_table(rows),
        mlperf_table(rows),
        sweep_table(rows),
        bandwidth_table(data / "serving"),
    ):
        console.print(table)
    console.print(speed_line(rows))


if __name__ == "__main__":
    main()
