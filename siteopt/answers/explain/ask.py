"""Answer a question about a plan: solve the scenario that it supposes, starting from that plan, and compare."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from siteopt.answers.effort import Effort
from siteopt.answers.explain.answer import Answer
from siteopt.answers.explain.breakeven import breakevens
from siteopt.answers.explain.difference import Difference, difference
from siteopt.answers.explain.variants import (
    can_bind,
    forbidden,
    forced,
    roomier,
    roomier_zone,
    site_of,
    with_site,
    zone_can_bind,
)
from siteopt.errors import InfeasibleError, NoPlanError, Problem, ScenarioError
from siteopt.evaluate import evaluate
from siteopt.plan import with_bound
from siteopt.run.options import SolveOptions
from siteopt.scenario.checks import check
from siteopt.tolerances import SAME_COST
from siteopt.verify import verify

if TYPE_CHECKING:
    from siteopt.answers.explain.answer import Question
    from siteopt.plan import Plan
    from siteopt.run.progress import Clock
    from siteopt.scenario.schema import Scenario

#: Shares of the time: of all of it, for a bound of the plan where it has none; of the rest, for the supposed scenario;
#: and of what is left after that, for the way back.
BASE_SHARE, OTHER_SHARE, BACK_SHARE = 0.4, 0.5, 0.6
#: A difference between two plans is small beside either of them: the gap has to be smaller than that of a solve.
USUAL = Effort(SolveOptions(gap=1e-4))


def why_not(scenario: Scenario, plan: Plan, site: str, effort: Effort = USUAL) -> Answer:
    """Explain why a site is not in a plan: what forcing it in costs, and what would have to change for it to win.

    Parameters
    ----------
    scenario : Scenario
    plan : Plan
        Of the scenario; with its bound where it has one.
    site : str
        Closed in the plan.
    effort : Effort, optional

    Raises
    ------
    ScenarioError
        If there is no such site, it is in the plan, or the plan does not hold.
    """
    clock = effort.start_clock()
    supposed = forced(scenario, plan, site)
    usual = with_site(scenario, site, status="forbidden")
    answer = _ask("why-not", scenario, (supposed, usual), plan, site, effort, clock)
    if answer.other is None:
        return answer
    resolve = partial(effort.solve, clock=clock)
    rows = breakevens(supposed, site, answer.base, answer.other, resolve, clock)
    return replace(answer, breakevens=rows, is_interrupted=clock.interrupted)


def why(scenario: Scenario, plan: Plan, site: str, effort: Effort = USUAL) -> Answer:
    """Explain why a site is in a plan: what doing without it costs. Parameters and errors as of :func:`why_not`."""
    supposed = forbidden(scenario, plan, site)
    stands = site_of(scenario, site).status == "existing"
    usual = scenario if stands else with_site(scenario, site, status="forced")
    return _ask("why", scenario, (supposed, usual), plan, site, effort, effort.start_clock())


def worth_of_mw(
    scenario: Scenario, plan: Plan, site: str, effort: Effort = USUAL, *, extra_mw: float = 1.0
) -> Answer:
    """Find what more headroom at a site is worth by solving again, because duals of an integer model mislead."""
    supposed = roomier(scenario, site, extra_mw)
    if not can_bind(scenario, site):
        return _nothing(
            "mw", site, plan, scenario, f"the designs of {site} cannot use up its headroom: it never binds"
        )
    return _ask("mw", scenario, (supposed, scenario), plan, site, effort, effort.start_clock())


def worth_of_zone_mw(
    scenario: Scenario, plan: Plan, zone: str, effort: Effort = USUAL, *, extra_mw: float = 1.0
) -> Answer:
    """Find what raising the grid limits of a zone is worth, by solving again."""
    supposed = roomier_zone(scenario, zone, extra_mw)
    if not zone_can_bind(scenario, zone):
        why_nothing = f"even at full power all sites of {zone} stay below its limits: they never bind"
        return _nothing("mw-zone", zone, plan, scenario, why_nothing)
    return _ask("mw-zone", scenario, (supposed, scenario), plan, zone, effort, effort.start_clock())


def _nothing(question: Question, subject: str, plan: Plan, scenario: Scenario, why_nothing: str) -> Answer:
    """Answer without solving that more of what can never run out is worth exactly nothing."""
    base = evaluate(scenario, plan)
    return Answer(
        question,
        subject,
        base.cost_usd,
        base,
        base,
        Difference(0.0, 0.0, 0.0, 1.0),
        {},
        reasons=(why_nothing,),
    )


def _ask(
    question: Question,
    scenario: Scenario,
    cases: tuple[Scenario, Scenario],
    plan: Plan,
    subject: str,
    effort: Effort,
    clock: Clock,
) -> Answer:
    """Solve the supposed scenario from the plan, then the usual one from what that found, and compare.

    ``cases`` holds both, the supposed one first.
    """
    supposed, usual = cases
    base = bounded(scenario, plan, effort, BASE_SHARE * effort.options.seconds, clock)
    if clock.interrupted:
        raise KeyboardInterrupt  # there is nothing to compare with yet
    given_usd = base.cost_usd
    problems = check(supposed)
    if problems:
        reasons = tuple(problem.message for problem in problems)
        return Answer(question, subject, base.cost_usd, base, None, None, {}, reasons)
    try:
        other = effort.solve(supposed, OTHER_SHARE * clock.left, base, clock)
    except InfeasibleError as error:
        return Answer(question, subject, base.cost_usd, base, None, None, {}, error.reasons)
    except NoPlanError as error:
        if error.is_interrupted:
            raise KeyboardInterrupt from None
        return Answer(question, subject, base.cost_usd, base, None, None, {}, (str(error),))
    if not clock.interrupted and (other.status != "optimal" or is_loose(base, effort.options.gap)):
        base = _way_back(usual, base, other, effort, BACK_SHARE * clock.left, clock)
        if question in ("mw", "mw-zone") and base.cost_usd < other.cost_usd:
            # What holds in less room holds in more.
            other = replace(base, bound_usd=other.bound_usd)
    lines = {
        name: usd - base.cost_lines.get(name, 0.0)
        for name, usd in other.cost_lines.items()
        if abs(usd - base.cost_lines.get(name, 0.0)) >= 0.5
    }
    found = difference(base, other)
    return Answer(question, subject, given_usd, base, other, found, lines, is_interrupted=clock.interrupted)


def _way_back(usual: Scenario, base: Plan, other: Plan, effort: Effort, seconds: float, clock: Clock) -> Plan:
    """Return the base, or a better plan found by starting from the other one.

    Where neither is proven to be the best, more time went into the other; going back over the same ground gives the
    base the same chance, so that the difference that remains is due to what is supposed.
    """
    try:
        back = effort.solve(usual, seconds, other, clock)
    except (InfeasibleError, NoPlanError):
        return base
    if back.cost_usd >= base.cost_usd:
        return base
    return with_bound(back, base.bound_usd)


def is_loose(plan: Plan, gap: float) -> bool:
    """Whether a plan has a bound but not the requested gap; one that spends nothing has no gap at all."""
    if plan.gap is None:
        return plan.bound_usd is not None
    return plan.gap > gap


def bounded(scenario: Scenario, plan: Plan, effort: Effort, seconds: float, clock: Clock) -> Plan:
    """Return a plan with exact figures and a bound: its own where it belongs to the scenario, else a new one.

    Raises
    ------
    ScenarioError
        If the plan does not hold.
    """
    exact = evaluate(scenario, plan)
    # Figures may be missing or out of date; only decisions that break a rule are refused.
    violations = verify(scenario, exact)
    if violations:
        first = violations[0].message
        message = (
            f"the plan does not hold ({len(violations)} violations; first: {first}); see siteopt evaluate"
        )
        raise ScenarioError([Problem("", message)], "plan")
    is_own = abs(exact.cost_usd - plan.cost_usd) <= SAME_COST * max(1.0, abs(exact.cost_usd))
    if is_own and plan.bound_usd is not None:
        return replace(with_bound(exact, plan.bound_usd), seconds=plan.seconds, verified=True)
    solved = effort.solve(scenario, seconds, exact, clock)
    if solved.bound_usd is None:
        return exact
    return replace(with_bound(exact, solved.bound_usd), verified=True)
