"""JSON text as Python objects, and the words in which a wrong value is named.

Shared by everything that reads a user's file: scenarios and plans.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from siteopt.errors import Problem, ScenarioError
from siteopt.scenario.names import similar

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Files that are easily taken for each other, and keys that together no other one has.
KINDS: dict[str, tuple[set[str], str]] = {
    "plan": ({"pools", "flows"}, "a plan, as siteopt solve writes it"),
    "scenario": ({"regions", "demand"}, "a scenario"),
    "comparison": ({"modes", "verdicts"}, "a comparison, as siteopt compare writes it"),
    "sensitivity": ({"baseline_usd", "rows"}, "a table of sensitivities, as siteopt sensitivity writes it"),
    "geojson": ({"type", "features"}, "GeoJSON"),
}


def decode_object(text: str, kind: str) -> dict[str, Any]:
    """Return the JSON object that a text holds.

    Parameters
    ----------
    text : str
    kind : str
        What the file should be, for messages: ``scenario`` or ``plan``.

    Raises
    ------
    ScenarioError
        If the text is not JSON, not an object, or names a key twice.
    """
    if not text.strip():
        raise ScenarioError([Problem("", f"the file is empty; a {kind} is a JSON object")])
    try:
        document = json.loads(text, object_pairs_hook=_no_duplicate_keys)
    except json.JSONDecodeError as error:
        if _is_table(text):
            message = f"this is a table (CSV), not a {kind}"
            if kind == "scenario":
                message += (
                    ': a scenario is a JSON object, which may name it, as in "sites": {"file": "sites.csv"}'
                )
            raise ScenarioError([Problem("", message)]) from None
        raise ScenarioError([Problem("", _not_json(error))]) from None
    except RecursionError:
        raise ScenarioError([Problem("", f"not a {kind}: the JSON is nested too deeply")]) from None
    except ValueError:  # Python refuses to convert integers of more than 4300 digits
        raise ScenarioError(
            [Problem("", "holds a whole number of thousands of digits; check the file")]
        ) from None
    if not isinstance(document, dict):
        raise ScenarioError([Problem("", f"a {kind} is a JSON object {{...}}, not {json_name(document)}")])
    return document


def refuse_other_kinds(document: dict[str, Any], wanted: str) -> None:
    """Say in one sentence what a file is that is none of the kind wanted, instead of naming every key of it.

    Raises
    ------
    ScenarioError
        If the document has the keys of another kind, and not those of the one wanted.
    """
    keys = document.keys()
    if KINDS[wanted][0] <= keys:
        return
    for marks, name in KINDS.values():
        if marks <= keys:
            raise ScenarioError([Problem("", f"this is {name}, not a {wanted}")])


def _is_table(text: str) -> bool:
    """Return whether a text looks like CSV: no JSON, and several cells in its first line."""
    first = text.lstrip().partition("\n")[0]
    return not first.startswith(("{", "[")) and any(mark in first for mark in ",;\t")


def _not_json(error: json.JSONDecodeError) -> str:
    """Say where the text stops being JSON, quoting the line: a column number alone is hard to find."""
    lines = error.doc.splitlines()
    line = lines[error.lineno - 1].strip() if error.lineno <= len(lines) else ""
    near = f", near {line[:60]!r}" if line else ""
    return f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}{near}"


def _no_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen = Counter(name for name, _ in pairs)
        twice = next(name for name, count in seen.items() if count > 1)
        where = f" (the object whose id is {result['id']!r})" if "id" in result else ""
        message = f"stands twice in one object{where}; JSON would silently drop one, so keep one"
        raise ScenarioError([Problem(twice, message)])
    return result


def unknown_key(key: str, known: Iterable[str]) -> str:
    """Report a key that is not known, with the known one that it resembles."""
    names = sorted(known)
    near = similar(key, names)
    return (
        f"unknown key; did you mean {near[0]!r}?" if near else f"unknown key; known here: {', '.join(names)}"
    )


def short(value: Any) -> str:
    """Return a value as it stands in the file, cut where it is long."""
    if isinstance(value, dict | list | tuple):
        return json_name(value)
    text = (
        json.dumps(value, ensure_ascii=False)
        if isinstance(value, str | int | float | bool | None)
        else repr(value)
    )
    return text if len(text) <= 60 else text[:57] + "..."


def json_name(value: Any) -> str:
    """Return the kind of a value in the words of JSON."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    kinds: tuple[tuple[tuple[type, ...], str], ...] = (
        ((dict,), "an object"),
        ((list, tuple), "a list"),
        ((str,), "a string"),
        ((int, float), "a number"),
    )
    return next((name for types, name in kinds if isinstance(value, types)), type(value).__name__)
