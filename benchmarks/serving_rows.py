"""Read the measured serving rows as set-ups of the roofline.

The three sources describe a run differently; here each becomes a :class:`Row`. A row belongs to the training
half if the SHA-256 of its id is odd, so the split needs no list and does not change with the file.
"""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.errors import ScenarioError
from siteopt.physics.serving import roofline
from siteopt.physics.serving.replica_queue import LLMFigures, LLMReplica, llm_figures
from siteopt.physics.serving.specs import Accelerator, Deployment, Engine, Lengths, Model, Setup
from siteopt.scenario.catalogue import load_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The OpenOrca sample of MLPerf is taken to have as many input as output tokens on average: 294. An
#: assumption: the run logs do not say. Mixtral's mix of tasks likewise: 146.
MLPERF_INPUT_TOKENS = {"llama2-70b": 294.0, "mixtral-8x7b": 146.0}
#: The repository of the open-loop sweeps does not name the accelerator; its fitted constants are an H100's.
#: Requests in one batch: up to 430 were in flight by Little's law, and the generator opens at most 512.
SWEEP_SLOTS = 512
SWEEP_ACCELERATOR, SWEEP_MODEL = "H100_SXM", "meta-llama/Meta-Llama-3.1-8B"


@dataclass(frozen=True, slots=True)
class Row:
    """One measured run.

    Attributes
    ----------
    concurrency : float
        Requests that the load generator keeps open (closed loop), or in flight by Little's law (`in_flight`).
    ttft_ms, tpot_ms : float
        Measured means.
    rate_rps : float
        Arrival rate of an open-loop sweep; 0 for other sources.
    """

    id: str
    source: str
    engine: str
    model: Model
    accelerator: Accelerator
    deployment: Deployment
    lengths: Lengths
    concurrency: float
    in_flight: bool
    ttft_ms: float
    tpot_ms: float
    rate_rps: float = 0.0

    @property
    def training(self) -> bool:
        """Whether it belongs to the half that the constants are fitted on."""
        return hashlib.sha256(self.id.encode()).digest()[-1] % 2 == 1

    @property
    def group(self) -> tuple[str, str]:
        """Engine and hardware family: what shares constants."""
        return self.engine, self.accelerator.family

    @property
    def expert_precision(self) -> str:
        """Precision of the routed experts' weights; empty for a dense model."""
        if not self.model.experts:
            return ""
        return self.model.fixed_precision or self.deployment.precision

    def setup(self, engine: Engine | None = None) -> Setup:
        """With the engine given, else with the catalogue's."""
        return Setup(self.model, self.accelerator, engine or shipped_engine(self), self.deployment)

    def batch(self, setup: Setup) -> float:
        """Requests in flight: at most what the KV cache has room for."""
        if self.in_flight:
            return max(self.concurrency, 1.0)
        return float(max(min(self.concurrency, roofline.kv_slots(setup, self.lengths)), 1))

    def batch_by_little(self, setup: Setup) -> float:
        """Requests decoding if each spends the *measured* TTFT elsewhere.

        Solves B = C osl T(B) / (TTFT + osl T(B)).
        """
        batch = self.concurrency
        if self.in_flight:
            return max(batch, 1.0)
        for _ in range(25):
            decoding = self.lengths.output_tokens * float(roofline.tpot_ms(setup, self.lengths, batch))
            batch = 0.5 * batch + 0.5 * max(self.concurrency * decoding / (self.ttft_ms + decoding), 1.0)
        return batch


def shipped_engine(row: Row) -> Engine:
    """The catalogue's constants for the row's engine and hardware family."""
    entry = load_catalogue().engine(*row.group)
    return Engine(**entry.numbers(row.expert_precision or row.deployment.precision))


def read_rows(data: Path) -> tuple[list[Row], list[str]]:
    """All rows under `data` (its ``serving`` folder), and why others were left out."""
    rows: list[Row] = []
    left_out: list[str] = []
    for reader in (closed_loop_rows, mlperf_rows, sweep_rows):
        try:
            for row in reader(data / "serving", left_out):
                rows.append(row)
        except FileNotFoundError as error:
            left_out.append(f"no file {error.filename}")
    return rows, left_out


def closed_loop_rows(folder: Path, left_out: list[str]) -> Iterator[Row]:
    """Rows of ``measured_llm_rows.csv``: a fixed number of open requests."""
    for line in _lines(folder / "measured_llm_rows.csv"):
        try:
            model, accelerator = _model(line["model_path"]), _accelerator(line["system"])
            deployment, concurrency = _layout(line, bool(model.experts))
            lengths = Lengths(float(line["isl"]), float(line["osl"]))
            times = float(line["silicon_ttft_ms"]), float(line["silicon_tpot_ms"])
        except (ScenarioError, ValueError) as error:  # a model that is not known, a figure that is missing
            left_out.append(f"{line['id']}: {error}")
            continue
        yield Row(
            line["id"],
            "closed loop",
            line["backend"],
            model,
            accelerator,
            deployment,
            lengths,
            concurrency,
            False,
            *times,
        )


def _layout(line: dict[str, str], experts: bool) -> tuple[Deployment, float]:
    """Deployment and total concurrency of a row.

    ``batch_size`` is per attention-parallel rank. Ids ending in ``_tpN_epM`` name the accelerators N and how
    many of them hold different experts: there the columns ``tp_size`` or ``attention_dp_size`` hold N x M,
    which counts the accelerators twice (the same run is listed both ways, with the same times).
    """
    columns = ("tp_size", "attention_dp_size", "moe_tp_size", "moe_ep_size")
    tp, ranks, moe_tp, moe_ep = (int(line[name] or 1) for name in columns)
    named = re.search(r"_c(\d+)_tp(\d+)(?:_0)?_ep(\d+)(?:_0)?_\d+$", line["id"])
    concurrency, precision = float(line["batch_size"]), line["precision"].lower()
    precision = {"nvfp4": "fp4", "mxfp4": "fp4", "fp8_block": "fp8", "fp16": "bf16"}.get(precision, precision)
    if named:
        total, accelerators = float(named[1]), int(named[2])
        if int(named[3]) > 1 or ranks > 1:
            ranks = accelerators if ranks > 1 else 1
            tp = accelerators // ranks
        return Deployment(precision, tp, ranks), total
    if experts and moe_tp * moe_ep > tp * ranks:
        ranks = moe_tp * moe_ep // tp
    return Deployment(precision, tp, ranks), concurrency * ranks


def mlperf_rows(folder: Path, left_out: list[str]) -> Iterator[Row]:
    """MLPerf server runs (Poisson arrivals): requests in flight by Little's law, tokens/s x TPOT."""
    seen = set()
    for line in _lines(folder / "mlperf" / "mlperf_v4.1_llm_server_tail_latency.csv"):
        name = line["model"].split("-99")[0]
        id = f"{line['submitter']}|{line['system']}|{name}|{line['done_sps']}"
        if id in seen:  # the 99 and 99.9 % accuracy targets are often one run, listed twice
            continue
        seen.add(id)
        accelerator, count = _mlperf_system(line["system"])
        if name not in MLPERF_INPUT_TOKENS:
            left_out.append(f"{id}: no input length known for {name}")
            continue
        model, tokens_s, tpot = _model(name), float(line["tok_s"]), float(line["tpot_mean_ms"])
        precision = "fp4" if accelerator.fp4_tflops else "fp8"
        # Smallest split whose weights take at most 60 % of the memory: a server run needs the rest for KV.
        tp = 1
        while roofline.weights_gb(model, precision) > 0.6 * tp * accelerator.memory_gb and tp < min(count, 8):
            tp *= 2
        in_flight = tokens_s * tpot / 1000.0 * tp / count
        lengths = Lengths(MLPERF_INPUT_TOKENS[name], tokens_s / float(line["done_sps"]))
        engine = (
            "trtllm"
            if accelerator.id != "MI300X" and not re.search("vLLM|RedHat", line["system"])
            else "vllm"
        )
        deployment, ttft = Deployment(precision, tp), float(line["ttft_mean_ms"])
        yield Row(id, "mlperf", engine, model, accelerator, deployment, lengths, in_flight, True, ttft, tpot)


def _mlperf_system(system: str) -> tuple[Accelerator, int]:
    """Accelerator and how many of them, from the name that the submitter gave the system."""
    names = (
        (r"GH200-96GB", "GH200_96GB"), (r"GH200-144GB", "GH200_144GB"), (r"H200", "H200_SXM"),
        (r"B200", "B200_SXM"),
        (r"L40S", "L40S"), (r"MI300X", "MI300X"), (r"H100_NVL", "H100_NVL"), (r"ESC[48]000A", "H100_PCIE"),
        (r"H100", "H100_SXM"),
    )  # fmt: skip
    accelerator = next(id for pattern, id in names if re.search(pattern, system))
    plain = re.sub(r"\d+x[EX]", "", system)  # not the CPUs
    counts = re.findall(r"(?:GB|CTS|L40S|H100|aarch64)[xX](\d+)|^(\d+)x|_(\d)[xX](?=[HL])", plain)
    return _accelerator(accelerator), int(next((n for group in counts for n in group if n), 8))


def sweep_rows(folder: Path, left_out: list[str]) -> Iterator[Row]:
    """Open-loop sweeps of one 8B model on vLLM: requests in flight by Little's law, rate x time in service.

    Some rows of one sweep have a TTFT below zero, the clocks of generator and server having drifted: their
    TTFT is kept for the count, not used.
    """
    model, accelerator = _model(SWEEP_MODEL), _accelerator(SWEEP_ACCELERATOR)
    for line in _lines(folder / "llm_inferno" / "guidellm_llama31_8b_open_loop_sweeps.csv"):
        if line["name"] == "throughput":  # the generator sends all it can: no arrival rate to speak of
            continue
        itl, tokens = float(line["Inter token latency ms mean"]), float(line["Output token count mean"])
        rate, ttft = float(line["Requests per second mean"]), float(line["Time to first token ms mean"])
        yield Row(
            f"{line['file']}|{line['name']}", "sweep", "vllm", model, accelerator, Deployment("bf16"),
            Lengths(float(line["Prompt token count mean"]), tokens),
            rate * (itl * tokens + max(ttft, 0.0)) / 1000.0, True, ttft, itl, rate,
        )  # fmt: skip


def open_loop(row: Row) -> bool:
    """Whether it is a sweep's row with an arrival rate.

    "synchronous" is one client that waits for each answer.
    """
    return row.source == "sweep" and not row.id.endswith("|synchronous")


def queue_figures(row: Row, setup: Setup) -> LLMFigures:
    """Means of one replica at the row's arrival rate, the fixed part of the TTFT left out."""
    slots = min(roofline.kv_slots(setup, row.lengths), SWEEP_SLOTS)
    steps = roofline.iteration_ms(setup, row.lengths, np.arange(1.0, slots + 1.0))
    work, tokens = roofline.prefill_ms(setup, row.lengths), row.lengths.output_tokens
    replica = LLMReplica.from_iteration(steps, work, tokens, own_ms=work / (1.0 + tokens))
    return llm_figures(replica, row.rate_rps)


def errors(rows: list[Row], predicted: np.ndarray) -> np.ndarray:
    """Absolute relative error of TPOT, one per row."""
    relative: np.ndarray = predicted / np.array([row.tpot_ms for row in rows]) - 1.0
    result: np.ndarray = np.abs(relative)
    return result


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _model(id: str) -> Model:
    return Model(**load_catalogue().model(id).numbers())


def _accelerator(id: str) -> Accelerator:
    return Accelerator(**load_catalogue().accelerator(id).numbers())
