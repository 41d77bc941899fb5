"""Published instances: OR-Library cap, TBED1 ``.plc``, Holmberg; and the table of their known optima."""

from __future__ import annotations

import csv
import gzip
from typing import TYPE_CHECKING

import numpy as np

from facility_cases.case import Case

if TYPE_CHECKING:
    from pathlib import Path


def words_of(path: Path) -> list[str]:
    """Words of a file; gzip by its name, NUL bytes count as blanks."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return data.replace(b"\0", b" ").decode("ascii").split()


def read_orlib(path: Path, name: str) -> Case:
    """OR-Library's ``cap`` series; the word ``capacity`` stands for the figure in the name, ``capa-8000``."""
    words = words_of(path)
    figure = name.partition("-")[2]
    if "capacity" in words:
        uncapacitated = "1e9" if figure == "uncap" else figure
        words = [uncapacitated if w == "capacity" else w for w in words]
    m, n = int(words[0]), int(words[1])
    sites = np.array(words[2 : 2 + 2 * m], dtype=float).reshape(m, 2)
    rows = np.array(words[2 + 2 * m : 2 + 2 * m + n * (m + 1)], dtype=float).reshape(n, m + 1)
    capacity = np.minimum(sites[:, 0], np.ceil(rows[:, 0].sum()))
    return Case(name, capacity, sites[:, 1], rows[:, 0], rows[:, 1:])


def read_plc(path: Path, name: str, splittable: bool = True) -> Case:
    """TBED1: costs are per unit of demand."""
    words = words_of(path)
    m, n = int(words[0]), int(words[1])
    figures = np.array(words[2:], dtype=float)
    demand, capacity, fixed = figures[:n], figures[n : n + m], figures[n + m : n + 2 * m]
    cost = figures[n + 2 * m : n + 2 * m + m * n].reshape(m, n).T
    return Case(name, capacity, fixed, demand, np.ascontiguousarray(cost * demand[:, None]), splittable)


def read_holmberg(path: Path, name: str) -> Case:
    """Holmberg et al.: single-source, costs of serving all of a customer."""
    figures = np.array(words_of(path), dtype=float)
    m, n = int(figures[0]), int(figures[1])
    sites = figures[2 : 2 + 2 * m].reshape(m, 2)
    demand = figures[2 + 2 * m : 2 + 2 * m + n]
    cost = figures[2 + 2 * m + n : 2 + 2 * m + n + m * n].reshape(m, n).T
    return Case(name, sites[:, 0], sites[:, 1], demand, np.ascontiguousarray(cost), splittable=False)


def published(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Rows of ``known_optima.csv`` by (instance, variant)."""
    with (folder / "known_optima.csv").open(encoding="utf-8") as stream:
        return {(row["instance"], row["variant"]): row for row in csv.DictReader(stream)}


def read(folder: Path, name: str, variant: str) -> Case:
    """A published instance by its name in ``known_optima.csv``, or a file that the name says how to read."""
    row = published(folder).get((name, variant)) if (folder / "known_optima.csv").is_file() else None
    path = folder / row["file"] if row else folder / name
    splittable = variant != "SSCFLP"
    if ".plc" in path.name:
        case = read_plc(path, name, splittable)
    elif "cap" in path.name:
        case = read_orlib(path, name)
    else:
        case = read_holmberg(path, name)
    if row is None:
        return case
    return Case(**{**case.__dict__, "optimum": float(row["value"]), "kind": row["kind"]})
