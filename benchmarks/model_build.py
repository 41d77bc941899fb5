"""Time from an instance to a model inside HiGHS: through Pyomo, and straight from NumPy.

python benchmarks/model_build.py [--runs 5] [--full]
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from direct_model import direct_matrix
from generated import generated_scenario, without_tails
from scipy.sparse import csr_matrix

import siteopt
from siteopt.compile import compile_instance
from siteopt.highs.driver import HighsDriver
from siteopt.milp.build import build_model
from siteopt.milp.matrix import compile_matrix
from siteopt.milp.memory import no_garbage_collection

if TYPE_CHECKING:
    from siteopt.highs.programme import Matrix
    from siteopt.instance import Instance

GERMANY = Path(__file__).parents[1] / "examples" / "germany"
#: Candidates and regions of the generated scenarios.
SIZES = ((20, 20), (50, 50), (100, 100), (200, 200))
AIM = 9.0


def pyomo_route(instance: Instance) -> tuple[Matrix, tuple[float, float, float]]:
    """The matrix, and the seconds to build the model, to compile it and to pass it."""
    start = time.perf_counter()
    model = build_model(instance)
    built = time.perf_counter()
    matrix = compile_matrix(model.pyomo)
    compiled = time.perf_counter()
    HighsDriver(matrix)
    passed = time.perf_counter()
    return matrix, (built - start, compiled - built, passed - compiled)


def direct_route(instance: Instance) -> tuple[Matrix, tuple[float, float]]:
    """The matrix, and the seconds to assemble it and to pass it."""
    start = time.perf_counter()
    matrix = direct_matrix(instance)
    assembled = time.perf_counter()
    HighsDriver(matrix)
    passed = time.perf_counter()
    return matrix, (assembled - start, passed - assembled)


def check_equal(ours: Matrix, theirs: Matrix) -> None:
    """Raise unless both are the same problem, up to the order of rows and to rounding."""
    for name in ("cost", "lower", "upper", "integer", "offset"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-12, err_msg=name)
    a, b = _sorted_rows(ours), _sorted_rows(theirs)
    np.testing.assert_array_equal(a.indptr, b.indptr)
    np.testing.assert_array_equal(a.indices, b.indices)
    np.testing.assert_allclose(a.data, b.data, rtol=1e-12)


def _sorted_rows(matrix: Matrix) -> csr_matrix:
    """The rows with both of their sides as further columns, in an order that does not depend on how they came."""
    n_row = len(matrix.row_lower)
    a = csr_matrix((matrix.value, matrix.index, matrix.row_ptr), shape=(n_row, len(matrix.cost)))
    a.sort_indices()
    sides = np.nan_to_num(np.column_stack([matrix.row_lower, matrix.row_upper]), posinf=1e30, neginf=-1e30)
    weight = np.random.default_rng(0).uniform(1.0, 2.0, a.shape[1])
    key = a @ weight
    order = np.lexsort((sides[:, 1], sides[:, 0], np.round(key, 9), np.diff(a.indptr)))
    # Two rows whose keys round differently would only make the comparison fail, never pass.
    wide = csr_matrix(
        (
            np.concatenate([a.data, sides.ravel()]),
            (
                np.concatenate(
                    [np.repeat(np.arange(n_row), np.diff(a.indptr)), np.repeat(np.arange(n_row), 2)]
                ),
                np.concatenate([a.indices, np.tile([a.shape[1], a.shape[1] + 1], n_row)]),
            ),
        ),
        shape=(n_row, a.shape[1] + 2),
    )
    return wide[order]


def measure(name: str, instance: Instance, runs: int) -> float:
    """Print one line of the table; returns the ratio."""
    ours: list[Any] = []
    theirs: list[Any] = []
    for run in range(runs):
        with no_garbage_collection():  # as the product does
            direct, seconds = direct_route(instance)
            theirs.append(seconds)
            matrix, split = pyomo_route(instance)
            ours.append(split)
        if run == 0:
            check_equal(matrix, direct)
        del matrix, direct
        gc.collect()  # no run pays for the garbage of the one before
    build, compiled, passed = (statistics.median(column) for column in zip(*ours, strict=True))
    assembled, direct_pass = (statistics.median(column) for column in zip(*theirs, strict=True))
    total = statistics.median(sum(split) for split in ours)
    direct_total = statistics.median(sum(split) for split in theirs)
    size = instance.size
    print(
        f"{name:24s}{size['sites']:7d}{size['demands']:9d}{size['arcs']:9d}"
        f"{build:9.3f}{compiled:9.3f}{passed:8.3f}{total:9.3f}"
        f"{assembled:10.3f}{direct_pass:8.3f}{direct_total:9.3f}{total / direct_total:8.1f}",
        flush=True,
    )
    return total / direct_total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of which the median is shown")
    parser.add_argument("--full", action="store_true", help="examples/germany/full.json too (minutes, 3 GB)")
    arguments = parser.parse_args()
    print(
        f"Seconds, median of {arguments.runs} runs; both matrices are checked to be equal. Aim: within {AIM:g}x."
    )
    print(f"{'':49s}{'Pyomo route':>26s}{'':9s}{'NumPy to highspy':>26s}")
    print(
        f"{'scenario':24s}{'sites':>7s}{'demands':>9s}{'arcs':>9s}{'build':>9s}{'matrix':>9s}{'pass':>8s}"
        f"{'total':>9s}{'assemble':>10s}{'pass':>8s}{'total':>9s}{'ratio':>8s}"
    )
    ratios = [
        measure("germany/scenario.json", _instance(GERMANY / "scenario.json"), arguments.runs),
        *(
            measure(f"generated {n} x {m}", _instance(generated_scenario(n, m)), arguments.runs)
            for n, m in SIZES
        ),
    ]
    if arguments.full:
        ratios.append(measure("germany/full.json", _instance(GERMANY / "full.json"), 1))
    print(f"worst ratio {max(ratios):.1f}, aim {AIM:g}")


def _instance(source: Path | dict[str, Any]) -> Instance:
    document = json.loads(source.read_text(encoding="utf-8")) if isinstance(source, Path) else source
    with contextlib.chdir(
        source.parent if isinstance(source, Path) else "."
    ):  # tables lie beside the document
        return compile_instance(siteopt.load_scenario(without_tails(document)))


if __name__ == "__main__":
    main()
