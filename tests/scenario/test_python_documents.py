"""Documents as Python programs have them: data frames, NumPy's numbers, generators, missing cells."""

from __future__ import annotations

import json
import sys
from math import inf, nan
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.documents.small_document import small_document
from support.documents.small_scenario import small_scenario

import siteopt
from siteopt.errors import ScenarioError
from siteopt.scenario import as_scenario, load_scenario

if TYPE_CHECKING:
    from pathlib import Path


class Frame:
    """A data frame as far as the schema looks at one; every row has every column."""

    def __init__(self, rows: list[dict[str, Any]], method: str = "to_dict") -> None:
        self.columns = list(dict.fromkeys(key for row in rows for key in row))
        full = [{key: row.get(key, nan) for key in self.columns} for row in rows]
        setattr(
            self, method, lambda *orient: full if orient == (("records",) * (method == "to_dict")) else None
        )


class NoCell:
    """What pandas has where a cell is missing: it cannot be compared and has no truth value."""

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")


NoCell.__name__ = "NAType"


@pytest.mark.parametrize("method", ["to_dict", "to_dicts", "to_pylist"])
def test_tables_may_be_data_frames(method: str) -> None:
    """Of pandas, polars and Arrow, none of which is imported; a cell that is missing is a key that is absent."""
    document = small_document()
    frames = {key: Frame(document[key], method) for key in ("sites", "regions", "demand", "designs")}
    assert load_scenario(document | frames) == load_scenario(document)
    assert not {"pandas", "polars", "pyarrow"} & set(sys.modules)


def test_a_data_frame_is_read_as_a_csv_file_is() -> None:
    """Dots lead into an object, semicolons separate the names of a list, and whole numbers came as floating point."""
    document = small_document()
    rows = [dict(row) for row in document["sites"]]
    for row in rows:
        row["designs"] = ";".join(row["designs"])
    rows[0] |= {"status": "existing", "existing.design": "module", "existing.modules": 2.0, "node": None}
    rows[0]["pue"] = {"module": 1.1, "hall": None}
    site = load_scenario(document | {"sites": Frame(rows)}).sites[0]
    assert site.designs == ("module",)
    assert site.existing is not None
    assert (site.existing.design, site.existing.modules) == ("module", 2)
    assert site.node is None
    assert site.pue == {"module": 1.1}


def test_numbers_and_flags_may_be_of_numpy() -> None:
    document = small_document()
    usual = load_scenario(document)
    document["schema_version"] = np.int64(1)
    document["horizon"]["years"] = np.float32(10.0)
    document["policy"] = dict(document.get("policy", {})) | {"refresh": np.bool_(True)}
    document["sites"] = np.array(document["sites"], dtype=object)
    for row in document["sites"]:
        row["headroom_mw"] = np.float64(row["headroom_mw"])
        row["designs"] = np.array(row["designs"])
    document["designs"][0]["max_modules"] = np.int32(document["designs"][0]["max_modules"])
    scenario = load_scenario(document)
    assert scenario.sites == usual.sites
    assert scenario.designs == usual.designs
    assert scenario.policy.refresh is True
    assert type(scenario.sites[0].headroom_mw) is float


def test_tables_may_be_any_iterable() -> None:
    document = small_document()
    usual = load_scenario(document)
    document["sites"] = (row for row in document["sites"])
    document["demand"] = iter(document["demand"])
    document["regions"] = tuple(document["regions"])
    assert load_scenario(MappingProxyType(document)) == usual


@pytest.mark.parametrize("nothing", [nan, np.float64("nan"), NoCell()])
def test_a_missing_cell_of_a_row_is_an_absent_key(nothing: Any) -> None:
    document = small_document()
    usual = load_scenario(document)
    document["sites"][0]["node"] = nothing
    assert load_scenario(document) == usual


def test_a_missing_cell_that_is_needed_is_said() -> None:
    document = small_document()
    document["sites"][1]["headroom_mw"] = nan
    with pytest.raises(ScenarioError, match=r"sites\[1\]\.headroom_mw: required key is missing"):
        load_scenario(document)


def test_a_limit_that_is_no_number_is_not_a_limit_left_out() -> None:
    """NaN as a budget is a mistake of whoever computed it: without the key there would be no budget."""
    document = small_document()
    document["policy"] = {"budget_usd": nan}
    with pytest.raises(ScenarioError, match="policy.budget_usd: should be a finite number, not NaN"):
        load_scenario(document)


def test_what_is_no_document_is_said() -> None:
    endless: dict[str, Any] = {"schema_version": 1}
    endless["name"] = endless
    with pytest.raises(ScenarioError, match="nested too deeply"):
        load_scenario(endless)
    with pytest.raises(TypeError, match="a scenario is a path, a dict or a Scenario, not list"):
        as_scenario([])  # type: ignore[arg-type]


def test_solve_takes_whatever_a_scenario_can_be_loaded_from(tmp_path: Path) -> None:
    document = small_scenario()
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    plans = [
        siteopt.solve(source, time_limit=inf, gap=0.0, method="search", iteration_limit=5)
        for source in (load_scenario(document), document, path, str(path))
    ]
    assert len({plan.cost_usd for plan in plans}) == 1
    assert all(plan.verified for plan in plans)
    with pytest.raises(ScenarioError, match="required key is missing"):
        siteopt.solve({})
