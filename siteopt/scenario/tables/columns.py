"""The columns of a table against the keys of its rows: one message for a wrong header, not one for each cell."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

from siteopt.formatting import counted, listed
from siteopt.scenario.known_keys import Keys

if TYPE_CHECKING:
    from collections.abc import Collection

#: Keys that no column can hold.
NO_COLUMNS = {"connection_steps"}
#: So like a key that it is one with a typing error; below this a column may well be the planner's own.
SAME = 0.8
#: Most columns of a planner's own that are compared with the keys: it takes long, and nobody has more.
MOST_COMPARED = 200


def header_fault(header: Collection[str], keys: Keys) -> str:
    """Say what is wrong with the names of the columns; nothing where they are sound.

    Parameters
    ----------
    header : sequence of str
        Names, none of them empty.
    keys : Keys
        Of a row.
    """
    names = dict.fromkeys(header)
    if not names:
        return "is empty; it should name the columns"
    outer = {name.partition(".")[0] for name in names if "." in name}
    for name in names:
        key = _key(name).partition("[")[0]
        if key in NO_COLUMNS:
            return f"names {key!r}, but no cell holds a list of objects; list these rows in the JSON document"
        if name in outer:
            return f"names both {name!r} and keys inside it"
    if len(names) < len(header):
        seen: set[str] = set()
        twice = next(name for name in header if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        return f"names {twice!r} twice"
    return _misnamed(header, keys)


def unread(header: Collection[str], keys: Keys) -> dict[str, None]:
    """Return the columns that are no keys, in order: the planner's own."""
    return dict.fromkeys(name for name in header if _key(name) not in keys.known)


def unread_remark(names: Collection[str], keys: Keys, file: str) -> str:
    """Write the remark on columns that are not read, with the key that one of them resembles."""
    near = _near(names, keys, 0.6)
    words = [f"{name} (is it {near[name]}?)" for name in near] + [name for name in names if name not in near]
    return f"{file}: {counted(len(names), 'column')} not read ({listed(words)})."


def _misnamed(header: Collection[str], keys: Keys) -> str:
    own, there = unread(header, keys), set(map(_key, header))
    missing = [key for key in keys.required if key not in there]
    if missing:
        meant = {key: name for name, key in _near(own, Keys(tuple(missing), ()), 0.6).items()}
        words = [f"{key!r} (is it {meant[key]!r}?)" if key in meant else repr(key) for key in missing]
        others = [repr(name) for name in own if name not in meant.values()]
        also = f", but names {listed(others)}" if others else ""
        return f"lacks {', '.join(words)}{also}; name the columns by their keys"
    near = {name: key for name, key in _near(own, keys, SAME).items() if key not in there}
    hints = [f"names {name!r}, an unknown key; did you mean {key!r}?" for name, key in near.items()]
    return hints[0] if hints else ""


def _near(names: Collection[str], keys: Keys, cutoff: float) -> dict[str, str]:
    """Return the key that each name resembles; of very many names only the first are looked at."""
    matches = {
        name: get_close_matches(name, keys.known, n=1, cutoff=cutoff) for name in islice(names, MOST_COMPARED)
    }
    return {name: match[0] for name, match in matches.items() if match}


def _key(name: str) -> str:
    return name.partition(".")[0]
