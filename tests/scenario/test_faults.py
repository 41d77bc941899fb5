"""One line for each cause, however many rows it has, and none hides another."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
from support.documents.small_scenario import small_scenario
from support.documents.table_document import KEYS, ROWS, table_document, table_text

from siteopt import ScenarioError, load_scenario


def problems(document: dict[str, Any]) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(document)
    return [str(problem) for problem in caught.value.problems]


def regions(n: int, **keys: Any) -> list[dict[str, Any]]:
    return [{"id": f"r{i}", "lat": 50.0, "lon": 9.0, "jurisdiction": "DE"} | keys for i in range(n)]


def test_the_rarest_fault_is_not_hidden_behind_the_commonest() -> None:
    rows = regions(20_000, lat=-91.0)
    rows[7_000]["lat"] = -95.0
    rows[9_000]["lon"] = "nine"
    said = problems(small_scenario(regions=rows))
    assert said == [
        'regions[0].lat: should be at least -90, not -91.0 (so in 19,999 places: "r0", "r1", "r2", ...)',
        'regions[7000].lat: should be at least -90, not -95.0 (in "r7000")',
        'regions[9000].lon: should be a number, not "nine" (in "r9000")',
    ]


def test_many_values_of_one_fault_are_one_line() -> None:
    rows = regions(1_000)
    for i, row in enumerate(rows):
        row["lat"] = 91.0 + i
    (said,) = problems(small_scenario(regions=rows))
    assert said.endswith('are lat and lon swapped? (so in 1,000 places: "r0", "r1", "r2", ...)')


def test_few_faults_are_named_one_by_one() -> None:
    assert len(problems(small_scenario(regions=regions(3, lat=-91.0)))) == 3


def test_many_unknown_ids_are_one_line_in_seconds() -> None:
    """Each one used to be compared with every name that is known."""
    names = [f"AGS {i:08}" for i in range(30_000)]
    demand = [{"region": name, "workload": "chat", "peak_rps": 1.0, "mean_rps": 1.0} for name in names]
    start = process_time()
    (said,) = problems(small_scenario(regions=regions(4_000), demand=demand))
    assert process_time() - start < 10
    assert said.startswith(
        "demand[0].region: unknown region 'AGS 00000000'; there are 4000 known, such as 'r0'"
    )
    assert said.endswith("(so in 30,000 places: demand[0].region, demand[1].region, demand[2].region, ...)")


def test_a_million_unknown_keys_end_in_seconds() -> None:
    document = small_scenario() | {f"k{i}": 1 for i in range(1_000_000)}
    start = process_time()
    said = problems(document)
    assert process_time() - start < 20
    assert len(said) == 11
    assert said[-1] == 'has 999,990 more unknown keys, such as "k10", "k11", "k12"'


def test_a_key_given_twice_among_many_is_found_in_seconds(tmp_path: Any) -> None:
    keys = ", ".join(f'"k{i}": 1' for i in range(200_000))
    path = tmp_path / "scenario.json"
    path.write_text(f'{{{keys}, "twice": 1, "twice": 2}}')
    start = process_time()
    with pytest.raises(ScenarioError, match="twice: stands twice in one object"):
        load_scenario(path)
    assert process_time() - start < 10


def test_projected_metres_are_named_once(tmp_path: Any) -> None:
    """Two problems a row asked whether lat and lon were swapped, and for the unit."""
    rows = [[*row[:2], "5684000", "533400", *row[4:]] for row in ROWS]
    rows = [[f"{row[0]}-{i}", *row[1:]] for row in rows for i in range(5)]
    (said,) = problems(table_document(tmp_path / "sites.csv", table_text(",", rows, KEYS)))
    assert said == (
        "sites[0]: lat and lon are no degrees; if they are metres (UTM, Gauss-Krüger), convert them to WGS 84"
        " (EPSG:4326) (so in 10 rows of sites.csv: lines 2, 3, 4, ...)"
    )
