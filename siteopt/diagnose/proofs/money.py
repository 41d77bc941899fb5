"""A proof that no plan exists: more capital is needed than the budget allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.diagnose.proofs.counts import disjoint_groups
from siteopt.diagnose.proofs.needs import exceeds
from siteopt.formatting import money, mw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.arrays import Floats
    from siteopt.diagnose.proofs.needs import Needs
    from siteopt.instance import Instance


def too_little_budget(instance: Instance, needs: Needs) -> Iterator[str]:
    """Yield a statement where accelerators, forced sites and room for the load take more than ``policy.budget_usd``."""
    if not np.isfinite(instance.budget_usd):
        return
    accelerators = float(needs.demand_usd.sum())
    load = float(needs.demand_mw.sum())
    forced, modules = _forced_usd(instance)
    facilities = max(
        forced + modules,
        forced + _least_placement_usd(_steps(instance, needs, opening=True), load),
        forced
        + _opening_usd(instance, needs)
        + _least_placement_usd(_steps(instance, needs, opening=False), load),
    )
    least = accelerators + facilities
    if np.isfinite(least) and exceeds(least, instance.budget_usd + 1.0):
        parts = [f"accelerators {money(accelerators)}", f"sites for {mw(load)} MW of IT {money(facilities)}"]
        yield (
            f"What must be served and built takes at least {money(least)} of capital ({', '.join(parts)}),"
            f" but policy.budget_usd is {money(instance.budget_usd)}."
        )


def _forced_usd(instance: Instance) -> tuple[float, float]:
    """Return the least cost of opening the forced sites, and the least that their modules add to it."""
    options = instance.options
    forced = np.flatnonzero(instance.sites.is_forced).tolist()
    rows = [slice(int(instance.sites.option_ptr[j]), int(instance.sites.option_ptr[j + 1])) for j in forced]
    opening = sum(float(options.fixed_capex_usd[r].min()) for r in rows)
    modules = _least_modules_usd(instance)
    both = sum(float((options.fixed_capex_usd[r] + modules[r]).min()) for r in rows)
    return opening, both - opening


def _least_modules_usd(instance: Instance) -> Floats:
    """Return the capital of the fewest modules that may stand at each option, beyond those that already stand."""
    options, designs = instance.options, instance.designs
    first = designs.capex_ptr[options.design]
    least: Floats = (
        designs.capex_usd[first + options.min_modules] - designs.capex_usd[first + options.sunk_modules]
    )
    return least


def _opening_usd(instance: Instance, needs: Needs) -> float:
    """Return the cost of opening one site, the cheapest, for each of the groups that cannot share one."""
    cheapest = np.full(len(instance.sites.id), np.inf)
    np.minimum.at(cheapest, instance.options.site, instance.options.fixed_capex_usd)
    return sum(float(cheapest[group.sites].min()) for group in disjoint_groups(instance, needs))


def _steps(instance: Instance, needs: Needs, *, opening: bool) -> list[tuple[float, float]]:
    """Return what the sites in reach can carry, in steps of (least capital in USD per MW of IT, MW).

    With ``opening``, the cost of opening is spread over all that a site can carry, which never overstates it.
    """
    options, capacity = instance.options, instance.option_capacity_mw
    rate = instance.module_capex_usd / options.module_mw
    if opening:
        spread = np.where(instance.sites.is_forced[options.site] > 0, 0.0, options.fixed_capex_usd)
        rate = rate + np.divide(spread, capacity, out=np.zeros_like(capacity), where=capacity > 0)
    least = np.full(len(instance.sites.id), np.inf)
    np.minimum.at(least, options.site, rate)
    sunk = np.zeros(len(instance.sites.id))
    counted = np.maximum(options.sunk_modules - options.spare_modules, 0)
    np.maximum.at(sunk, options.site, counted * options.module_mw)
    sunk = np.minimum(sunk, needs.site_mw)
    reach = np.unique(np.concatenate([g.sites for g in needs.groups])).tolist() if needs.groups else []
    paid = [(0.0, float(sunk[j])) for j in reach]
    return paid + [(float(least[j]), float(needs.site_mw[j] - sunk[j])) for j in reach]


def _least_placement_usd(steps: list[tuple[float, float]], load_mw: float) -> float:
    """Return the least cost of placing a load on the steps, the cheapest first; ``inf`` where they cannot carry it."""
    left, total = load_mw, 0.0
    for rate, room in sorted(steps):
        used = min(left, room)
        if used > 0.0:
            left -= used
            total += used * rate
    return total if left <= 1e-6 * load_mw else float("inf")
