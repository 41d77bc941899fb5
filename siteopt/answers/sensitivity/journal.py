"""What is known already, one JSON line each, written as it comes; a killed run goes on from there."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from siteopt.scenario import dump_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from siteopt.scenario.schema import Scenario


def digest(scenario: Scenario, *what: object) -> str:
    """Name of a result: the scenario that was solved, and how."""
    text = json.dumps([dump_scenario(scenario), *what], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class Journal:
    """Results by key, in memory and, where there is a path, on disk.

    Parameters
    ----------
    path : Path or None
        Lines that are there are read; a last line that was cut off is ignored.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._rows: dict[str, dict[str, Any]] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    row = json.loads(line)
                except json.JSONDecodeError:
                    continue
                if isinstance(row, dict) and isinstance(row.get("key"), str):
                    self._rows[row["key"]] = row

    def get(self, key: str) -> dict[str, Any] | None:
        """A result, or None where it is not known."""
        return self._rows.get(key)

    def put(self, key: str, row: dict[str, Any]) -> None:
        """Keep a result; it is on disk when this returns."""
        self._rows[key] = row = {"key": key} | row
        if self._path is None:
            return
        with self._path.open("a+b") as file:
            cut_off = file.tell() > 0 and not _ends_a_line(file)
            text = "\n" * cut_off + json.dumps(row, allow_nan=False) + "\n"
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())


def _ends_a_line(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")
