"""The lowest versions that the package says it works with are the ones that it is tested with."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from support.paths import ROOT


@pytest.fixture
def project() -> dict[str, Any]:
    path = ROOT / "pyproject.toml"
    if not path.is_file():
        pytest.skip("pyproject.toml is not here: the tests run on an installed package alone")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_the_lowest_versions_are_those_that_the_project_allows(project: dict[str, Any]) -> None:
    """Of everything that is needed to build, to run, to plot and to test, and of nothing else."""
    extras = project["project"]["optional-dependencies"]
    needed = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *extras["plot"],
        *extras["test"],
    ]
    lowest = {re.sub(r">=([\w.]+)(,.*)?$", r"==\1", requirement) for requirement in needed}
    lines = (ROOT / "tests" / "lowest-versions.txt").read_text(encoding="utf-8").splitlines()
    assert {line for line in lines if not line.startswith("#")} == lowest
    assert all("==" in line for line in lowest)


def test_everyone_formats_with_the_same_ruff(project: dict[str, Any]) -> None:
    """What the hook of pre-commit lets pass, the gate lets pass too."""
    hooks = ROOT / ".pre-commit-config.yaml"
    if not hooks.is_file():
        pytest.skip("the hooks are not here: the tests run on an sdist")
    rev = re.search(r"ruff-pre-commit\s+rev: v([\d.]+)", hooks.read_text(encoding="utf-8"))
    assert rev is not None
    assert f"ruff=={rev[1]}" in project["project"]["optional-dependencies"]["dev"]
