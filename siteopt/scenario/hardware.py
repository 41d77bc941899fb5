"""Accelerators and models of a scenario: the catalogue's figures, replaced by the scenario's own where it has any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from siteopt.errors import Problem, ScenarioError
from siteopt.scenario.catalogue import load_catalogue

if TYPE_CHECKING:
    from siteopt.scenario.schema import Cooling, Scenario

#: Figures that a new entry must state; the others have a neutral default.
ACCELERATOR_NEEDS = (
    *("family", "memory_gb", "bandwidth_tb_s", "bf16_tflops", "link_gb_s", "tdp_w"),
    *("server_factor", "idle_fraction", "max_tp", "price_usd"),
)
#: Figures that say where it may stand and how long it lasts; :func:`accelerator_terms` returns them.
ACCELERATOR_TERMS = {"rack_kw", "cooling", "life_years", "salvage_fraction"}
ACCELERATOR_DEFAULTS = {"fp8_tflops": 0.0, "fp4_tflops": 0.0}
MODEL_NEEDS = (
    *("params_b", "active_params_b", "layers", "hidden", "heads", "attention_dim"),
    *("kv_values_per_token", "kv_shards", "max_context"),
)


@dataclass(frozen=True, slots=True)
class AcceleratorTerms:
    """What an accelerator costs, where it may stand and how long it lasts.

    Attributes
    ----------
    price_usd : float
        Purchase, USD.
    rack_kw : float
        Lowest rack power at which its server can be installed, kW; 0 for any.
    cooling : {"air", "liquid"}
    life_years : float or None
        Years until it is bought again, where ``policy.refresh`` is true; None for never.
    salvage_fraction : float
        Share of its price that it is worth then.
    """

    price_usd: float
    rack_kw: float = 0.0
    cooling: Cooling = "air"
    life_years: float | None = None
    salvage_fraction: float = 0.0


def accelerator_terms(scenario: Scenario, name: str, path: str = "") -> AcceleratorTerms:
    """Return the terms of an accelerator: the catalogue's, replaced by the scenario's own where it has any.

    Raises
    ------
    ScenarioError
        If neither the scenario nor the catalogue knows it, or a new entry leaves out a figure; names ``path``.
    """
    price_usd = accelerator_numbers(scenario, name, path)["price_usd"]
    own = next((entry for entry in scenario.accelerators if entry.id == name), None)
    known: dict[str, Any] = {}
    if _is_known(load_catalogue().accelerator, name):
        known = load_catalogue().accelerator(name).terms()
    stated = own.model_dump(include=ACCELERATOR_TERMS, exclude_none=True) if own else {}
    return AcceleratorTerms(price_usd=price_usd, **known | stated)


def accelerator_numbers(scenario: Scenario, name: str, path: str = "") -> dict[str, Any]:
    """Return the figures of an accelerator: arguments of ``serving.specs.Accelerator``, and ``price_usd``.

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
    stated = own.model_dump(exclude_none=True, exclude=ACCELERATOR_TERMS) if own else None
    return _merged(known, stated, ACCELERATOR_NEEDS, ACCELERATOR_DEFAULTS, path)


def model_numbers(scenario: Scenario, name: str, path: str = "") -> dict[str, Any]:
    """Return the keyword arguments of ``serving.specs.Model``. Raises as :func:`accelerator_numbers`."""
    own = next((entry for entry in scenario.models if entry.id == name), None)
    known = {}
    if own is None or _is_known(load_catalogue().model, name):
        known = load_catalogue().model(name, path).numbers()
    stated = own.model_dump(exclude_none=True) if own else None
    return _merged(known, stated, MODEL_NEEDS, {}, path)


def engine_numbers(engine: str, family: str, precision: str) -> dict[str, float]:
    """Return the efficiencies of an engine: keyword arguments of ``serving.specs.Engine``."""
    return load_catalogue().engine(engine, family).numbers(precision)


def _is_known(lookup: Any, name: str) -> bool:
    try:
        lookup(name)
    except ScenarioError:
        return False
    return True


def _merged(
    known: dict[str, Any],
    stated: dict[str, Any] | None,
    needs: tuple[str, ...],
    defaults: dict[str, float],
    path: str,
) -> dict[str, Any]:
    if stated is None:
        return known
    numbers = defaults | known | stated
    missing = [name for name in needs if name not in numbers]
    if missing:
        message = f"{stated['id']!r} is not in the catalogue, so its entry must give {', '.join(missing)}"
        raise ScenarioError([Problem(path or stated["id"], message)])
    return numbers
