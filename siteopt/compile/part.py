"""A scenario with some of its sites, for questions about these alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from siteopt.plan import Plan
    from siteopt.scenario.places import GridLimit
    from siteopt.scenario.schema import Scenario


def with_sites(scenario: Scenario, sites: Iterable[int]) -> Scenario:
    """Return the scenario with only the sites of these rows, in their order, and those that stand or must be built.

    Grid limits keep those of their sites that are left. A plan of the part is one of the whole at the same cost.
    """
    standing = {j for j, site in enumerate(scenario.sites) if site.status in ("existing", "forced")}
    kept = [scenario.sites[j] for j in sorted(standing.union(sites))]
    names = {site.id for site in kept}
    limits = tuple(_limit_over(limit, names) for limit in scenario.grid_limits)
    return scenario.model_copy(update={"sites": tuple(kept), "grid_limits": limits})


def with_sites_of(scenario: Scenario, plan: Plan) -> Scenario:
    """Return the part of a scenario that a plan is about: sites where it builds, runs or serves anything."""
    named = {s.id for s in plan.sites} | {p.site for p in plan.pools} | {f.site for f in plan.flows}
    named |= {move.site for failure in plan.n_minus_1 for move in failure.moves}
    return with_sites(scenario, (j for j, site in enumerate(scenario.sites) if site.id in named))


def _limit_over(limit: GridLimit, names: set[str]) -> GridLimit:
    if limit.coefficients is None:
        return limit
    kept = {name: value for name, value in limit.coefficients.items() if name in names}
    return limit.model_copy(update={"coefficients": kept})
