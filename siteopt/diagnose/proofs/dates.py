"""What the policy's month takes from the power of sites: extensions, designs and connections that come later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.compile.facilities import build_options
from siteopt.diagnose.proofs.needs import exceeds

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices
    from siteopt.instance import Instance
    from siteopt.scenario.schema import Scenario


def words_on_dates(scenario: Scenario, instance: Instance, sites: Indices) -> str:
    """Say that some sites could carry more later than the policy's month; nothing where that is not so."""
    month = scenario.policy.ready_by_month
    if month is None:
        return ""
    most = instance.site_capacity_mw[sites]
    later = _capacity_at_any_time_mw(scenario, len(instance.sites.id))[sites]
    if not any(exceeds(a, b) for a, b in zip(later.tolist(), most.tolist(), strict=True)):
        return ""
    return f"; what is built or energised after policy.ready_by_month {month:g} does not count"


def _capacity_at_any_time_mw(scenario: Scenario, n_site: int) -> Floats:
    policy = scenario.policy.model_copy(update={"ready_by_month": None})
    # No money is looked at, so that the value of a later year does not matter.
    options = build_options(scenario.model_copy(update={"policy": policy}), 1.0)
    counted = (options.max_modules - options.spare_modules) * options.module_mw
    capacity = np.zeros(n_site)
    np.maximum.at(capacity, options.site, np.minimum(counted, options.headroom_mw / options.pue))
    return capacity
