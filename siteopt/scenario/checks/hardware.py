"""Accelerators and models: known to the scenario or the catalogue, and sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteopt.errors import Problem, ScenarioError
from siteopt.scenario.checks.ids import unique
from siteopt.scenario.checks.life import check_life
from siteopt.scenario.hardware import accelerator_numbers, accelerator_terms, model_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.schema import AcceleratorEntry, Scenario, Workload


def check_hardware(scenario: Scenario) -> Iterator[Problem]:
    """Yield accelerators and models that neither the scenario nor the catalogue knows, or that say too little."""
    yield from unique("accelerators", (a.id for a in scenario.accelerators))
    for i, entry in enumerate(scenario.accelerators):
        known = _catalogue_life_years(scenario, entry)
        path = f"accelerators[{i}]"
        yield from check_life(scenario, path, entry.life_years, entry.salvage_fraction, known)
    yield from unique("models", (m.id for m in scenario.models))
    for i, workload in enumerate(scenario.workloads):
        yield from _of_workload(scenario, workload, f"workloads[{i}]")


def _catalogue_life_years(scenario: Scenario, entry: AcceleratorEntry) -> float | None:
    try:
        return accelerator_terms(scenario, entry.id).life_years
    except ScenarioError:
        return None  # a new entry that leaves out a figure; said where a workload names it


def _of_workload(scenario: Scenario, workload: Workload, path: str) -> Iterator[Problem]:
    names = [
        (f"{path}.accelerators[{n}]", accelerator_numbers, a) for n, a in enumerate(workload.accelerators)
    ]
    if workload.model is not None:
        names.append((f"{path}.model", model_numbers, workload.model))
    for where, numbers, name in names:
        try:
            found = numbers(scenario, name, where)
        except ScenarioError as error:
            yield from error.problems
            continue
        if numbers is model_numbers:
            yield from _model_sizes(found, where)
    for n, accelerator in enumerate(workload.accelerators):
        if accelerator in workload.accelerators[:n]:
            yield Problem(f"{path}.accelerators[{n}]", f"{accelerator!r} is listed twice")


def _model_sizes(numbers: dict[str, Any], path: str) -> Iterator[Problem]:
    """Check that active parameters agree with the experts: all of a dense model, fewer of one with experts."""
    total, active = numbers["params_b"], numbers["active_params_b"]
    if numbers.get("experts"):
        if active >= total:
            yield Problem(
                path, f"a model with experts has fewer active_params_b ({active:g}) than params_b ({total:g})"
            )
    elif active != total:
        yield Problem(
            path, f"a dense model has active_params_b ({active:g}) equal to params_b ({total:g}); give both"
        )
