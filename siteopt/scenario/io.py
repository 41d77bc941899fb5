"""Scenario files: read with every problem named, written back, described by a JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from siteopt.errors import Problem, ScenarioError
from siteopt.scenario.checks import check
from siteopt.scenario.faults import inconsistent, invalid
from siteopt.scenario.files import read_text
from siteopt.scenario.json_text import decode_object, json_name, refuse_other_kinds
from siteopt.scenario.known_keys import NETWORK_TABLES, TABLES
from siteopt.scenario.plain import plain
from siteopt.scenario.schema import Scenario
from siteopt.scenario.tables import Table, read_table


def as_scenario(source: Scenario | str | PathLike[str] | Mapping[str, Any]) -> Scenario:
    """Return a scenario as it is, and load anything else.

    Raises
    ------
    ScenarioError
        As :func:`load_scenario` does.
    TypeError
        If it is none of these.
    """
    if isinstance(source, Scenario):
        return source
    if not isinstance(source, str | PathLike | Mapping):
        raise TypeError(f"a scenario is a path, a dict or a Scenario, not {type(source).__name__}")
    return load_scenario(source)


def load_scenario(source: str | PathLike[str] | Mapping[str, Any]) -> Scenario:
    """Read and validate a scenario.

    Parameters
    ----------
    source : path or dict
        A JSON file, or the document itself. Tables named as ``{"file": "sites.csv"}`` are looked up beside
        the file (in the working directory for a dict). In a dict, a table may also be a data frame, or any iterable
        of rows; figures may be NumPy's, and a missing cell (NaN) of a row is a key that it does not have.

    Returns
    -------
    Scenario
        Frozen and consistent.

    Raises
    ------
    ScenarioError
        With every problem found, each with its path in the file.
    """
    if isinstance(source, Mapping):
        return _parse(_plain(source), Path(), "")
    path = Path(source)
    try:
        document = decode_object(read_text(path), "scenario")
        return _parse(document, path.parent, str(path))
    except ScenarioError as error:
        raise ScenarioError(error.problems, str(path)) from None


def dump_scenario(scenario: Scenario) -> dict[str, Any]:
    """Return the JSON document of a scenario; ``load_scenario`` of it gives an equal scenario."""
    return scenario.model_dump(mode="json", by_alias=True, exclude_defaults=True) | {"schema_version": 1}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the scenario file."""
    schema = Scenario.model_json_schema(by_alias=True)
    file = {
        "type": "object",
        "properties": {"file": {"type": "string"}},
        "required": ["file"],
        "additionalProperties": False,
    }
    for properties, names in (
        (schema["properties"], TABLES),
        (schema["$defs"]["Network"]["properties"], NETWORK_TABLES),
    ):
        for name in names:
            table = properties[name]
            extra = {k: table.pop(k) for k in ("title", "default", "description") if k in table}
            properties[name] = extra | {"anyOf": [dict(table), file]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {key: plain(value) for key, value in document.items()}
    except RecursionError:
        raise ScenarioError([Problem("", "not a scenario: it is nested too deeply")]) from None


def _parse(document: dict[str, Any], base: Path, source: str) -> Scenario:
    refuse_other_kinds(document, "scenario")
    files: dict[str, Table] = {}
    document = _with_tables(document, base, files)
    try:
        scenario = Scenario.model_validate(document)
    except ValidationError as error:
        raise ScenarioError(invalid(error, document, files), source) from None
    problems = check(scenario)
    if problems:
        raise ScenarioError(inconsistent(problems, document, files), source)
    remarks = [remark for table in files.values() for remark in table.remarks]
    return scenario.with_remarks(remarks).without_idle_demand()


def _with_tables(document: dict[str, Any], base: Path, files: dict[str, Table]) -> dict[str, Any]:
    """Return the document with its ``{"file": ...}`` tables read in; ``files`` receives path -> table."""
    result = dict(document)
    problems: list[Problem] = []
    for name in TABLES:
        _replace_table(result, name, name, base, files, problems)
    if isinstance(result.get("network"), dict):
        result["network"] = dict(result["network"])
        for name in NETWORK_TABLES:
            _replace_table(result["network"], name, f"network.{name}", base, files, problems)
    if problems:
        raise ScenarioError(problems)
    return result


def _replace_table(
    holder: dict[str, Any], name: str, path: str, base: Path, files: dict[str, Table], problems: list[Problem]
) -> None:
    value = holder.get(name)
    if not (isinstance(value, dict) and set(value) == {"file"}):
        return
    if not isinstance(value["file"], str):
        problems.append(
            Problem(f"{path}.file", f"should be the name of a CSV file, not {json_name(value['file'])}")
        )
        return
    try:
        files[path] = read_table(base / value["file"], path)
        holder[name] = files[path].rows
    except ScenarioError as error:
        problems.extend(error.problems)
