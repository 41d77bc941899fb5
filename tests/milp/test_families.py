"""Every family of constraints as an LP file that a person can check by eye, held fixed.

After a wanted change of the model, ``SITEOPT_WRITE_LP=1 pytest tests/milp/test_families.py`` writes the files
anew; read the difference before you commit it.
"""

from __future__ import annotations

import os
from functools import cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyomo.environ as pyo
import pytest
from pyomo.repn.plugins.lp_writer import LPWriter
from support.documents.edits import changed
from support.documents.small_scenario import small_scenario

from siteopt.compile import compile_instance
from siteopt.milp.build import build_model
from siteopt.milp.families import FAMILIES, Family
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    from siteopt.instance import Instance

FOLDER = Path(__file__).parent / "golden"
BY_NAME = {family.name: family for family in FAMILIES}
#: What each family needs to have a row; the others have theirs in the plain scenario.
EDITS: dict[str, dict[str, Any]] = {
    "pooling": {"workloads.1.home": {"node": "A"}, "workloads.1.replica_gb": 50.0},
    "data_gravity": {
        "workloads.1.home": {"node": "A", "gb_per_call": 1e-4},
        **{"workloads.1.replica_gb": 50.0, "workloads.1.sync_gb_per_day": 5.0},
    },
    "density": {
        "workloads.1.replica.cooling": "liquid",
        "designs.0.cooling": "liquid",
        "designs.2.cooling": "liquid",
    },
    "tail": {"workloads.1.sizing": "tail"},
    "site_status": {
        "sites.0.connection_steps": [
            {"up_to_mw": 2.0, "months": 0.0, "usd": 1.0},
            {"up_to_mw": 20.0, "months": 9.0, "usd": 1e6},
        ],
        "sites.0.connection_usd": 0.0,
    },
    "power": {
        "designs.1.redundancy": "N+1",
        "designs.2.redundancy": "2N",
        "sites.1.connection_usd": 0.0,
        "sites.1.connection_steps": [
            {"up_to_mw": 0.2, "months": 0.0, "usd": 9e4},
            {"up_to_mw": 0.5, "months": 9.0, "usd": 3e5},
        ],
    },
    "module_scale": {"designs.1.scale_exponent": 0.5},
    "tenancy": {
        "designs.1.redundancy": "N+1",
        "workloads.1.tenant": "acme",
        "policy.tenant_share": 0.5,
        "policy.tenant_site_mw": 0.4,
    },
    "network": {
        "workloads.1.home": {"node": "A", "gb_per_call": 1e-4},
        "workloads.1.replica_gb": 50.0,
        "workloads.1.sync_gb_per_day": 864.0,
        "sites.1.uplink_gbps": 0.5,
        "network.links.0.capacity_gbps": 0.25,
    },
    "budget": {"designs.1.scale_exponent": 0.5, "sites.0.existing.modules": 1},
    "linear_rules": {
        "rules": [
            {"id": "few", "terms": [{"zone": "west"}], "sense": "<=", "value": 1.0},
            {"id": "some", "terms": [{"tier": "micro"}, {"design": "hall"}], "sense": ">=", "value": 1.0},
            {
                "id": "with",
                "terms": [{"sites": ["sub"]}, {"sites": ["hub"], "coefficient": -1.0}],
                "sense": "==",
                "value": 0.0,
            },
        ]
    },
    "resilience": {"workloads.0.sizing": "tail", "workloads.0.protect": {"slo_ms": 700.0}},
}


@cache
def compiled(family: str) -> Instance:
    """Two sites, one of them existing, two workloads, and what the family is about."""
    document = small_scenario()
    edits: dict[str, Any] = {
        "sites": document["sites"][:2],
        "demand": document["demand"][:3],
        "policy.max_sites": 0,
        "workloads.0.splittable": False,
    }
    return compile_instance(load_scenario(changed(document, edits | EDITS.get(family, {}))))


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
def test_family_is_the_golden_one(family: Family) -> None:
    text = lp_text(compiled(family.name), needed_by(family))
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


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_each_family_adds_rows_of_its_own(family: Family) -> None:
    """A golden file that only repeats what the family requires would hold nothing fixed."""
    families, instance = needed_by(family), compiled(family.name)
    others = tuple(f for f in families if f is not family)
    assert row_names(instance, families) > row_names(instance, others)


@pytest.mark.parametrize("name", EDITS)
def test_each_edit_matters(name: str) -> None:
    """A family whose scenario differs from the plain one has another text there."""
    families = needed_by(BY_NAME[name])
    assert lp_text(compiled(name), families) != lp_text(compiled("plain"), families)


def test_a_family_without_what_it_requires_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'power' requires 'sizing', 'site_status' before it"):
        build_model(compiled("plain"), (BY_NAME["assignment"], BY_NAME["power"]))


def test_the_order_of_families_matters() -> None:
    with pytest.raises(ValueError, match="'sizing' requires 'assignment' before it"):
        build_model(compiled("plain"), (BY_NAME["sizing"], BY_NAME["assignment"]))


def test_every_requirement_is_a_family_before_it() -> None:
    for n, family in enumerate(FAMILIES):
        assert set(family.requires) <= {f.name for f in FAMILIES[:n]}, family.name
