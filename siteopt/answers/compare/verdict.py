"""A verdict on each workload: where the best plan serves it, why (in one sentence), and what would change that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from siteopt.answers.compare.distance import Distance, distances_of
from siteopt.answers.compare.sides import NEARLY_ALL, main_side, shares_by_side
from siteopt.answers.compare.unit_costs import PARTS, unit_costs
from siteopt.compile import compile_instance
from siteopt.formatting import listed, mw, percent
from siteopt.tolerances import NEGLIGIBLE_SHARE
from siteopt.units import SECONDS_PER_YEAR, present_value_of_one_per_year

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.answers.compare.sides import Side
    from siteopt.answers.compare.unit_costs import SideCost
    from siteopt.instance import Instance
    from siteopt.plan import Plan
    from siteopt.scenario.schema import Scenario, Workload

Word = Literal["central", "regional", "edge", "mixed", "unserved"]

#: From this share of what it can carry on, a site counts as full.
FULL = 0.97
#: Words for the parts of a unit cost.
PART_WORDS = {
    "accelerators": "accelerators (pooling)",
    "facilities": "facilities",
    "power": "power",
    "network": "network",
}


@dataclass(frozen=True, slots=True)
class FormulaBreakEven:
    """The value of one parameter at which a verdict would turn, by formula and with everything else as it is.

    Attributes
    ----------
    parameter, unit : str
    now, turns_at : float
    """

    parameter: str
    unit: str
    now: float
    turns_at: float

    @property
    def move(self) -> float:
        """How far the parameter has to move, relative to its current value."""
        return abs(self.turns_at - self.now) / max(abs(self.now), 1e-9)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one workload.

    Attributes
    ----------
    workload : str
    word : str
        ``central``, ``regional`` or ``edge`` where that side serves nearly all of it, else ``mixed``.
    shares : dict of str to float
        Share of its peak requests that each side serves.
    reason : str
        One sentence with its numbers.
    usd_per_1k : dict of str to float
        Cost per thousand requests on each side that reaches it, by formula.
    breakevens : tuple of FormulaBreakEven
        The nearest first.
    """

    workload: str
    word: Word
    shares: dict[Side, float]
    reason: str
    usd_per_1k: dict[Side, float]
    breakevens: tuple[FormulaBreakEven, ...]


def verdicts_of(scenario: Scenario, plan: Plan) -> tuple[Verdict, ...]:
    """Reach a verdict on every workload that has demand.

    Parameters
    ----------
    scenario : Scenario
        In mode hybrid.
    plan : Plan
        The best plan found for it.
    """
    instance = compile_instance(scenario)
    asked = {d.workload for d in scenario.demand}
    value = present_value_of_one_per_year(scenario.horizon.years, scenario.horizon.discount_rate)
    distance, room = distances_of(scenario), _Room(instance, plan)
    found = []
    for k, workload in enumerate(scenario.workloads):
        if workload.id not in asked:
            continue
        demands = [d for d in scenario.demand if d.workload == workload.id]
        thousands = value * SECONDS_PER_YEAR / 1000.0 * np.array([d.mean_rps for d in demands])
        costs = unit_costs(scenario, instance, k)
        shares = shares_by_side(scenario, plan, workload.id)
        case = _Case(
            workload, costs, thousands, np.array([d.peak_rps for d in demands]), distance[workload.id], room
        )
        found.append(
            Verdict(
                workload.id,
                _word(shares),
                shares,
                case.reason(shares),
                {side: usd for side in costs if (usd := case.usd_per_1k(side)) is not None},
                tuple(sorted(case.breakevens(shares), key=lambda b: b.move)),
            )
        )
    return tuple(found)


def _word(shares: dict[Side, float]) -> Word:
    return next((side for side, share in shares.items() if share >= NEARLY_ALL), "mixed")


class _Room:
    """How much of the power of each site a plan uses."""

    def __init__(self, instance: Instance, plan: Plan) -> None:
        used = {site.id: site.it_mw for site in plan.sites}
        self._id, self._most = instance.sites.id, instance.site_capacity_mw
        self._used = np.array([used.get(name, 0.0) for name in instance.sites.id])

    def full(self, sites: np.ndarray) -> str:
        """Name some sites with their use where all of them are full; return an empty string where one is not."""
        distinct = np.unique(sites[sites >= 0])
        if not len(distinct) or (self._used[distinct] < FULL * self._most[distinct]).any():
            return ""
        return listed(
            [f"{self._id[j]} {mw(self._used[j])} of {mw(self._most[j])} MW" for j in distinct.tolist()], 3
        )


class _Case:
    """Everything that the verdict on one workload is derived from."""

    def __init__(
        self,
        workload: Workload,
        costs: dict[Side, SideCost],
        thousands: np.ndarray,
        peak_rps: np.ndarray,
        distance: Distance,
        room: _Room,
    ) -> None:
        self._workload, self._costs, self._thousands = workload, costs, thousands
        self._weight, self._distance, self._room = peak_rps / peak_rps.sum(), distance, room

    def usd_per_1k(self, side: Side) -> float | None:
        """Return the cost per thousand requests over the demands that a side reaches; None where it reaches none."""
        cost = self._costs[side]
        if not cost.reach.any():
            return None
        return float(cost.usd[cost.reach].sum() / self._thousands[cost.reach].sum())

    def reached(self, side: Side) -> float:
        """Return the share of the peak requests that a side may serve."""
        return float(self._weight[self._costs[side].reach].sum())

    def rival(self, shares: dict[Side, float]) -> tuple[Side, Side]:
        """Return the side that serves most and the one to compare it with: hub against edge where both may serve."""
        here = main_side(shares)
        others: dict[Side, tuple[Side, ...]] = {
            "central": ("edge", "regional"),
            "edge": ("central", "regional"),
            "regional": ("central", "edge"),
            "unserved": ("central", "edge", "regional"),
        }
        there = next((side for side in others[here] if self.reached(side) > 0.0), others[here][0])
        return here, there

    def reason(self, shares: dict[Side, float]) -> str:
        """Say in one sentence why the workload is served where it is."""
        here, there = self.rival(shares)
        spread = ", ".join(
            f"{side} {percent(share)}" for side, share in shares.items() if share > NEGLIGIBLE_SHARE
        )
        head = f"{_word(shares)} ({spread})" if _word(shares) == "mixed" else here
        if here == "unserved":
            return f"{head}: its penalty is less than the cost of serving it."
        reach = self.reached(there)
        if reach <= 0.0:
            return f"{head}: {self._out_of_reach(there)}."
        both = self._costs[here].reach & self._costs[there].reach
        some = "" if reach > 1.0 - NEGLIGIBLE_SHARE else f"; {there} sites may serve {percent(reach)} of it"
        if not both.any():
            return f"{head}: {there} sites may serve only {percent(reach)} of it, none of what {here} sites serve."
        mine, other = (self._costs[s].usd[both].sum() / self._thousands[both].sum() for s in (here, there))
        part, usd = self._largest_part(here, there, both)
        text = f"{head}: 1,000 requests cost {_usd(mine)} at {here} sites, {_usd(other)} at {there} ones"
        text += f", mostly because of {PART_WORDS[part]} ({_usd(abs(usd))} {'less' if usd < 0 else 'more'})"
        if mine > other:
            full = self._room.full(self._costs[there].site[both])
            why = f"but the {there} sites that are cheapest for it are full ({full})" if full else ""
            text += "; " + (why or "but whole modules, whole replicas and limits shared with others decide")
        return f"{text}{some}."

    def breakevens(self, shares: dict[Side, float]) -> Iterator[FormulaBreakEven]:
        """Find the round trip, price, demand and PUE at which the other side would cost as much, or become possible."""
        here, there = self.rival(shares)
        distance = self._distance
        if distance.room_ms is not None:
            side: Side = there if self.reached(there) <= 0.0 else "central"
            now = distance.nearest_ms.get(side)
            if now is not None and np.isfinite(now):
                yield FormulaBreakEven(f"round trip to {side} sites", "ms", now, distance.room_ms)
        both = (
            self._costs[here].reach & self._costs[there].reach
            if here != "unserved"
            else np.zeros(1, dtype=bool)
        )
        if not both.any():
            return
        edge: Side = "edge" if "edge" in (here, there) else "regional"
        mine = self._costs[edge]
        rest = self._costs[there if here == edge else here]
        dearer = float((mine.usd - rest.usd)[both].sum())
        if (dearer > 0.0) == (here == edge):
            return  # limits decide, not prices
        energy, power = float(mine.energy_usd[both].sum()), float(mine.parts_usd["power"][both].sum())
        if energy > 0.0 and 1.0 - dearer / energy >= 0.0:
            at = mine.price_usd_per_mwh * (1.0 - dearer / energy)
            yield FormulaBreakEven(f"price at {edge} sites", "USD/MWh", mine.price_usd_per_mwh, at)
        if power > 0.0 and mine.pue * (1.0 - dearer / power) >= 1.0:
            yield FormulaBreakEven(f"PUE at {edge} sites", "", mine.pue, mine.pue * (1.0 - dearer / power))
        margin = (
            dearer - float(mine.opening_spread_usd[both].sum()) + float(rest.opening_spread_usd[both].sum())
        )
        opening = mine.opening_usd - rest.opening_usd
        if margin * opening < 0.0:
            yield FormulaBreakEven("demand", "x the scenario's", 1.0, -opening / margin)

    def _largest_part(self, here: Side, there: Side, both: np.ndarray) -> tuple[str, float]:
        """Return the part that differs most in the direction of the verdict, and by how much per thousand requests."""
        thousands = self._thousands[both].sum()
        parts = {
            part: float((self._costs[here].parts_usd[part] - self._costs[there].parts_usd[part])[both].sum())
            for part in PARTS
        }
        sign = 1.0 if sum(parts.values()) > 0.0 else -1.0
        part = max(parts, key=lambda name: sign * parts[name])
        return part, parts[part] / thousands

    def _out_of_reach(self, side: Side) -> str:
        now, room = self._distance.nearest_ms.get(side), self._distance.room_ms
        if now is None or not np.isfinite(now):
            return f"tiers, jurisdictions or racks admit no {side} site"
        if room is not None and now > room:
            return f"the nearest {side} site is {now:.1f} ms away, and the SLO leaves {room:.1f} ms"
        return f"no {side} site can house its replicas"


def _usd(value: float) -> str:
    """Write an amount per thousand requests with as many digits as matter."""
    return f"${value:,.2f}" if abs(value) >= 0.995 else f"${value:.3g}"
