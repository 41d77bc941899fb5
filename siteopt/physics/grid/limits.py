"""Grid limits as sparse rows over sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices
    from siteopt.scenario.schema import GridLimit, Scenario


def limit_rows(scenario: Scenario) -> tuple[Indices, Indices, Floats]:
    """Return the rows of ``sum of coefficient x facility power <= limit`` in compressed form.

    Parameters
    ----------
    scenario : Scenario

    Returns
    -------
    pointer : ndarray of int32, shape (n_limit + 1,)
    site : ndarray of int32, shape (n_entry,)
    coefficient : ndarray of float64, shape (n_entry,)
        Positive; entries at or below zero are dropped, since relief may not be credited.
    """
    index = {site.id: j for j, site in enumerate(scenario.sites)}
    rows = [_row(limit, scenario, index) for limit in scenario.grid_limits]
    pointer = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int32)
    site = np.array([j for row in rows for j in row], dtype=np.int32)
    coefficient = np.array([c for row in rows for c in row.values()], dtype=np.float64)
    return pointer, site, coefficient


def _row(limit: GridLimit, scenario: Scenario, index: dict[str, int]) -> dict[int, float]:
    if limit.coefficients is not None:
        return {index[name]: c for name, c in limit.coefficients.items() if c > 0.0}
    return {
        j: 1.0
        for j, site in enumerate(scenario.sites)
        if (limit.zone is not None and site.zone == limit.zone)
        or (limit.jurisdiction is not None and site.jurisdiction == limit.jurisdiction)
    }
