"""Single values of a JSON document changed, added or removed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

#: As a new value: remove the entry. As the last step of a path: append to the list.
REMOVE = object()
APPEND = "+"


def changed(document: dict[str, Any], edits: dict[str, Any]) -> dict[str, Any]:
    """A copy of a JSON document with values at dotted paths replaced: ``{"sites.0.headroom_mw": 0.1}``."""
    result = deepcopy(document)
    for path, value in edits.items():
        *parents, last = path.split(".")
        holder: Any = result
        for step in parents:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        if last == APPEND:
            holder.append(deepcopy(value))
        elif value is REMOVE:
            del holder[int(last) if isinstance(holder, list) else last]
        else:
            holder[int(last) if isinstance(holder, list) else last] = deepcopy(value)
    return result
