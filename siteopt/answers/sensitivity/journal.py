"""A journal of results, one JSON line each, written as they come, so that a run can go on after it was killed."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from typing import TYPE_CHECKING, Any

from siteopt.errors import ScenarioError
from siteopt.plan.file import load_plan
from siteopt.scenario import dump_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from siteopt.scenario.schema import Scenario

logger = logging.getLogger(__name__)


def digest(scenario: Scenario, *what: object) -> str:
    """Return the key of a result: a digest of the scenario that was solved, and how."""
    text = json.dumps([dump_scenario(scenario), *what], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class Journal:
    """Results by key, kept in memory and, where there is a path, on disk.

    Parameters
    ----------
    path : Path or None
        Lines already in the file are read; those that are no results, such as one that was cut off, are ignored.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._rows: dict[str, dict[str, Any]] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                row = _result(line)
                if row is not None:
                    self._rows[row["key"]] = row

    def get(self, key: str) -> dict[str, Any] | None:
        """Return a result, or None where it is not known."""
        return self._rows.get(key)

    def put(self, key: str, row: dict[str, Any]) -> None:
        """Keep a result, on disk once this returns; where the file cannot be written, only in memory."""
        self._rows[key] = row = {"key": key} | row
        if self._path is None:
            return
        try:
            self._write(self._path, row)
        except OSError as error:
            logger.warning("%s could not be written: %s", self._path, error.strerror)
            self._path = None

    def _write(self, path: Path, row: dict[str, Any]) -> None:
        with path.open("a+b") as file:
            cut_off = file.tell() > 0 and not _ends_a_line(file)
            text = "\n" * cut_off + json.dumps(row, allow_nan=False) + "\n"
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())


def _ends_a_line(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _result(line: str) -> dict[str, Any] | None:
    """Return the result in a line, a baseline with its plan or another solve with its figures; None if it has none."""
    try:
        row = json.loads(line, parse_constant=_refuse)
        if not isinstance(row, dict) or not isinstance(row.get("key"), str):
            return None
        if row.get("parameter") == "baseline":
            load_plan(row["plan"] if isinstance(row["plan"], dict) else {})
        elif not all(isinstance(figure, int | float | None) for figure in _figures(row)):
            return None
    except (ValueError, RecursionError, KeyError, ScenarioError):
        return None
    return row


def _figures(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["cost_usd"], row.get("gap"), row.get("base_usd")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no figure")
