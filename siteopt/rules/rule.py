"""The type of a rule: one frozen object that says where it applies, what it limits, and how it is told and eased."""

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

    #: Limit by subject, in the rule's unit; None for a rule that has no number.
    Limits = dict[str, float | None]
    #: New limits by subject; None removes the rule.
    Eased = Mapping[str, float | None]

#: What separates the parts of a subject, such as a region and a workload.
BETWEEN = " | "
#: Most names in one sentence.
MOST_NAMES = 5
#: From this share on, a limit without a natural smallest step binds.
FULL = 0.999


@dataclass(frozen=True, slots=True)
class Use:
    """The use of one limit in a plan.

    Attributes
    ----------
    kind, subject, unit : str
    used, limit : float
    step : float
        The smallest addition possible: power of one replica there, capital of a module, one site.
    is_floor : bool
        Whether the limit is a lower one.
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
        """What is left of the limit, at least 0, since rules are met only to within rounding."""
        return max(0.0, self.used - self.limit if self.is_floor else self.limit - self.used)

    @property
    def share(self) -> float:
        """The use as a share of the limit; of a limit of 0, 1 where anything is used."""
        return self.used / self.limit if self.limit > 0.0 else float(self.used > 0.0)

    @property
    def binds(self) -> bool:
        """Whether not even the smallest addition would fit."""
        if self.step > 0.0:
            return self.slack < self.step * (1.0 - 1e-9)
        return self.used >= FULL * self.limit


@dataclass(frozen=True, slots=True)
class DemandCheck:
    """One check that the verifier makes of every demand of a workload, where ``applies`` says so.

    Attributes
    ----------
    id : str
        The name under which the verifier reports it.
    words : str
        What holds if it passes.
    applies : callable
        Whether the scenario has this rule for a workload.
    """

    id: str
    words: str
    applies: Callable[[Scenario, Workload], bool] = lambda _scenario, _workload: True


@dataclass(frozen=True, slots=True)
class PlanCheck:
    """One check that the verifier makes of sites, limits or the plan as a whole, where ``applies`` says so.

    Attributes
    ----------
    id : str
        The name under which the verifier reports it.
    words : str
        What holds if it passes.
    applies : callable
        Whether the scenario has this rule.
    """

    id: str
    words: str
    applies: Callable[[Scenario], bool] = lambda _scenario: True


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What the sentences of rules need to know about the conflict that they are in.

    Attributes
    ----------
    scenario : Scenario
    instance : Instance
        Compiled from it.
    rows : list of int
        Rows of the demands in conflict.
    demand_mw : ndarray of float64, shape (n_demand,)
        Least IT power that each demand takes, MW.
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
        Unit of its limits; empty where it has none.
    demand_checks, plan_checks : tuple
        What the verifier checks, in words for the certificate.
    figures : tuple of str
        Figures of a plan that the verifier recomputes for this rule.
    limits : callable, optional
        Returns the limits of a scenario by subject; None for a rule that cannot be removed.
    ease : callable, optional
        Returns the scenario with other limits or without the rule; the last argument is power beyond all needs, MW.
    is_count : bool
        Whether limits are whole numbers.
    most : float
        The largest value that a limit can have.
    is_of_site : bool
        Whether its subject is a site, so that it is idle where no demand that must be served can reach that site.
    uses : callable
        Yields how much of each limit a plan uses.
    table : str
        Title of the table of shared limits that shows the uses; empty for limits of a single site.
    term : callable, optional
        Returns what the rule adds to the sentence on a workload that must be served; gets the rest of the subject.
    tell : callable
        Returns the rule's own sentence in a conflict; empty where it adds to another one.
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
    """Return the scenario with the fields that ``edit`` returns for each row of a table replaced."""
    rows = tuple(
        row.model_copy(update=new) if (new := edit(row)) else row for row in getattr(scenario, table)
    )
    return scenario.model_copy(update={table: rows})


def policy_limits(key: str) -> Callable[[Scenario], Limits]:
    """Return a function that reads one limit of the policy."""

    def limits(scenario: Scenario) -> Limits:
        value = getattr(scenario.policy, key)
        return {} if value is None else {f"policy.{key}": float(value)}

    return limits


def policy_ease(key: str, *, is_count: bool = False) -> Callable[[Scenario, Eased, float], Scenario]:
    """Return a function that replaces one limit of the policy."""

    def ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
        value = to[f"policy.{key}"]
        new = value if value is None or not is_count else int(value)
        return scenario.model_copy(update={"policy": scenario.policy.model_copy(update={key: new})})

    return ease


def flag_limits(table: str, has: Callable[[Any], bool]) -> Callable[[Scenario], Limits]:
    """Return a function that lists the rows of a table to which a rule without a number applies."""
    return lambda scenario: {row.id: None for row in getattr(scenario, table) if has(row)}


def flag_ease(table: str, free: dict[str, Any]) -> Callable[[Scenario, Eased, float], Scenario]:
    """Return a function that removes such a rule from the rows named, by setting the fields in ``free``."""
    return lambda scenario, to, _ample_mw: replaced(scenario, table, lambda row: free if row.id in to else {})
