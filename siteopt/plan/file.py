"""Reading of ``plan.json``, ours or made by hand: every wrong key and value is named, with its path.

Only the decisions are required: which sites stand, which replicas they hold, what is served where. Figures
may be missing, for :func:`siteopt.evaluate.evaluate` computes them. Whether the decisions meet the rules is
checked not here but by the verifier.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from siteopt.errors import Problem, ScenarioError
from siteopt.plan import SCHEMA_VERSION, Plan
from siteopt.scenario.files import read_text
from siteopt.scenario.json_text import decode_object, refuse_other_kinds, short, unknown_key

if TYPE_CHECKING:
    from os import PathLike

#: Keys of a plan that are decisions; everything else is a figure.
DECISIONS = ("sites", "pools", "flows")
#: Stands for a value that could not be read; its problem is reported.
BROKEN: Any = object()
SCALARS: dict[type, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a string"),
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a finite number"),
}

Report = Callable[[str, str], None]


def load_plan(source: str | PathLike[str] | dict[str, Any]) -> Plan:
    """Read a plan.

    Parameters
    ----------
    source : path or dict
        A ``plan.json``, or the document itself.

    Returns
    -------
    Plan
        As the file says; figures that it does not give are at their defaults.

    Raises
    ------
    ScenarioError
        With every problem found, each with its path, such as ``flows[3].share``.
    """
    if isinstance(source, dict):
        return _parse(source, "plan")
    path = Path(source)
    try:
        return _parse(decode_object(read_text(path), "plan"), str(path))
    except ScenarioError as error:
        raise ScenarioError(error.problems, str(path)) from None


def _parse(document: dict[str, Any], source: str) -> Plan:
    refuse_other_kinds(document, "plan")
    problems: list[Problem] = []

    def report(path: str, message: str) -> None:
        problems.append(Problem(path, message))

    content = dict(document)
    version = content.pop("schema_version", SCHEMA_VERSION)
    if type(version) is not int or version != SCHEMA_VERSION:
        report("schema_version", f"should be {SCHEMA_VERSION}, not {short(version)}")
    for key in DECISIONS:
        if key not in content:
            report(key, "required key is missing; an empty list [] says that there are none")
    plan = _record(Plan, content, "", report)
    if problems:
        raise ScenarioError(problems, source)
    assert isinstance(plan, Plan)
    return plan


@cache
def _types(record: type) -> dict[str, Any]:
    return get_type_hints(record)


def _record(record: type, value: Any, path: str, report: Report) -> Any:
    if not isinstance(value, dict):
        report(path, f"should be an object, not {short(value)}")
        return BROKEN
    types, read = _types(record), {}
    prefix = f"{path}." if path else ""
    for key, item in value.items():
        if key in types:
            read[key] = _value(types[key], item, prefix + key, report)
        else:
            known = types if path else {**types, "schema_version": int}
            report(prefix + key, unknown_key(key, known))
    for field in fields(record):
        optional = field.default is not MISSING or field.default_factory is not MISSING
        if field.name not in value and not optional:
            report(prefix + field.name, "required key is missing")
            read[field.name] = BROKEN
    return BROKEN if any(item is BROKEN for item in read.values()) else record(**read)


def _value(kind: Any, value: Any, path: str, report: Report) -> Any:
    """Read a value of the given type; ``BROKEN`` where it is of another."""
    if is_dataclass(kind):
        assert isinstance(kind, type)
        return _record(kind, value, path, report)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (UnionType, Union):  # the origin of ``X | None`` depends on X
        chosen = next(option for option in inner if option is not NoneType)
        return None if value is None else _value(chosen, value, path, report)
    if origin is tuple:
        return _list(inner[0], value, path, report)
    if origin is dict:
        return _mapping(inner[1], value, path, report)
    if origin is Literal:
        if value not in inner or not isinstance(value, str):
            report(path, f"should be {' or '.join(map(repr, inner))}, not {short(value)}")
            return BROKEN
        return value
    return _scalar(kind, value, path, report)


def _list(kind: Any, value: Any, path: str, report: Report) -> Any:
    if not isinstance(value, list | tuple):
        report(path, f"should be a list, not {short(value)}")
        return BROKEN
    items = tuple(_value(kind, item, f"{path}[{i}]", report) for i, item in enumerate(value))
    return BROKEN if any(item is BROKEN for item in items) else items


def _mapping(kind: Any, value: Any, path: str, report: Report) -> Any:
    if not isinstance(value, dict):
        report(path, f"should be an object, not {short(value)}")
        return BROKEN
    items = {key: _value(kind, item, f"{path}.{key}", report) for key, item in value.items()}
    return BROKEN if any(item is BROKEN for item in items.values()) else items


def _scalar(kind: type, value: Any, path: str, report: Report) -> Any:
    accepted, expected = SCALARS[kind]
    fits = isinstance(value, accepted) and (kind is bool or not isinstance(value, bool))
    if not fits or (kind is float and not _is_finite(value)):
        report(path, f"should be {expected}, not {short(value)}")
        return BROKEN
    return float(value) if kind is float else value


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond 1e308
        return False
