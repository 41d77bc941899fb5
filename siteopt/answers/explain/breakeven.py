"""How far a parameter of a site must move for the site to win.

The cost of a given plan is linear in each of these parameters, so the point at which two plans cost the same follows by
exact arithmetic. At that point the site is good enough; a plan made for that point may be good enough with a smaller
move. Solving again there and going on with the better plan (Dinkelbach 1967) climbs to the true point, because the
least cost over all plans is concave in the parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from siteopt.answers.explain.variants import site_of, with_site
from siteopt.errors import InfeasibleError, NoPlanError
from siteopt.evaluate import evaluate
from siteopt.tolerances import SAME_COST

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteopt.plan import Plan
    from siteopt.run.progress import Clock
    from siteopt.scenario.schema import Scenario

#: Most solves for one parameter.
MOST_SOLVES = 6
#: Plans with a gap up to this count as optimal: it is the solver's tolerance, or the gap at which a solve may stop.
CLOSED = 1e-4
#: From this use of the headroom on, more headroom is tried.
FULL = 0.9


@dataclass(frozen=True, slots=True)
class BreakEven:
    """How far one parameter of a site must move for the site to win.

    Attributes
    ----------
    parameter, unit : str
    now : float
    needed : float or None
        From here on the plan with the site costs no more than the one without; None where no value does.
    shortfall_usd : float
        By how much the site still loses at the most favourable value; 0 where it wins.
    solves : int
        How often the site's plan was solved again; with 0 the figure is exact for the two plans, and the site may
        win with a smaller move.
    is_exact : bool
        Whether solving again found no better plan at that point, to within a gap of 0.01 %.
    """

    parameter: str
    unit: str
    now: float
    needed: float | None
    shortfall_usd: float
    solves: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    unit: str
    now: float
    best: float
    put: Callable[[Scenario, float], Scenario]


def breakevens(
    scenario: Scenario,
    site: str,
    base: Plan,
    other: Plan,
    resolve: Callable[[Scenario, float, Plan], Plan],
    clock: Clock,
) -> tuple[BreakEven, ...]:
    """Find where a plan with the site costs as much as the plan without it, the smallest relative move first.

    Parameters
    ----------
    scenario : Scenario
        In which the site must be built.
    site : str
    base, other : Plan
        Without and with the site.
    resolve : callable
        Solves a scenario within some seconds, starting from a plan.
    clock : Clock
        The clock of the whole answer; solving again stops when it has run out.
    """
    if other.cost_usd <= base.cost_usd:
        return ()
    rows = []
    for parameter in _parameters(scenario, site, other):
        root = _root(scenario, base, other, parameter)
        rows.append((parameter, root))
    rows.sort(key=lambda row: _move(row[0], row[1].needed))
    if not (_is_closed(base) and _is_closed(other)):
        # Solving again would mostly find what the earlier solves have missed.
        return tuple(row for _, row in rows)
    refined = [_refined(scenario, site, base, p, row, resolve, clock) for p, row in rows]
    more = _more_headroom(scenario, site, base, other, resolve, clock)
    return (*refined, *([more] if more else []))


def _is_closed(plan: Plan) -> bool:
    """Whether a plan is proven to be as good as the best."""
    return plan.gap is not None and plan.gap <= CLOSED


def _move(parameter: _Parameter, needed: float | None) -> float:
    if needed is None:
        return float("inf")
    return abs(needed - parameter.now) / max(abs(parameter.now), 1e-9)


def _parameters(scenario: Scenario, name: str, other: Plan) -> list[_Parameter]:
    """List the parameters of the site that cost something."""
    site, design_id = site_of(scenario, name), next(s.design for s in other.sites if s.id == name)
    design = next(d for d in scenario.designs if d.id == design_id)
    pue = site.pue.get(design_id, design.pue)

    def of_site(key: str) -> Callable[[Scenario, float], Scenario]:
        return lambda s, value: with_site(s, name, **{key: value})

    money = (
        ("price_usd_per_mwh", "USD/MWh"),
        ("demand_charge_usd_per_mw_year", "USD/MW a year"),
        ("connection_usd", "USD"),
        ("land_usd", "USD"),
    )
    rows = [
        _Parameter(key, unit, float(getattr(site, key)), 0.0, of_site(key))
        for key, unit in money
        if getattr(site, key) > 0.0
    ]

    def put_pue(scenario: Scenario, value: float) -> Scenario:
        return with_site(scenario, name, pue={**site.pue, design_id: value})

    if pue > 1.0:
        rows.append(_Parameter(f"pue of {design_id}", "", pue, 1.0, put_pue))
    return rows


def _root(scenario: Scenario, base: Plan, other: Plan, parameter: _Parameter) -> BreakEven:
    """Find where the other plan costs as much as the base, on the straight line through two exact evaluations."""
    here = other.cost_usd - base.cost_usd
    there = evaluate(parameter.put(scenario, parameter.best), other).cost_usd - base.cost_usd
    needed = None
    if there <= 0.0 and here > there:
        needed = parameter.now + (parameter.best - parameter.now) * here / (here - there)
    short = max(0.0, there)
    return BreakEven(parameter.name, parameter.unit, parameter.now, needed, short, 0, is_exact=False)


def _refined(
    scenario: Scenario,
    site: str,
    base: Plan,
    parameter: _Parameter,
    row: BreakEven,
    resolve: Callable[[Scenario, float, Plan], Plan],
    clock: Clock,
) -> BreakEven:
    """Refine a break-even by solving again at each point reached, as long as that finds a plan that wins earlier."""
    started, solves, is_exact = base, 0, False
    while solves < MOST_SOLVES and clock.left > 0.1 * clock.time_limit:
        at = parameter.best if row.needed is None else row.needed
        there = parameter.put(scenario, at)
        try:
            plan = resolve(there, 0.3 * clock.left, started)
        except (InfeasibleError, NoPlanError):
            break
        solves += 1
        slack = SAME_COST * sum(usd for usd in plan.cost_lines.values() if usd > 0.0)
        if plan.cost_usd >= base.cost_usd - slack:
            is_exact = _is_closed(plan)
            if row.needed is None:
                row = _short(row, max(0.0, plan.cost_usd - base.cost_usd))
                if plan.cost_usd <= base.cost_usd + slack:
                    row = _needs(row, at)
            break
        at_now = evaluate(scenario, plan)
        better = _root(scenario, base, at_now, parameter)
        if better.needed is None:
            break
        row, started = _needs(row, better.needed), plan
    return BreakEven(
        row.parameter, row.unit, row.now, row.needed, row.shortfall_usd, solves, is_exact=is_exact
    )


def _needs(row: BreakEven, needed: float) -> BreakEven:
    return BreakEven(row.parameter, row.unit, row.now, needed, 0.0, row.solves, row.is_exact)


def _short(row: BreakEven, usd: float) -> BreakEven:
    return BreakEven(row.parameter, row.unit, row.now, row.needed, usd, row.solves, row.is_exact)


def _more_headroom(
    scenario: Scenario,
    name: str,
    base: Plan,
    other: Plan,
    resolve: Callable[[Scenario, float, Plan], Plan],
    clock: Clock,
) -> BreakEven | None:
    """Find out whether more headroom makes the site win: try twice as much, then halve down to the least that does."""
    site = site_of(scenario, name)
    used = next(s.facility_mw for s in other.sites if s.id == name)
    if used < FULL * site.headroom_mw or clock.left <= 0.1 * clock.time_limit:
        return None
    low, high, short, solves, needed = site.headroom_mw, 2.0 * site.headroom_mw, 0.0, 0, None
    at = high
    while solves < MOST_SOLVES and clock.left > 0.1 * clock.time_limit:
        try:
            plan = resolve(with_site(scenario, name, headroom_mw=at), 0.4 * clock.left, other)
        except (InfeasibleError, NoPlanError):
            break
        solves += 1
        if plan.cost_usd <= base.cost_usd:
            high = needed = at
        elif needed is None:
            short = plan.cost_usd - base.cost_usd
            break
        else:
            low = at
        at = 0.5 * (low + high)
    return BreakEven(
        "headroom_mw (up to twice)", "MW", site.headroom_mw, needed, short, solves, is_exact=False
    )
