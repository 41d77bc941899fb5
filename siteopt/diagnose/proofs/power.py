"""A proof that no plan exists: too little power for what must be served, by a maximum flow from demands to sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.diagnose.proofs.capacity import most_it_mw, share_limits
from siteopt.diagnose.proofs.dates import words_on_dates
from siteopt.diagnose.proofs.flow import bottlenecks
from siteopt.diagnose.proofs.needs import MARGIN, exceeds
from siteopt.formatting import counted, listed, mw, named
from siteopt.tolerances import TINY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siteopt.arrays import Indices
    from siteopt.diagnose.proofs.needs import Needs
    from siteopt.instance import Instance
    from siteopt.scenario.schema import Scenario


def too_little_power(scenario: Scenario, instance: Instance, needs: Needs) -> Iterator[str]:
    """Yield a statement on groups of demands that need more IT power than all sites that may serve them can carry.

    By the theorem of Hall, extended to capacities by Ford and Fulkerson (1956), fractional needs fit if and
    only if no such group exists; a minimum cut names one.
    """
    limits = share_limits(instance, needs)
    for groups in bottlenecks(instance, needs, limits):
        sites = np.unique(np.concatenate([group.sites for group in groups]))
        need = sum(group.it_mw for group in groups)
        most = most_it_mw(instance, needs, limits, sites)
        if exceeds(need, most):
            demands = sorted(row for group in groups for row in group.demands)
            yield (
                f"{describe_demands(scenario, demands)} must be served, which takes at least {mw(need)} MW"
                f" of IT power at peak, but {_describe_sites(scenario, instance, needs, sites, limits, most)}"
                f"{words_on_dates(scenario, instance, sites)}."
            )


def too_big_for_one_site(scenario: Scenario, instance: Instance, needs: Needs) -> Iterator[str]:
    """Yield a statement on single-source demands that are too big for each of the sites that may serve them."""
    single_source = np.isinf(instance.demands.unserved_usd) & (instance.demands.is_splittable == 0)
    pointer = instance.demands.arc_ptr
    for row in np.flatnonzero(single_source).tolist():
        arcs = np.arange(pointer[row], pointer[row + 1])[needs.usable[pointer[row] : pointer[row + 1]]]
        if not len(arcs):
            continue
        site = instance.pools.site[instance.arcs.pool[arcs]]
        variant = instance.pools.variant[instance.arcs.pool[arcs]]
        load = instance.demands.peak_rps[row] / instance.variants.usable_rps[variant]
        replicas = np.ceil(load * (1.0 - MARGIN) - TINY)
        need = replicas * instance.variants.replica_mw[variant]
        if all(exceeds(n, most) for n, most in zip(need.tolist(), needs.site_mw[site].tolist(), strict=True)):
            best = int(np.argmax(needs.site_mw[site]))
            what = f"{counted(int(replicas[best]), 'replica')}, {mw(need[best])} MW of IT power,"
            most = mw(float(needs.site_mw[site[best]]))
            yield (
                f"{describe_demands(scenario, [row])} may not be split and needs {what} at one site, but the"
                f" largest that may serve it, {named(scenario.sites[site[best]])}, can carry {most} MW"
                f"{words_on_dates(scenario, instance, np.unique(site))}."
            )


def describe_demands(scenario: Scenario, rows: Sequence[int]) -> str:
    """Name demands: ``chat from hamburg``, ``chat and vision from 12 regions (a, b and 10 more)``, ``All demand``."""
    demands = [scenario.demand[row] for row in rows]
    workloads = list(dict.fromkeys(d.workload for d in demands))
    place = {region.id: region for region in scenario.regions}
    regions = [named(place[name]) for name in dict.fromkeys(d.region for d in demands)]
    if len(rows) == len(scenario.demand) > 1:
        return f"All demand ({listed(workloads, 6)})"
    where = regions[0] if len(regions) == 1 else f"{len(regions)} regions ({listed(regions)})"
    return f"{listed(workloads, 6)} from {where}"


def _describe_sites(
    scenario: Scenario,
    instance: Instance,
    needs: Needs,
    sites: Indices,
    limits: Indices,
    most: float,
) -> str:
    names = listed([named(scenario.sites[j]) for j in sites.tolist()])
    if len(sites) == 1:
        who = f"{names}, the only site that may serve them,"
    else:
        who = f"the {len(sites)} sites that may serve them ({names})"
    headroom, own = float(instance.sites.headroom_mw[sites].sum()), float(needs.site_mw[sites].sum())
    parts = [f"headroom {mw(headroom)} MW", f"after PUE and modules {mw(own)} MW"]
    if most < own * (1.0 - MARGIN):
        rows = [i for i in np.unique(limits[sites]).tolist() if i >= 0]
        tight = [f"{instance.grid.id[i]} ({mw(float(instance.grid.limit_mw[i]))} MW)" for i in rows]
        parts.append(f"grid limits {listed(tight)}")
    return f"{who} can carry at most {mw(most)} MW: {', '.join(parts)}"
