"""The built-in catalogue of accelerators, models, engines, latency objectives and planning parameters.

Every figure is a fact: value, range where it is uncertain, unit, source, date and confidence. ``high`` is a
data sheet, a standard or a measurement; ``medium`` a named secondary source; ``low`` a range for sensitivity
runs, never a fact. The figures live in ``catalogue/*.json`` beside this file.

The physics does not depend on this module: ``numbers()`` of an entry holds the keyword arguments of the
dataclass of the same name in ``siteopt.physics.serving.specs``.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import Field, model_validator

from siteopt.errors import Problem, ScenarioError
from siteopt.scenario.facts import Entry, Fact, Frozen, Text
from siteopt.scenario.names import similar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Precision = Literal["bf16", "fp8", "fp4"]
#: Stands for every engine, or every hardware family, that has no entry of its own.
ANY = "any"


class Accelerator(Entry):
    """One accelerator and its share of a server."""

    id: Text
    aliases: tuple[Text, ...] = ()
    vendor: Text
    family: Text
    """Hardware family: which fitted efficiencies apply."""
    launch: Text
    memory_type: Text
    memory_gb: Fact
    """As sold."""
    addressable_gb: Fact
    """What the driver reports, in units of 1e9 bytes."""
    bandwidth_tb_s: Fact
    bf16_tflops: Fact
    fp8_tflops: Fact | None = None
    fp4_tflops: Fact | None = None
    link_gb_s: Fact
    tdp_w: Fact
    max_tp: Fact
    rack_kw: Fact
    """Lowest rack power at which one server of it can be installed: the most that this server alone draws."""
    cooling: Literal["air", "liquid"]
    """Cooling that its server cannot do without; the source of ``rack_kw`` states it, too."""
    price_usd: Fact
    rental_usd_per_h: Fact | None = None
    server_factor: Fact
    """Server power under load over the accelerators' TDP."""
    idle_fraction: Fact
    """Server power without load over that under load."""
    life_years: Fact

    def numbers(self) -> dict[str, Any]:
        """Return the keyword arguments of ``siteopt.physics.serving.specs.Accelerator``."""
        plain = [
            "bandwidth_tb_s",
            "bf16_tflops",
            "link_gb_s",
            "tdp_w",
            "server_factor",
            "idle_fraction",
        ]
        optional = {"fp8_tflops": self.fp8_tflops, "fp4_tflops": self.fp4_tflops}
        return {
            "id": self.id,
            "family": self.family,
            "max_tp": int(self.max_tp.value),
            "memory_gb": self.addressable_gb.value,
            **{name: getattr(self, name).value for name in plain},
            **{name: fact.value if fact else 0.0 for name, fact in optional.items()},
        }

    def terms(self) -> dict[str, Any]:
        """Return the keyword arguments of ``siteopt.scenario.hardware.AcceleratorTerms``, except the price."""
        life_years, rack_kw = self.life_years.value, self.rack_kw.value
        return {"rack_kw": rack_kw, "cooling": self.cooling, "life_years": life_years}


class LanguageModel(Entry):
    """A transformer, as its published configuration describes it."""

    id: Text
    aliases: tuple[Text, ...] = ()
    attention: Literal["GQA", "MLA"]
    params_b: Fact
    active_params_b: Fact
    layers: Fact
    hidden: Fact
    heads: Fact
    attention_dim: Fact
    kv_values_per_token: Fact
    kv_shards: Fact
    max_context: Fact
    experts: Fact | None = None
    experts_per_token: Fact | None = None
    window_tokens: Fact | None = None
    window_fraction: Fact | None = None
    fixed_precision: Precision | None = None
    """Set where the weights are published in quantised form only."""

    def numbers(self) -> dict[str, Any]:
        """Return the keyword arguments of ``siteopt.physics.serving.specs.Model``."""
        counts = ["layers", "hidden", "heads", "attention_dim", "kv_shards", "max_context", "experts"]
        counts += ["experts_per_token"]
        sizes = ["params_b", "active_params_b", "kv_values_per_token", "window_tokens", "window_fraction"]
        stated = {name: getattr(self, name) for name in counts + sizes if getattr(self, name)}
        whole = {name: int(fact.value) for name, fact in stated.items() if name in counts}
        real = {name: fact.value for name, fact in stated.items() if name in sizes}
        return {"id": self.id, "fixed_precision": self.fixed_precision or "", **whole, **real}


class ExpertConstants(Entry):
    """How much of the hardware an engine's kernels for routed experts achieve, in one precision."""

    eta_expert_bw: Fact
    eta_expert_c: Fact
    expert_layer_us: Fact


class EngineFit(Frozen):
    """The rows that the constants were fitted on, and their error on the rows held out."""

    rows: int
    held_out_rows: int
    held_out_median_error: float | None
    held_out_mean_error: float | None


class Engine(Entry):
    """An inference engine on a hardware family: the efficiencies that the roofline needs."""

    engine: Text
    family: Text
    fit: EngineFit | None = None
    eta_bw: Fact
    eta_kv: Fact
    eta_c: Fact
    eta_prefill: Fact
    eta_link: Fact
    layer_us: Fact
    layer_tp_us: Fact
    layer_quantise_us: Fact
    prefill_layer_us: Fact
    request_us: Fact
    ttft_fixed_ms: Fact
    memory_fraction: Fact
    experts: dict[Precision, ExpertConstants] = Field(min_length=1)
    """By the precision of the experts' weights."""

    def numbers(self, precision: str) -> dict[str, float]:
        """Return the keyword arguments of ``siteopt.physics.serving.specs.Engine`` for weights of a precision.

        Experts in a precision that was never measured get the constants of the first one in the file.
        """
        kernels = next((k for name, k in self.experts.items() if name == precision), None)
        kernels = kernels or next(iter(self.experts.values()))
        own = {name: fact.value for name, fact in self.facts() if "." not in name}
        return own | {name: fact.value for name, fact in kernels.facts()}


class Objective(Entry):
    """A latency limit at a percentile."""

    metric: Literal["ttft", "tpot", "e2e"]
    percentile: Annotated[float, Field(ge=0.5, lt=1)]
    limit_ms: Fact


class WorkloadClass(Entry):
    """A class of workloads and the latency that it needs."""

    id: Text
    name: Text
    model: Text | None = None
    """Model that it is usually served with, where the source names one."""
    objectives: tuple[Objective, ...] = Field(min_length=1)


class Parameter(Entry):
    """A planning parameter."""

    id: Text
    name: Text
    group: Text
    fact: Fact


Item = TypeVar("Item", bound=Entry)


class Catalogue(Frozen):
    """The whole catalogue; look-ups raise :class:`siteopt.errors.ScenarioError` with the nearest ids."""

    accelerators: tuple[Accelerator, ...]
    models: tuple[LanguageModel, ...]
    engines: tuple[Engine, ...]
    workloads: tuple[WorkloadClass, ...]
    parameters: tuple[Parameter, ...]

    @model_validator(mode="after")
    def _unique(self) -> Catalogue:
        for name in ("accelerators", "models", "workloads", "parameters"):
            ids = [entry.id for entry in getattr(self, name)]
            if len(ids) != len(set(ids)):
                raise ValueError(f"{name}: an id is listed twice")
        if (ANY, ANY) not in {(entry.engine, entry.family) for entry in self.engines}:
            raise ValueError("engines: needs an entry for any engine on any family")
        return self

    def accelerator(self, id: str, path: str = "") -> Accelerator:
        """Find an accelerator by id or alias, whatever the case."""
        return _find(
            "accelerator", id, {key: a for a in self.accelerators for key in (a.id, *a.aliases)}, path
        )

    def model(self, id: str, path: str = "") -> LanguageModel:
        """Find a model by id or alias; organisation, case and suffixes such as -Instruct or -FP8 do not matter."""
        return _find("model", id, {key: m for m in self.models for key in (m.id, *m.aliases)}, path)

    def workload(self, id: str, path: str = "") -> WorkloadClass:
        """Find a class of workloads by id."""
        return _find("workload class", id, {entry.id: entry for entry in self.workloads}, path)

    def parameter(self, id: str, path: str = "") -> Parameter:
        """Find a planning parameter by id."""
        return _find("parameter", id, {entry.id: entry for entry in self.parameters}, path)

    def engine(self, engine: str, family: str) -> Engine:
        """Find the engine on a hardware family, else the typical one of the family, else that of all hardware."""
        known = {(entry.engine, entry.family): entry for entry in self.engines}
        wanted = ((engine.casefold(), family), (ANY, family), (ANY, ANY))
        return next(known[key] for key in wanted if key in known)

    def facts(self) -> Iterator[tuple[str, Fact]]:
        """Yield every fact with a path such as ``accelerators.H100_SXM.memory_gb``."""
        for name in type(self).model_fields:
            for entry in getattr(self, name):
                label = getattr(entry, "id", None) or f"{entry.engine}-{entry.family}"
                yield from ((f"{name}.{label}.{path}", fact) for path, fact in entry.facts())


@cache
def load_catalogue() -> Catalogue:
    """Load the built-in catalogue; it is read and checked only once."""
    folder = files("siteopt.scenario").joinpath("catalogue")
    texts = {name: folder.joinpath(f"{name}.json").read_text("utf-8") for name in Catalogue.model_fields}
    # Joined into one JSON text, because strict validation accepts arrays as tuples only in JSON.
    return Catalogue.model_validate_json(
        json.dumps({name: json.loads(text)[name] for name, text in texts.items()})
    )


def _normalised(id: str) -> str:
    """Return an id without organisation, case and the suffixes that do not change the architecture."""
    name = id.casefold().rsplit("/", 1)[-1].removeprefix("meta-")
    suffix = r"[-_](instruct|chat|hf|base|fp8|fp4|nvfp4|mxfp4|bf16|awq|w8a8|v0\.1|0\d\d\d|2507|thinking)$"
    while (shorter := re.sub(suffix, "", name)) != name:
        name = shorter
    return name


def _find(kind: str, id: str, known: Mapping[str, Item], path: str) -> Item:
    if id in known:
        return known[id]
    by_name = {_normalised(key): entry for key, entry in known.items()}
    wanted = _normalised(id)
    if wanted in by_name:
        return by_name[wanted]
    names = {_normalised(key): key for key in known}
    near = [names[name] for name in similar(wanted, names, 4, cutoff=0.4)]
    hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(sorted(known))}"
    raise ScenarioError([Problem(path, f"no {kind} {id!r} in the catalogue; {hint}")], "catalogue")
