"""Find by solving where the verdict on one workload turns: double a parameter until it does, then halve.

Every solve starts from the plan of the nearer end. The answer is a bracket: at ``holds_at`` the best plan found still
serves the workload mainly from the same side, at ``turns_at`` from another one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from siteopt.answers.compare.sides import main_side, shares_by_side, side_of
from siteopt.errors import InfeasibleError, NoPlanError, Problem, ScenarioError
from siteopt.formatting import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siteopt.answers.compare.sides import Side
    from siteopt.answers.compare.verdict import Verdict
    from siteopt.answers.effort import Effort
    from siteopt.plan import Plan
    from siteopt.run.progress import Clock
    from siteopt.scenario.schema import Scenario

    Put = Callable[[Scenario, str, float], Scenario]

#: The bracket is narrow enough once its ends differ by this share.
PRECISION = 0.02
#: Most doublings, up or down.
MOST_DOUBLINGS = 5
#: Share of the remaining time that one solve may take.
SOLVE_SHARE = 0.2
#: Share of all the time without which no other solve is begun.
LEAST_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Turn:
    """Where one parameter turns the verdict on a workload.

    Attributes
    ----------
    workload, parameter : str
    side : str
        The side that serves most of the workload now.
    side_then : str or None
        The side that does so beyond the turn; None where no turn was reached.
    holds_at, turns_at : float or None
        Factors on the scenario's own numbers.
    holds_usd, turns_usd : float or None
        Cost of the best plans found there.
    solves : int
    worst_gap : float or None
        Largest gap of the solves at the two ends.
    """

    workload: str
    parameter: str
    side: Side
    side_then: Side | None
    holds_at: float
    turns_at: float | None
    holds_usd: float
    turns_usd: float | None
    solves: int
    worst_gap: float | None


def _sites(scenario: Scenario, edit: Callable[[Any], dict[str, Any]]) -> Scenario:
    return scenario.model_copy(update={"sites": tuple(s.model_copy(update=edit(s)) for s in scenario.sites)})


def _price(scenario: Scenario, _workload: str, factor: float) -> Scenario:
    """Multiply the price of electricity outside the hubs."""
    return _sites(
        scenario,
        lambda s: {"price_usd_per_mwh": factor * s.price_usd_per_mwh} if side_of(s.tier) != "central" else {},
    )


def _pue(scenario: Scenario, _workload: str, factor: float) -> Scenario:
    """Multiply the PUE of designs that stand only outside the hubs; it never falls below 1."""
    meant = {d.id for d in scenario.designs if all(side_of(tier) != "central" for tier in d.tiers)}

    def scaled(pue: float) -> float:
        return min(5.0, max(1.0, factor * pue))

    designs = tuple(
        d.model_copy(update={"pue": scaled(d.pue)}) if d.id in meant else d for d in scenario.designs
    )
    return _sites(
        scenario.model_copy(update={"designs": designs}),
        lambda s: {"pue": {k: scaled(v) if k in meant else v for k, v in s.pue.items()}},
    )


def _demand(scenario: Scenario, workload: str, factor: float) -> Scenario:
    rows = tuple(
        d.model_copy(update={"peak_rps": factor * d.peak_rps, "mean_rps": factor * d.mean_rps})
        if d.workload == workload
        else d
        for d in scenario.demand
    )
    return scenario.model_copy(update={"demand": rows})


def _rtt(scenario: Scenario, _workload: str, factor: float) -> Scenario:
    """Multiply the latency of the whole network: fibre, hops and measured links."""
    network = scenario.network
    latency = network.latency.model_copy(
        update={
            "us_per_km": factor * network.latency.us_per_km,
            "per_hop_ms": factor * network.latency.per_hop_ms,
        }
    )
    links = tuple(
        n.model_copy(update={"latency_ms": None if n.latency_ms is None else factor * n.latency_ms})
        for n in network.links
    )
    return scenario.model_copy(
        update={"network": network.model_copy(update={"latency": latency, "links": links})}
    )


PARAMETERS: dict[str, Put] = {"rtt": _rtt, "price": _price, "demand": _demand, "pue": _pue}


def turn(
    scenario: Scenario,
    plan: Plan,
    verdicts: Sequence[Verdict],
    workload: str,
    parameters: Sequence[str],
    effort: Effort,
    clock: Clock,
    say: Callable[[str], None] | None = None,
) -> tuple[Turn, ...]:
    """Find where each of some parameters turns the verdict on a workload.

    Raises
    ------
    ScenarioError
        If there is no such workload, or nobody asks for it.
    """
    verdict = next((v for v in verdicts if v.workload == workload), None)
    if verdict is None:
        known = listed([v.workload for v in verdicts], 12)
        raise ScenarioError(
            [Problem("", f"there is no demand for a workload {workload!r}; there are {known}")]
        )
    chosen = list(parameters) or [_nearest(verdict)]
    rows = []
    for n, name in enumerate(chosen):
        if say is not None:
            say(f"{workload}: {name}")
        ends = clock.seconds + clock.left / (len(chosen) - n)
        rows.append(_Bisection(scenario, plan, workload, name, effort, clock, ends).run())
    return tuple(rows)


def _nearest(verdict: Verdict) -> str:
    """Return the parameter that turns the verdict first, by formula."""
    names = {"round trip": "rtt", "price": "price", "PUE": "pue", "demand": "demand"}
    for row in verdict.breakevens:
        return next(name for word, name in names.items() if row.parameter.startswith(word))
    return "price"


class _Bisection:
    """The search for the turn of one workload by one parameter."""

    def __init__(
        self,
        scenario: Scenario,
        plan: Plan,
        workload: str,
        name: str,
        effort: Effort,
        clock: Clock,
        ends: float,
    ) -> None:
        self._scenario, self._workload, self._name, self._effort = scenario, workload, name, effort
        self._clock, self._ends = clock, ends
        self._side = main_side(shares_by_side(scenario, plan, workload))
        self._plans: dict[float, Plan] = {1.0: plan}
        self._found = Turn(workload, name, self._side, None, 1.0, None, plan.cost_usd, None, 0, plan.gap)

    def run(self) -> Turn:
        """Move the parameter one way by doubling, then the other way, and halve the bracket once the side changes."""
        is_central = self._side == "central"
        up_first = is_central == (self._name in ("rtt", "demand"))
        for factor in (2.0, 0.5) if up_first else (0.5, 2.0):
            if self._double(factor):
                self._halve()
                break
        return self._found

    @property
    def _has_time(self) -> bool:
        return not self._clock.interrupted and self._left >= LEAST_SHARE * self._clock.time_limit

    @property
    def _left(self) -> float:
        """Seconds that are left for this parameter."""
        return min(self._clock.left, self._ends - self._clock.seconds)

    def _double(self, factor: float) -> bool:
        at = 1.0
        for _ in range(MOST_DOUBLINGS):
            before, at = at, at * factor
            if not self._has_time:
                return False
            side = self._side_at(at, before)
            if side is None:
                return False
            if side != self._side:
                self._note(before, at, side)
                return True
        return False

    def _halve(self) -> None:
        while self._has_time and self._found.turns_at is not None:
            holds, turns = self._found.holds_at, self._found.turns_at
            if abs(turns - holds) <= PRECISION * max(turns, holds):
                return
            middle = 0.5 * (holds + turns)
            side = self._side_at(middle, holds)
            if side is None:
                return
            if side == self._side:
                self._note(middle, turns, self._found.side_then)
            else:
                self._note(holds, middle, side)

    def _note(self, holds: float, turns: float, side: Side | None) -> None:
        gaps = [self._plans[at].gap for at in (holds, turns)]
        worst = None if None in gaps else max(g for g in gaps if g is not None)
        self._found = replace(
            self._found,
            holds_at=holds,
            turns_at=turns,
            holds_usd=self._plans[holds].cost_usd,
            turns_usd=self._plans[turns].cost_usd,
            side_then=side,
            worst_gap=worst,
        )

    def _side_at(self, factor: float, near: float) -> Side | None:
        """Return the side that serves most of the workload at a factor; None where no plan was found."""
        scenario = PARAMETERS[self._name](self._scenario, self._workload, factor)
        seconds = SOLVE_SHARE * self._left
        try:
            plan = self._effort.solve(scenario, seconds, self._plans[near], self._clock)
        except (InfeasibleError, NoPlanError):
            return None
        self._plans[factor] = plan
        self._found = replace(self._found, solves=self._found.solves + 1)
        return main_side(shares_by_side(scenario, plan, self._workload))
