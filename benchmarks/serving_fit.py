"""Fit the roofline's constants per engine and hardware family, on the training half of the measured rows.

    python benchmarks/serving_fit.py [--data DIR] > siteopt/scenario/catalogue/engines.json

Least squares on log(predicted / measured TPOT) with a soft L1 loss (runs go wrong in ways that no constant
should absorb), and a weak pull towards priors, so that a constant that a group's rows say nothing of stays
sensible. One set of constants per group; nothing is fitted by row. A family's default is the mean of its
fitted engines; families without rows get the priors.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

sys.path.insert(0, str(Path(__file__).parent))

from serving_rows import Row, errors, open_loop, queue_figures, read_rows

from siteopt.physics.serving import roofline
from siteopt.physics.serving.specs import Engine

DATE = "2026-11"


@dataclass(frozen=True)
class Prior:
    """Where a constant is pulled to, how far (as the standard deviation of its logarithm), and its unit."""

    value: float
    spread: float
    unit: str
    most: float = np.inf


PRIORS = {
    "eta_bw": Prior(0.8, 0.03, "share of memory bandwidth", 0.9),
    "eta_kv": Prior(0.6, 0.3, "share of memory bandwidth", 0.95),
    "eta_c": Prior(0.5, 0.3, "share of dense matrix throughput", 0.95),
    "eta_prefill": Prior(0.5, 0.3, "share of dense matrix throughput", 0.95),
    "eta_link": Prior(0.4, 0.5, "share of link bandwidth", 0.95),
    "layer_us": Prior(28.0, 0.3, "us per layer and step"),
    "layer_tp_us": Prior(6.0, 0.5, "us per layer and step, and per doubling of the accelerators"),
    "layer_quantise_us": Prior(12.0, 0.3, "us per layer and step"),
    "prefill_layer_us": Prior(30.0, 0.3, "us per layer and prefill"),
    "request_us": Prior(10.0, 0.7, "us per request and step"),
}
EXPERT_PRIORS = {
    "eta_expert_bw": Prior(0.75, 0.2, "share of memory bandwidth", 0.95),
    "eta_expert_c": Prior(0.5, 0.5, "factor on eta_c and eta_prefill", 0.95),
    "expert_layer_us": Prior(25.0, 1.0, "us per layer and step"),
}
FIXED = {"ttft_fixed_ms": 20.0, "memory_fraction": 0.9}
MEMORY_SOURCE = "default of the engines: vLLM --gpu-memory-utilization, TensorRT-LLM free_gpu_memory_fraction"
#: Compute efficiencies known to differ by hardware family, read from MLPerf and microbenchmarks before
#: fitting.
FAMILY_ETA_C = {
    "hopper": 0.5, "hopper_pcie": 0.4, "blackwell": 0.45, "blackwell_pcie": 0.48, "ada": 0.43, "ampere": 0.55,
    "ampere_pcie": 0.5, "cdna3": 0.33, "jetson": 0.4,
}  # fmt: skip
ASSUMED = "typical of fitted engines; compute efficiency of the family from MLPerf and GEMM benchmarks"


def priors(family: str) -> dict[str, Prior]:
    """Priors of a hardware family."""
    eta_c = FAMILY_ETA_C.get(family, 0.5)
    own = {name: Prior(eta_c, 0.3, PRIORS[name].unit, 0.95) for name in ("eta_c", "eta_prefill")}
    return PRIORS | own


class Group:
    """The constants of one engine on one hardware family, as a vector of logarithms."""

    def __init__(self, rows: list[Row], family: str, precisions: list[str] | None = None) -> None:
        self.rows = rows
        self.precisions = precisions or sorted({row.expert_precision for row in rows} - {""})
        items = list(priors(family).items())
        items += [(f"{p}.{name}", prior) for p in self.precisions for name, prior in EXPERT_PRIORS.items()]
        self.names = [name for name, _ in items]
        self.prior = np.log([prior.value for _, prior in items])
        self.spread = np.array([prior.spread for _, prior in items])
        self.most = np.log([prior.most for _, prior in items])
        self.log = self.prior.copy()
        self.ttft_fixed_ms = FIXED["ttft_fixed_ms"]

    def engines(self, log: np.ndarray) -> dict[str, Engine]:
        """One engine per expert precision; the empty one for dense models."""
        values = dict(zip(self.names, np.exp(log).tolist(), strict=True))
        dense = {name: value for name, value in values.items() if "." not in name}
        dense |= FIXED | {"ttft_fixed_ms": self.ttft_fixed_ms}
        made = {}
        for precision in ["", *self.precisions]:
            expert = {
                name: values.get(f"{precision}.{name}", prior.value) for name, prior in EXPERT_PRIORS.items()
            }
            made[precision] = Engine(**dense, **expert)
        return made

    def predict(self, log: np.ndarray, rows: list[Row], batches: np.ndarray) -> np.ndarray:
        """TPOT of the rows, ms."""
        engines = self.engines(log)
        pairs = zip(rows, batches, strict=True)
        return np.array(
            [roofline.tpot_ms(r.setup(engines[r.expert_precision]), r.lengths, b) for r, b in pairs]
        )

    def batches(self, rows: list[Row], log: np.ndarray) -> np.ndarray:
        """Requests in flight of the rows, by Little's law."""
        engines = self.engines(log)
        return np.array([row.batch_by_little(row.setup(engines[row.expert_precision])) for row in rows])

    def fit(self) -> None:
        """Alternate between the batches in flight and the constants."""
        train = [row for row in self.rows if row.training]
        if not train:
            return
        measured = np.array([row.tpot_ms for row in train])
        for _ in range(3):
            batches = self.batches(train, self.log)

            def residuals(log: np.ndarray, batches: np.ndarray = batches) -> np.ndarray:
                error = np.log(self.predict(log, train, batches) / measured)
                soft = np.sign(error) * np.sqrt(0.12 * (np.sqrt(error**2 + 0.06**2) - 0.06)) / 0.1
                return np.concatenate([soft, 0.7 * (log - self.prior) / self.spread])

            start = np.minimum(self.log, self.most - 1e-6)
            limits = (np.full(start.size, -20.0), self.most)
            self.log = least_squares(residuals, start, bounds=limits, max_nfev=30).x
        self._fit_ttft(train)

    def _fit_ttft(self, train: list[Row]) -> None:
        """What prefill and one step do not explain of the TTFT where hardly anything else runs.

        From open-loop rows, through the queue, where there are any; else the lower quartile, because the
        requests of a closed loop tend to arrive together and wait for each other.
        """
        engines = self.engines(self.log)
        opened, closed = [], []
        for row in train:
            setup = row.setup(engines[row.expert_precision]).with_engine(ttft_fixed_ms=0.0)
            if open_loop(row) and row.ttft_ms > 0.0:
                figures = queue_figures(row, setup)
                if figures.utilisation < 0.9:
                    opened.append(row.ttft_ms - figures.ttft_ms)
            elif row.source == "closed loop" and row.concurrency <= 8:
                closed.append(row.ttft_ms - roofline.ttft_ms(setup, row.lengths, row.concurrency))
        if opened or closed:
            typical = np.median(opened) if opened else np.quantile(closed, 0.25)
            self.ttft_fixed_ms = float(np.clip(typical, 0.0, 100.0))

    def held_out(self) -> tuple[int, float | None, float | None]:
        """Rows not fitted on, median and mean error of TPOT on them."""
        test = [row for row in self.rows if not row.training]
        if not test:
            return 0, None, None
        error = errors(test, self.predict(self.log, test, self.batches(test, self.log)))
        return len(test), float(np.median(error)), float(error.mean())


def fact(value: float, unit: str, source: str, confidence: str) -> dict[str, object]:
    """A figure as the catalogue writes it, rounded to three digits."""
    return {
        "value": float(f"{value:.3g}"),
        "unit": unit,
        "source": source,
        "date": DATE,
        "confidence": confidence,
    }


def entry(engine: str, family: str, group: Group, typical_of: int = 0) -> dict[str, object]:
    """One entry of ``engines.json``; `typical_of` so many fitted engines where the group has no rows."""
    train = sum(row.training for row in group.rows)
    held, median, mean = group.held_out()
    sources = " and ".join(sorted({row.source for row in group.rows}))
    source, confidence = ASSUMED, "low"
    if train:
        source = f"fitted on {train} measured rows ({sources}); TPOT error on {held} held out: "
        source += f"median {median:.1%}, mean {mean:.1%}" if held else "none held out"
        confidence = "medium" if train >= 20 else "low"
    elif typical_of:
        source = f"geometric mean of the {typical_of} engines fitted on this family"
    built = group.engines(group.log)
    plain = {
        name: fact(getattr(built[""], name), p.unit, source, confidence) for name, p in priors(family).items()
    }
    timed = any(row.source != "mlperf" and row.training for row in group.rows) or typical_of
    plain["ttft_fixed_ms"] = fact(group.ttft_fixed_ms, "ms", source if timed else ASSUMED, "low")
    plain["memory_fraction"] = fact(FIXED["memory_fraction"], "share of memory", MEMORY_SOURCE, "medium")
    experts = {
        precision: {
            name: fact(getattr(built[precision], name), p.unit, source, confidence)
            for name, p in EXPERT_PRIORS.items()
        }
        for precision in group.precisions
    }
    if not experts:
        experts = {"fp8": {name: fact(p.value, p.unit, ASSUMED, "low") for name, p in EXPERT_PRIORS.items()}}
    made: dict[str, object] = {"engine": engine, "family": family, **plain, "experts": experts}
    if train:
        known = {"held_out_median_error": median, "held_out_mean_error": mean}
        rounded = {name: value if value is None else round(value, 4) for name, value in known.items()}
        made["fit"] = {"rows": train, "held_out_rows": held, **rounded}
    return made


def typical(family: str, fitted: list[Group]) -> Group:
    """The geometric mean of the groups fitted on a family; its priors where there are none."""
    group = Group([], family, sorted({p for member in fitted for p in member.precisions}))
    values = [dict(zip(member.names, member.log, strict=True)) for member in fitted]
    for index, name in enumerate(group.names):
        known = [value[name] for value in values if name in value]
        if known:
            group.log[index] = float(np.mean(known))
    if fitted:
        group.ttft_fixed_ms = float(np.median([member.ttft_fixed_ms for member in fitted]))
    return group


def main() -> None:
    """Fit, and print the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    rows, left_out = read_rows(parser.parse_args().data)
    print(f"{len(rows)} rows, {len(left_out)} left out", file=sys.stderr)
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    entries, fitted = [], defaultdict(list)
    for (engine, family), members in sorted(groups.items()):
        group = Group(members, family)
        group.fit()
        print(engine, family, group.held_out(), file=sys.stderr)
        entries.append(entry(engine, family, group))
        if sum(row.training for row in members) >= 20:
            fitted[family].append(group)
    for family in (*sorted(FAMILY_ETA_C), "any"):
        known = fitted.get(family, [])
        entries.append(entry("any", family, typical(family, known), len(known)))
    note = "Efficiencies of inference engines; written by benchmarks/serving_fit.py."
    lines = [
        ",\n".join(f"      {json.dumps(k)}: {json.dumps(v)}" for k, v in item.items()) for item in entries
    ]
    body = ",\n".join(f"    {{\n{line}\n    }}" for line in lines)
    print(f'{{\n  "note": {json.dumps(note)},\n  "engines": [\n{body}\n  ]\n}}')


if __name__ == "__main__":
    main()
