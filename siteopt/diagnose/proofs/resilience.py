"""A proof that no plan exists: protected demand that only one site may serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.diagnose.proofs.power import describe_demands
from siteopt.formatting import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.instance import Instance
    from siteopt.scenario.schema import Scenario


def on_one_site(scenario: Scenario, instance: Instance) -> Iterator[str]:
    """Yield a statement on demands that must survive the loss of any site, although only one site may serve them."""
    backups, pools = instance.backups, instance.pools
    must = np.isinf(instance.demands.unserved_usd)
    alone: dict[tuple[int, int], list[int]] = {}
    for i in np.unique(backups.demand).tolist():
        rows = slice(instance.demands.backup_ptr[i], instance.demands.backup_ptr[i + 1])
        sites = np.unique(pools.site[backups.pool[rows]])
        served = np.diff(instance.demands.arc_ptr)[i] > 0
        if must[i] and served and len(sites) == 1:
            key = int(instance.demands.workload[i]), int(sites[0])
            alone.setdefault(key, []).append(i)
    for (k, site), demands in alone.items():
        limit = scenario.workloads[k].protect
        assert limit is not None
        who = describe_demands(scenario, demands)
        yield (
            f"{who} must survive the loss of any one site within {limit.slo_ms:g} ms, but"
            f" {named(scenario.sites[site])} is the only site that may serve it; a second one is needed."
        )
