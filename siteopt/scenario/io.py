"""Scenario files: read with every problem named, written back, described by a JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from siteopt.errors import Problem, ScenarioError
from siteopt.scenario.checks import check
from siteopt.scenario.json_text import decode_object, json_name, refuse_other_kinds, short, unknown_key
from siteopt.scenario.plain import plain
from siteopt.scenario.schema import Scenario
from siteopt.scenario.tables import Table, read_table, read_text

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

#: Keys whose array may live in a CSV file of its own.
TABLES = ("sites", "regions", "demand", "grid_limits", "designs")
NETWORK_TABLES = ("nodes", "links")
TABLE_PATHS = {*TABLES, *(f"network.{name}" for name in NETWORK_TABLES)}
#: What pydantic's kinds of error expect instead, in the words of JSON.
EXPECTED = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number that fits in 64 bits",
    "string_type": "a string",
    "string_unicode": "a string of whole characters",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


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
        raise ScenarioError(_problems(error, document, files), source) from None
    problems = check(scenario)
    if problems:
        raise ScenarioError([_placed(p, document, files) for p in problems], source)
    return scenario.without_idle_demand()


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


def _problems(error: ValidationError, document: dict[str, Any], files: dict[str, Table]) -> list[Problem]:
    problems: dict[str, Problem] = {}
    for detail in error.errors(include_url=False):
        if detail["type"] == "too_short" and len(detail["input"]) > 0:
            continue  # it holds rows; they are all wrong, and each is reported
        path = _path(detail["loc"])
        problems.setdefault(path, _placed(Problem(path, _message(detail)), document, files))
    return list(problems.values())


def _placed(problem: Problem, document: dict[str, Any], files: dict[str, Table]) -> Problem:
    """Name the row of a table by more than its number: the line of its CSV file, or its id."""
    table, _, rest = problem.path.partition("[")
    number, _, key = rest.partition("]")
    if not number.isdigit():
        return problem
    if table in files:
        line = files[table].lines[int(number)]
        return Problem(problem.path, f"{problem.message} ({files[table].name}, line {line})")
    row = _row(document, table, int(number))
    name = row.get("id") if isinstance(row, dict) else None
    if isinstance(name, str) and name and key != ".id":
        return Problem(problem.path, f"{problem.message} (in {short(name)})")
    return problem


def _row(document: dict[str, Any], table: str, number: int) -> Any:
    """Find the row of a table; None where the path only looks like one, as a key with brackets in it does."""
    rows: Any = document
    for step in table.split("."):
        rows = rows.get(step) if isinstance(rows, dict) else None
    return rows[number] if isinstance(rows, list | tuple) and number < len(rows) else None


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def _message(detail: ErrorDetails) -> str:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    match kind:
        case "missing":
            return "required key is missing"
        case "extra_forbidden":
            return _unknown_key(detail)
        case "literal_error":
            return f"should be {context['expected']}, not {short(value)}"
        case "value_error":
            return str(context["error"])
        case "finite_number":
            return f"should be a finite number, not {short(value)}"
        case "greater_than_equal" if value <= 0 < context["ge"] < 1e-5:
            return f"should be greater than 0, not {short(value)}"
        case "greater_than_equal" if 0 < context["ge"] < 1e-5:
            return f"should be at least {context['ge']:g}, not {short(value)}; check the unit"
        case "greater_than_equal":
            return f"should be at least {context['ge']:,.12g}, not {short(value)}"
        case "greater_than":
            return f"should be greater than {context['gt']:,.12g}, not {short(value)}"
        case "less_than_equal":
            hint = "are lat and lon swapped?" if detail["loc"][-1] == "lat" else "check the unit"
            return f"should be at most {context['le']:,.12g}, not {short(value)}; {hint}"
        case "less_than":
            return f"should be less than {context['lt']:g}, not {short(value)}"
        case "too_short":
            return "should not be empty"
        case "string_too_short":
            return "should not be an empty string"
        case "float_type" if isinstance(value, int) and not isinstance(value, bool):
            return f"should be a number that fits a float, not {short(value)}"
        case "string_too_long":
            return f"should have at most {context['max_length']} characters, not {len(value)}"
        case "tuple_type" if _path(detail["loc"]) in TABLE_PATHS:
            return f'should be a list or {{"file": "name.csv"}}, not {short(value)}'
        case _ if kind in EXPECTED:
            return f"should be {EXPECTED[kind]}, not {short(value)}"
    return f"{detail['msg']}, not {short(value)}"


def _unknown_key(detail: ErrorDetails) -> str:
    """Report an unknown key, with the known one that it resembles."""
    key = str(detail["loc"][-1])
    known = _known_keys(_schema(), detail["loc"][:-1])
    return unknown_key(key, known)


@cache
def _schema() -> dict[str, Any]:
    return Scenario.model_json_schema(by_alias=True)


def _known_keys(schema: dict[str, Any], location: tuple[int | str, ...]) -> list[str]:
    here: dict[str, Any] = schema
    for step in location:
        here = here.get("items", {}) if isinstance(step, int) else here.get("properties", {}).get(step, {})
        for option in [here, *here.get("anyOf", [])]:
            if "$ref" in option:
                here = schema["$defs"][option["$ref"].rsplit("/", 1)[1]]
                break
    return list(here.get("properties", {}))
