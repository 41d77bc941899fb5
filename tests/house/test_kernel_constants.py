"""Numbers and orders that kernels and Python both need are the same on both sides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from siteopt import tolerances
from siteopt.plan import COST_LINES

CORE = Path(__file__).parents[2] / "ext" / "siteopt" / "_core"


def declared(name: str) -> str:
    """Text of a declaration file of the kernels."""
    path = CORE / name
    if not path.is_file():
        pytest.skip("ext/ is not here: the tests run on an installed package alone")
    return path.read_text(encoding="utf-8")


def test_kernels_have_the_cost_lines_of_a_plan_in_its_order() -> None:
    """Enumerators without values count from 0, and the last one is how many lines there are."""
    *lines, count = re.findall(r"^    (\w+)$", declared("evaluate/cost_lines.pxd"), re.MULTILINE)
    assert count == "N_LINES"
    assert tuple(line.lower() for line in lines) == COST_LINES


def test_rounding_is_the_same_for_kernels_and_python() -> None:
    """Or Python would count a replica more or fewer than the search that found the plan."""
    kernels = {
        name: float(value)
        for name, value in re.findall(
            r"#define SITEOPT_(\w+) (\S+)$", declared("tolerances.pxd"), re.MULTILINE
        )
    }
    python = {name: value for name, value in vars(tolerances).items() if name.isupper()}
    both = kernels.keys() & python.keys()
    assert both == {"SLACK", "TIGHT_SLACK", "TINY", "SMALLEST_SHARE", "ROUNDING"}
    assert {name: kernels[name] for name in both} == {name: python[name] for name in both}
