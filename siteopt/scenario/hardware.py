"""Accelerators and models of a scenario: the catalogue's figures, with the scenario's own put in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteopt.errors import Problem, ScenarioError
from siteopt.scenario.catalogue import load_catalogue

if TYPE_CHECKING:
    from siteopt.scenario.schema import AcceleratorEntry, ModelEntry, Scenario

#: Figures without which a new entry says nothing; the others have a neutral default.
ACCELERATOR_NEEDS = (
    *("family", "memory_gb", "bandwidth_tb_s", "bf16_tflops", "link_gb_s", "tdp_w"),
    *("server_factor", "idle_fraction", "max_tp", "price_usd"),
)
ACCELERATOR_DEFAULTS = {"fp8_tflops": 0.0, "fp4_tflops": 0.0}
MODEL_NEEDS = (
    *("params_b", "active_params_b", "layers", "hidden", "heads", "attention_dim"),
    *("kv_values_per_token", "kv_shards", "max_context"),
)


def accelerator_numbers(scenario: Scenario, name: str, path: str = "") -> dict[str, Any]:
    """Figures of an accelerator: keyword arguments of ``serving.specs.Accelerator``, and ``price_usd``.

    Raises
    ------
    ScenarioError
        If neither the scenario nor the catalogue knows it, or a new entry leaves out a figure; names ``path``.
    """
    own = next((entry for entry in scenario.accelerators if entry.id == name), None)
    known = {}
    if own is None or _is_known(load_catalogue().accelerator, name):
        entry = load_catalogue().accelerator(name, path)
        known = entry.numbers() | {"price_usd": entry.price_usd.value}
    return _merged(known, own, ACCELERATOR_NEEDS, ACCELERATOR_DEFAULTS, path)


def model_numbers(scenario: Scenario, name: str, path: str = "") -> dict[str, Any]:
    """Figures of a model: keyword arguments of ``serving.specs.Model``. Raises as :func:`accelerator_numbers`."""
    own = next((entry for entry in scenario.models if entry.id == name), None)
    known = {}
    if own is None or _is_known(load_catalogue().model, name):
        known = load_catalogue().model(name, path).numbers()
    return _merged(known, own, MODEL_NEEDS, {}, path)


def engine_numbers(engine: str, family: str, precision: str) -> dict[str, float]:
    """Efficiencies of an engine: keyword arguments of ``serving.specs.Engine``."""
    return load_catalogue().engine(engine, family).numbers(precision)


def _is_known(lookup: Any, name: str) -> bool:
    try:
        lookup(name)
    except ScenarioError:
        return False
    return True


def _merged(
    known: dict[str, Any],
    own: AcceleratorEntry | ModelEntry | None,
    needs: tuple[str, ...],
    defaults: dict[str, float],
    path: str,
) -> dict[str, Any]:
    if own is None:
        return known
    numbers = defaults | known | own.model_dump(exclude_none=True)
    missing = [name for name in needs if name not in numbers]
    if missing:
        where = path or own.id
        raise ScenarioError(
            [
                Problem(
                    where, f"{own.id!r} is not in the catalogue, so its entry must give {', '.join(missing)}"
                )
            ]
        )
    return numbers
