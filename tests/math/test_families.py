"""Every family of constraints as an LP file that a person can check by eye, held fixed.

After a wanted change of the model, ``SITEOPT_WRITE_LP=1 pytest tests/math`` writes the files anew; read the
difference before you commit it.
"""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyomo.environ as pyo
import pytest
from pyomo.repn.plugins.lp_writer import LPWriter
from scenarios import changed, small_scenario

from siteopt.compile import compile_instance
from siteopt.milp.build import FAMILIES, Family, build_model
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    from siteopt.instance import Instance

FOLDER = Path(__file__).parent / "lp"
BY_NAME = {family.name: family for family in FAMILIES}


def compiled(**more: Any) -> Instance:
    """Two sites, one of them existing, two workloads."""
    document = small_scenario()
    edits: dict[str, Any] = {
        "sites": document["sites"][:2],
        "demand": document["demand"][:3],
        "policy.max_sites": 0,
        "workloads.0.splittable": False,
    }
    return compile_instance(load_scenario(changed(document, edits | more)))


@pytest.fixture(scope="module")
def instance() -> Instance:
    """Every family but ``tail`` has a row."""
    return compiled()


@pytest.fixture(scope="module")
def tailed() -> Instance:
    """The second workload is sized by its tail; its two arcs are of two slack tiers."""
    return compiled(**{"workloads.1.sizing": "tail"})


def needed_by(family: Family) -> tuple[Family, ...]:
    """The family and what it requires, in the order of the registry."""
    wanted, queue = {family.name}, [family]
    while queue:
        missing = [name for name in queue.pop().requires if name not in wanted]
        wanted.update(missing)
        queue += [BY_NAME[name] for name in missing]
    return tuple(f for f in FAMILIES if f.name in wanted)


def lp_text(instance: Instance, families: tuple[Family, ...]) -> str:
    stream = StringIO()
    model = build_model(instance, families, segments=2).pyomo
    LPWriter().write(model, stream, symbolic_solver_labels=True)
    return stream.getvalue()


def numbers_apart(text: str) -> list[str | float]:
    """Words of an LP file, numbers as numbers: the last digit of a cost may differ between platforms."""
    words: list[str | float] = []
    for word in text.split():
        try:
            words.append(float(word))
        except ValueError:
            words.append(word)
    return words


def assert_same(found: str, expected: str) -> None:
    ours, golden = numbers_apart(found), numbers_apart(expected)
    assert len(ours) == len(golden)
    for n, (a, b) in enumerate(zip(ours, golden, strict=True)):
        same = a == pytest.approx(b, rel=1e-12) if isinstance(b, float) else a == b
        assert same, f"word {n} is {a}, not {b}, after {ours[max(0, n - 8) : n]}"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_family_is_the_golden_one(instance: Instance, tailed: Instance, family: Family) -> None:
    text = lp_text(tailed if family.name == "tail" else instance, needed_by(family))
    path = FOLDER / f"{family.name}.lp"
    if os.environ.get("SITEOPT_WRITE_LP") == "1":
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"family {family.name!r} has no golden LP; see the docstring of this file"
    assert_same(text, path.read_text(encoding="utf-8"))


def test_no_golden_file_is_left_over() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.lp")) == sorted(BY_NAME)


def row_names(instance: Instance, families: tuple[Family, ...]) -> set[str]:
    model = build_model(instance, families).pyomo
    return {row.name for row in model.component_data_objects(pyo.Constraint)}


def test_each_family_adds_rows_of_its_own(instance: Instance, tailed: Instance) -> None:
    """A golden file that only repeats what the family requires would hold nothing fixed."""
    for family in FAMILIES:
        families, here = needed_by(family), tailed if family.name == "tail" else instance
        others = tuple(f for f in families if f is not family)
        assert row_names(here, families) > row_names(here, others), family.name


def test_a_family_without_what_it_requires_is_refused(instance: Instance) -> None:
    with pytest.raises(ValueError, match=r"'power' requires 'sizing', 'site_status' before it"):
        build_model(instance, (BY_NAME["assignment"], BY_NAME["power"]))


def test_the_order_of_families_matters(instance: Instance) -> None:
    with pytest.raises(ValueError, match="'sizing' requires 'assignment' before it"):
        build_model(instance, (BY_NAME["sizing"], BY_NAME["assignment"]))
