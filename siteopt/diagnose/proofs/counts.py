"""A proof that no plan exists: more sites are needed than may be built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.diagnose.proofs.needs import exceeds
from siteopt.diagnose.proofs.power import describe_demands
from siteopt.formatting import counted, listed, mw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siteopt.arrays import Indices
    from siteopt.diagnose.proofs.needs import Group, Needs
    from siteopt.instance import Instance
    from siteopt.scenario.schema import Scenario


def too_many_sites(scenario: Scenario, instance: Instance, needs: Needs) -> Iterator[str]:
    """Yield a statement if ``policy.max_sites`` is too low for forced sites, disjoint demands or the power needed."""
    if scenario.policy.max_sites is None:
        return
    allowed = (
        f"policy.max_sites allows {counted(instance.max_sites, 'new site') if instance.max_sites else 'none'}"
    )
    forced = int(instance.sites.is_forced.sum())
    if forced > instance.max_sites:
        yield f"{counted(forced, 'site')} must be built (status forced), but {allowed}."
        return
    apart = disjoint_groups(instance, needs)
    if forced + len(apart) > instance.max_sites:
        names = [instance.demands.name[group.demands[0]] for group in apart]
        besides = f" besides {counted(forced, 'forced site')}" if forced else ""
        if len(apart) == 1:
            why = f"since nothing that stands or is forced may serve {names[0]}"
        else:
            why = f"since no two of {listed(names, 6)} can be served from the same site"
        yield f"At least {counted(len(apart), 'new site')} must be built{besides}, {why}, but {allowed}."
        return
    yield from _largest_sites(scenario, instance, needs, allowed)


def disjoint_groups(instance: Instance, needs: Needs) -> list[Group]:
    """Find groups of demands of which no two share a site, and none can use an existing or a forced one.

    Each needs a new site of its own. They are chosen greedily, the groups with the fewest sites first.
    """
    taken = (instance.sites.is_existing > 0) | (instance.sites.is_forced > 0)
    chosen = []
    for group in sorted(needs.groups, key=lambda g: (len(g.sites), g.demands)):
        if not taken[group.sites].any():
            taken[group.sites] = True
            chosen.append(group)
    return chosen


def _largest_sites(scenario: Scenario, instance: Instance, needs: Needs, allowed: str) -> Iterator[str]:
    """Compare what must be served, all of it and by workload, with what stands and the largest new sites allowed."""
    everything = np.array(_rows(needs.groups), dtype=np.int64)
    workload = instance.demands.workload[everything]
    scopes = [everything, *(everything[workload == k] for k in range(len(instance.workload_ids)))]
    for rows in scopes:
        need = float(needs.demand_mw[rows].sum())
        chosen = set(rows.tolist())
        reach = [g.sites for g in needs.groups if not chosen.isdisjoint(g.demands)]
        if not reach:
            continue
        sites = np.unique(np.concatenate(reach))
        most = _with_most_sites(instance, needs, sites)
        # Where the sites do not do even all together, the shortage is one of power and is said there.
        if exceeds(need, most) and not exceeds(need, float(needs.site_mw[sites].sum())):
            what = describe_demands(scenario, rows.tolist())
            yield (
                f"{what} must be served, which takes at least {mw(need)} MW of IT power at peak, but"
                f" {allowed}, and the largest with what stands carry {mw(most)} MW."
            )
            return


def _with_most_sites(instance: Instance, needs: Needs, sites: Indices) -> float:
    standing = (instance.sites.is_existing[sites] > 0) | (instance.sites.is_forced[sites] > 0)
    free = instance.max_sites - int(instance.sites.is_forced.sum())
    new = np.sort(needs.site_mw[sites[~standing]])[::-1]
    return float(needs.site_mw[sites[standing]].sum() + new[:free].sum())


def _rows(groups: Sequence[Group]) -> list[int]:
    return sorted(row for group in groups for row in group.demands)
