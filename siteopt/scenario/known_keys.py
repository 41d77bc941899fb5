"""Which keys an object of a scenario may have, and must: looked up in the JSON Schema."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from siteopt.scenario.schema import Scenario

#: Keys whose array may live in a file of its own.
TABLES = ("sites", "regions", "demand", "grid_limits", "designs")
NETWORK_TABLES = ("nodes", "links")
TABLE_PATHS = {*TABLES, *(f"network.{name}" for name in NETWORK_TABLES)}


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of an object.

    Attributes
    ----------
    known, required : tuple of str
        Those that it may have, and those that it must.
    """

    known: tuple[str, ...]
    required: tuple[str, ...]


def row_keys(table: str) -> Keys:
    """Return the keys of a row of a table, which is named by its path: ``sites``, ``network.nodes``."""
    return keys_at((*table.split("."), 0))


def keys_at(location: tuple[int | str, ...]) -> Keys:
    """Return the keys of the object at a location; none where it is no object with keys of its own."""
    return _keys_at(tuple(0 if isinstance(step, int) else step for step in location))


@cache
def _keys_at(location: tuple[int | str, ...]) -> Keys:
    here = _object_at(location)
    return Keys(tuple(here.get("properties", {})), tuple(here.get("required", ())))


def is_table(location: tuple[int | str, ...]) -> bool:
    """Whether the list at a location may be a file of its own."""
    return ".".join(map(str, location)) in TABLE_PATHS


def is_free_key(location: tuple[int | str, ...]) -> bool:
    """Whether the last step of a location is a key of the user's own, such as a design in ``pue``."""
    here = _object_at(location[:-1])
    return any("additionalProperties" in o and "properties" not in o for o in (here, *here.get("anyOf", ())))


def _object_at(location: tuple[int | str, ...]) -> dict[str, Any]:
    schema = _schema()
    here: dict[str, Any] = schema
    for step in location:
        here = here.get("items", {}) if isinstance(step, int) else here.get("properties", {}).get(step, {})
        for option in [here, *here.get("anyOf", [])]:
            if "$ref" in option:
                here = schema["$defs"][option["$ref"].rsplit("/", 1)[1]]
                break
    return here


@cache
def _schema() -> dict[str, Any]:
    return Scenario.model_json_schema(by_alias=True)
