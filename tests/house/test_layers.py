"""Imports point down only: every file of the package is read and its imports are held against the floors."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import siteopt

PACKAGE = Path(siteopt.__file__).parent
FLOORS = (
    {"arrays", "errors", "formatting", "tolerances", "units", "_core"},
    {"scenario", "highs"},
    {"physics", "plan"},
    {"instance", "verify"},
    {"compile", "resilience"},
    {"bounds", "evaluate", "rules"},
    {"milp", "matheuristics", "search", "run"},
    {"facility", "diagnose"},
    {"solving"},
    {"answers"},
    {"report"},
    {"cli"},
    {"__main__"},
)
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
#: Packages that know an outside library, so that nobody else has to.
HOMES = {
    "pydantic": ("siteopt.scenario",),
    "pyomo": ("siteopt.milp",),
    "networkx": ("siteopt.physics.network", "siteopt.verify"),
    "highspy": ("siteopt.highs.driver",),
    "matplotlib": ("siteopt.report.profile_plot",),
}
MODULES = {
    ".".join(("siteopt", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def imports_of(source: str) -> set[str]:
    """Absolute names that a file imports anywhere in it, ``from a import b`` counting as ``a.b``."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def unit_of(module: str) -> str:
    """``siteopt.highs.driver`` belongs to ``milp``."""
    return module.split(".")[1]


def file_of(name: str) -> str | None:
    """The module that an imported name is, or comes from; None for one of another package."""
    return next((m for m in (name, name.rpartition(".")[0]) if m in MODULES), None)


def is_down(user: str, used: str) -> bool:
    """Whether unit ``user`` may import from unit ``used``."""
    return user == used or FLOOR[used] < FLOOR[user]


def test_every_unit_has_a_floor() -> None:
    """A new module says where it stands before anything uses it."""
    assert {unit_of(m) for m in MODULES if m != "siteopt"} <= set(FLOOR)


@pytest.mark.parametrize("module", [m for m in MODULES if m != "siteopt"])
def test_imports_point_down(module: str) -> None:
    used = {i for i in imports_of(MODULES[module].read_text(encoding="utf-8")) if i.startswith("siteopt.")}
    wrong = sorted(i for i in used if not is_down(unit_of(module), unit_of(i)))
    assert wrong == [], f"{module} (floor {FLOOR[unit_of(module)]}) imports {wrong}"


def test_no_files_import_each_other_in_a_circle() -> None:
    """Not even for annotations: of two files one is the one to read first."""
    used = {
        module: {file_of(name) for name in imports_of(path.read_text(encoding="utf-8"))} - {None, module}
        for module, path in MODULES.items()
    }
    # Raises CycleError, which names the circle.
    assert set(TopologicalSorter(used).static_order()) >= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_outside_libraries_stay_at_home(module: str) -> None:
    for name in imports_of(MODULES[module].read_text(encoding="utf-8")):
        homes = HOMES.get(name.split(".")[0])
        at_home = homes is None or any(f"{module}.".startswith(f"{home}.") for home in homes)
        assert at_home, f"{module} imports {name}, which belongs to {homes}"


@pytest.mark.parametrize("module", [m for m in MODULES if m != "siteopt"])
def test_private_names_stay_private(module: str) -> None:
    """No file reaches for another one's leading underscore; ``_core`` is the name of a package."""
    for name in imports_of(MODULES[module].read_text(encoding="utf-8")):
        parts = [p for p in name.split(".") if name.startswith("siteopt.") and p != "_core"]
        assert not any(p.startswith("_") for p in parts), f"{module} imports {name}"


def test_the_rules_bite() -> None:
    """Each kind of wrong import is noticed."""
    assert not is_down("search", "milp")
    assert not is_down("bounds", "search")
    assert not is_down("solving", "report")
    assert not is_down("compile", "evaluate")
    assert not is_down("scenario", "physics")
    assert not is_down("verify", "instance")
    assert not is_down("instance", "compile")
    assert is_down("evaluate", "compile")
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"a"}}).prepare()
    assert file_of("siteopt.verify.facts.Facts") == "siteopt.verify.facts"
    assert imports_of("def f():\n    from siteopt.milp import build\n") == {"siteopt.milp.build"}
