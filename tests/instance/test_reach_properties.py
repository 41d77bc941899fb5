"""Who reaches which site, against a set for each demand."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.strategies.all_rules import full_documents

from siteopt.compile import compile_instance
from siteopt.instance.reach import reach_counts, reached_sites
from siteopt.scenario import load_scenario


@settings(max_examples=40)
@given(document=full_documents(), pairs=st.sampled_from([1, 7, 1 << 24]), seed=st.integers(0, 99))
def test_each_demand_reaches_the_sites_of_its_arcs(document: dict[str, Any], pairs: int, seed: int) -> None:
    """However many demands are looked at together, and whichever arcs count."""
    instance = compile_instance(load_scenario(document))
    arcs, site = instance.arcs, instance.pools.site[instance.arcs.pool]
    usable = np.random.default_rng(seed).random(len(arcs.demand)) < 0.5
    expected: list[set[int]] = [set() for _ in instance.demands.region]
    counted: list[set[int]] = [set() for _ in instance.demands.region]
    for a, (i, j) in enumerate(zip(arcs.demand.tolist(), site.tolist(), strict=True)):
        expected[i].add(j)
        counted[i] |= {j} if usable[a] else set()
    with mock.patch("siteopt.instance.reach.PAIRS", pairs):
        parts = [np.flatnonzero(row) for _, reached in reached_sites(instance, usable) for row in reached]
        assert [set(part.tolist()) for part in parts] == counted
        assert reach_counts(instance).tolist() == [len(sites) for sites in expected]
