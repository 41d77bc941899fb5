"""What may stand at a site, as arrays."""

from __future__ import annotations

import pytest
from support.documents.edits import changed
from support.documents.small_scenario import small_scenario

from siteopt.compile import compile_instance
from siteopt.scenario import load_scenario


@pytest.mark.parametrize(
    ("headroom_mw", "modules"), [(8.4, 10), (8.4 * (1.0 + 1e-9), 11), (8.3, 10), (7.56, 9), (7.55, 9)]
)
def test_modules_that_the_headroom_feeds_are_not_rounded_up_for_a_rounding(
    headroom_mw: float, modules: int
) -> None:
    """8.4 MW at a PUE of 1.2 feed ten modules of 0.7 MW, though 8.4 / 1.2 / 0.7 is 10.000000000000002."""
    document = changed(
        small_scenario(),
        {
            "sites.0.headroom_mw": headroom_mw,
            **{"designs.0.module_mw": 0.7, "designs.0.pue": 1.2, "designs.0.max_modules": 100},
            **{"designs.0.redundancy": "N", "designs.0.usable_fraction": 1.0},
        },
    )
    options = compile_instance(load_scenario(document)).options
    assert options.max_modules[options.site == 0].max() == modules
