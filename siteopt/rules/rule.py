"""What a rule is: one frozen object that says where it applies, what it limits, how it is told and how it is eased."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from siteopt.arrays import Floats
    from siteopt.instance import Instance
    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario, Workload

    #: Limit by subject, in the rule's unit; None where the rule is only there or not.
    Limits = dict[str, float | None]
    #: Other limits by subject; None takes the rule away.
    Eased = Mapping[str, float | None]

#: Between the parts of a subject, such as a region and a workload.
BETWEEN = " | "
#: Names in one sentence.
MOST_NAMES = 5
#: A limit without a natural smallest step binds from this share on.
FULL = 0.999


@dataclass(frozen=True, slots=True)
class Use:
    """Use of one limit in a plan.

    Attributes
    ----------
    kind, subject, unit : str
    used, limit : float
    step : float
        The least that could be added: power of one replica there, capital of a module, one site.
    is_floor : bool
        Whether the limit is one from below.
    """

    kind: str
    subject: str
    unit: str
    used: float
    limit: float
    step: float = 0.0
    is_floor: bool = False

    @property
    def slack(self) -> float:
        """What is left; rules are met to within rounding."""
        return max(0.0, self.used - self.limit if self.is_floor else self.limit - self.used)

    @property
    def share(self) -> float:
        """What is used over the limit; of a limit of nothing, 1 where anything is used."""
        return self.used / self.limit if self.limit > 0.0 else float(self.used > 0.0)

    @property
    def binds(self) -> bool:
        """Whether not even the least would still fit."""
        if self.step > 0.0:
            return self.slack < self.step * (1.0 - 1e-9)
        return self.used >= FULL * self.limit


@dataclass(frozen=True, slots=True)
class DemandCheck:
    """One thing that the verifier checks of every demand of a workload, where ``applies`` says so.

    Attributes
    ----------
    id : str
        As the verifier reports it.
    words : str
        What holds.
    applies : callable
        Whether the scenario states it for a workload.
    """

    id: str
    words: str
    applies: Callable[[Scenario, Workload], bool] = lambda _scenario, _workload: True


@dataclass(frozen=True, slots=True)
class PlanCheck:
    """One thing that the verifier checks of sites, limits or the plan as a whole, where ``applies`` says so.

    Attributes
    ----------
    id : str
        As the verifier reports it.
    words : str
        What holds.
    applies : callable
        Whether the scenario states it.
    """

    id: str
    words: str
    applies: Callable[[Scenario], bool] = lambda _scenario: True


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A conflict, as far as the sentences of its rules refer to it.

    Attributes
    ----------
    scenario : Scenario
    instance : Instance
        Compiled from it.
    rows : list of int
        Rows of the demands in conflict.
    demand_mw : ndarray of float64, shape (n_demand,)
        IT power that each demand takes at least, MW.
    least_pue : ndarray of float64, shape (n_site,)
        PUE of the best design of each site; ``inf`` where it has none.
    """

    scenario: Scenario
    instance: Instance
    rows: list[int]
    demand_mw: Floats
    least_pue: Floats


def _no_uses(_scenario: Scenario, _plan: Plan) -> Iterator[Use]:
    return iter(())


def _untold(_case: Case, _subject: str, _limit: float | None) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that plans obey.

    Attributes
    ----------
    id : str
    unit : str
        Of its limits; empty where it has none.
    demand_checks, plan_checks : tuple
        What the verifier looks at, in words for the certificate.
    figures : tuple of str
        Figures of a plan that the verifier computes again for this rule.
    limits : callable, optional
        Limits that a scenario states, by subject; None for a rule that cannot be taken away.
    ease : callable, optional
        The scenario with other limits or without the rule; also told what power is beyond all needs, MW.
    is_count : bool
        Whether limits are whole numbers.
    most : float
        No limit is larger.
    is_of_site : bool
        Whether the rule is idle where nothing that must be served can reach its subject, a site.
    uses : callable
        How much of each limit a plan uses.
    table : str
        Title of the table of shared limits that shows the uses; empty for those that belong to one site.
    term : callable, optional
        What the rule adds to the sentence on a workload that must be served; gets the rest of the subject.
    tell : callable
        The rule's own sentence in a conflict; empty where it adds to another one.
    """

    id: str
    unit: str = ""
    demand_checks: tuple[DemandCheck, ...] = ()
    plan_checks: tuple[PlanCheck, ...] = ()
    figures: tuple[str, ...] = ()
    limits: Callable[[Scenario], Limits] | None = None
    ease: Callable[[Scenario, Eased, float], Scenario] | None = None
    is_count: bool = False
    most: float = inf
    is_of_site: bool = False
    uses: Callable[[Scenario, Plan], Iterator[Use]] = _no_uses
    table: str = ""
    term: Callable[[Workload, str], str] | None = None
    tell: Callable[[Case, str, float | None], str] = _untold


def replaced(scenario: Scenario, table: str, edit: Callable[[Any], dict[str, Any]]) -> Scenario:
    """Return the scenario with fields of some rows of a table replaced: those for which ``edit`` names any."""
    rows = tuple(
        row.model_copy(update=new) if (new := edit(row)) else row for row in getattr(scenario, table)
    )
    return scenario.model_copy(update={table: rows})


def policy_limits(key: str) -> Callable[[Scenario], Limits]:
    """Return what reads one limit of the policy."""

    def limits(scenario: Scenario) -> Limits:
        value = getattr(scenario.policy, key)
        return {} if value is None else {f"policy.{key}": float(value)}

    return limits


def policy_ease(key: str, *, is_count: bool = False) -> Callable[[Scenario, Eased, float], Scenario]:
    """Return what replaces one limit of the policy."""

    def ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
        value = to[f"policy.{key}"]
        new = value if value is None or not is_count else int(value)
        return scenario.model_copy(update={"policy": scenario.policy.model_copy(update={key: new})})

    return ease


def flag_limits(table: str, has: Callable[[Any], bool]) -> Callable[[Scenario], Limits]:
    """Return what lists the rows of a table that have a rule without a number."""
    return lambda scenario: {row.id: None for row in getattr(scenario, table) if has(row)}


def flag_ease(table: str, free: dict[str, Any]) -> Callable[[Scenario, Eased, float], Scenario]:
    """Return what takes such a rule away from the rows named, by setting the fields in ``free``."""
    return lambda scenario, to, _ample_mw: replaced(scenario, table, lambda row: free if row.id in to else {})
