"""A part of the problem as a programme: its demands have flows of their own, the others are worth their price.

Sites, designs and whole modules stay as they are. What a site can gain from demands that are not kept, and from
reserve, is a concave function of the IT power given to them. What sites share is charged at its price, except for
limits on their number and the planner's own rules, which stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from siteopt.highs.programme import Draft
from siteopt.instance import Solution
from siteopt.matheuristics.items import Listing

if TYPE_CHECKING:
    from siteopt.arrays import Floats, Indices, Masks, Rows
    from siteopt.highs.programme import Matrix
    from siteopt.instance import Instance, Prices
    from siteopt.matheuristics.items import Items

    Entries = tuple[int, Indices, Floats]

#: Most straight lines that bound a concave gain from above.
TANGENTS = 14
#: The objective's unit makes its value about this.
SIZE = 1e4

#: Options of HiGHS for few but heavy tree nodes: a restart takes longer than all of them.
FEW_TREE_NODES = dict.fromkeys(
    ("mip_heuristic_run_root_reduced_cost", "mip_detect_symmetry", "mip_allow_restart"), False
)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What the programme decides.

    Attributes
    ----------
    demand : ndarray of bool, shape (n_demand,)
        Demands with flows of their own.
    site : ndarray of bool, shape (n_site,)
        Sites that may be open, among them all that must be.
    arc : ndarray of bool, shape (n_arc,)
        Flows that kept demands may take.
    """

    demand: Masks
    site: Masks
    arc: Masks

    @classmethod
    def of_demands(cls, instance: Instance, demand: Masks) -> Part:
        """Return the part of some demands, with all sites and flows."""
        n_site, n_arc = len(instance.sites.id), len(instance.arcs.demand)
        return cls(demand, np.ones(n_site, dtype=bool), np.ones(n_arc, dtype=bool))


class PartialModel:
    """The programme, made of the columns and rows of one design at a site after the other.

    Parameters
    ----------
    instance : Instance
    prices : Prices
        Of demands that are not kept, and of what sites share.
    part : Part

    Attributes
    ----------
    unit_usd : float
        Unit of the objective.
    """

    def __init__(self, instance: Instance, prices: Prices, part: Part) -> None:
        self._instance, self._prices, self._part = instance, prices, part
        self._draft, self._listing = Draft(), Listing(instance, prices)
        self._worth_usd = np.minimum(prices.demand_usd, instance.demands.unserved_usd)
        self.unit_usd = max(float(np.abs(self._worth_usd).sum()), 1.0) / SIZE
        self._capacity_mw, self._life_factor = instance.option_capacity_mw, instance.life_factor
        self._modules: dict[int, tuple[Indices, Indices]] = {}
        self._flows: list[tuple[Indices, Indices]] = []

    def matrix(self) -> Matrix:
        """Build the matrix of the programme."""
        instance, draft, prices = self._instance, self._draft, self._prices
        sites, options, demands = instance.sites, instance.options, instance.demands
        offered = np.flatnonzero(self._part.site[options.site]).astype(np.int32)
        opens = self._facilities(offered)
        must = ((sites.is_existing | sites.is_forced) == 1) & (np.diff(sites.option_ptr) > 0)
        draft.rows(must * 1.0, 1.0, (options.site[offered], opens, 1.0), count=len(sites.id))
        is_new = sites.is_existing[options.site[offered]] == 0
        draft.rows(-np.inf, instance.max_sites, (0, opens[is_new], 1.0))
        rules = instance.linear_rules
        counted = rules.weights[:, offered].tocoo()
        draft.rows(
            rules.lower, rules.upper, (counted.row, opens[counted.col], counted.data), count=len(rules)
        )
        kept = np.flatnonzero(self._part.demand)
        row = np.cumsum(self._part.demand) - 1
        penalty_usd = demands.unserved_usd[kept]
        may_wait = np.isfinite(penalty_usd)
        self._unserved = draft.columns(np.where(may_wait, penalty_usd, 0.0), may_wait * 1.0)
        flows = [(row[instance.arcs.demand[arc]], column, 1.0) for arc, column in self._flows]
        draft.rows(1.0, 1.0, (np.arange(len(kept)), self._unserved, 1.0), *flows, count=len(kept))
        shared_usd = prices.limit_usd_per_mw @ instance.grid.limit_mw
        shared_usd += prices.link_usd_per_gbps @ instance.links.limit_gbps
        if prices.capital > 0.0:
            shared_usd += prices.capital * instance.budget_usd
        return draft.matrix(self.unit_usd, float(self._worth_usd[~self._part.demand].sum() - shared_usd))

    def decided(self, values: Floats) -> Solution:
        """Return what a solution of the programme decides; it decides no replicas, and their numbers are 0."""
        instance = self._instance
        n_site, n_demand = len(instance.sites.id), len(instance.demands.region)
        option, modules = np.full(n_site, -1, dtype=np.int32), np.zeros(n_site, dtype=np.int32)
        for o, (columns, number) in self._modules.items():
            count = round(float(values[columns] @ number))
            if count > 0:
                option[instance.options.site[o]], modules[instance.options.site[o]] = o, count
        share, unserved = np.zeros(len(instance.arcs.demand)), np.ones(n_demand)
        for arc, column in self._flows:
            share[arc] += values[column]
        unserved[self._part.demand] = values[self._unserved]
        return Solution(
            option=option,
            modules=modules,
            replicas=np.zeros(len(instance.pools.site), dtype=np.int32),
            share=share,
            unserved=unserved,
        )

    def _facilities(self, offered: Indices) -> Indices:
        """Add all that may be built; return the column of each option that says whether it stands."""
        site, design = self._instance.options.site, self._instance.options.design
        opens: list[int] = []
        for _, options in groupby(offered.tolist(), lambda o: (site[o], design[o])):
            opens += self._facility(list(options))
        return np.array(opens, dtype=np.int32)

    def _facility(self, options: list[int]) -> list[int]:
        """Add one design at a site, on any of its connections, as all of them have the same flows."""
        stands = [self._stand(o) for o in options]
        y = [column for column, _, _ in stands]
        modules = np.concatenate([column for _, column, _ in stands])
        carried_mw = np.concatenate([mw for _, _, mw in stands])
        self._share_power(options, np.array(y, dtype=np.int32), (0, modules, carried_mw))
        return y

    def _stand(self, o: int) -> tuple[int, Indices, Floats]:
        """Add an option; return its binary, the columns of its modules, and what each of these carries, MW."""
        draft, options, capital = self._draft, self._instance.options, self._prices.capital
        least, most = int(options.min_modules[o]), int(options.max_modules[o])
        count = np.arange(least, most + 1)
        capex_usd = np.array([self._instance.capex_of_modules(o, n) for n in count.tolist()])
        usd = (self._life_factor[o] + capital) * capex_usd
        fixed_usd = options.fixed_usd[o] + capital * options.fixed_capex_usd[o]
        counted_mw = (count - options.spare_modules[o]) * options.module_mw[o]
        if self._instance.designs.is_linear[options.design[o]] and most > least:
            y = draft.columns(fixed_usd + usd[0], 1.0, integer=True)
            more = draft.columns(usd[1] - usd[0], most - least, integer=True)
            draft.rows(-np.inf, 0.0, (0, more, 1.0), (0, y, least - most))
            columns, number = np.concatenate([y, more]), np.array([least, 1], dtype=np.int32)
            carried_mw = np.array([counted_mw[0], options.module_mw[o]])
        else:
            y = draft.columns(fixed_usd, 1.0, integer=True)
            columns, number = draft.columns(usd, 1.0, integer=True), count.astype(np.int32)
            draft.rows(0.0, 0.0, (0, columns, 1.0), (0, y, -1.0))
            carried_mw = counted_mw
        self._modules[o] = columns, number
        return int(y[0]), columns, carried_mw

    def _share_power(self, rows: list[int], y: Indices, carries: Entries) -> None:
        """Share the power of a facility between kept flows and all that has a price, by tenant."""
        draft, tenancy, options = self._draft, self._instance.tenancy, self._instance.options
        capacity_mw = self._capacity_mw[rows]
        most_mw = (options.max_modules[rows] - options.spare_modules[rows]) * options.module_mw[rows]
        pool = self._listing.pools_of(rows[0])
        option = np.full(len(pool), rows[0])
        items = self._listing.flows(pool, option).and_also(self._listing.reserve(pool, option))
        tenants = self._instance.variants.tenant[self._instance.pools.variant[items.pool]]
        loads: list[Entries] = []
        for tenant in np.unique(tenants).tolist():
            share, site_mw = (tenancy.share, tenancy.site_mw) if tenant >= 0 else (np.inf, np.inf)
            mine = items.where(tenants == tenant)
            room_mw = np.minimum(np.minimum(most_mw * min(1.0, share), site_mw), capacity_mw)
            taken = [self._keep(y, mine), self._give(y, mine, room_mw)]
            if np.isfinite(share):
                draft.rows(-np.inf, 0.0, *taken, (*carries[:2], -share * carries[2]))
            if np.isfinite(site_mw):
                draft.rows(-np.inf, 0.0, *taken, (0, y, -site_mw))
            loads += taken
        draft.rows(-np.inf, 0.0, *loads, (*carries[:2], -carries[2]))
        draft.rows(-np.inf, 0.0, *loads, (0, y, -capacity_mw))

    def _keep(self, y: Indices, items: Items) -> Entries:
        """Add the kept flows to a facility, each only if it stands; return their use of its power."""
        kept = np.flatnonzero(items.demand >= 0)
        kept = kept[self._part.demand[items.demand[kept]] & self._part.arc[items.arc[kept]]]
        # A flow that costs more than leaving all of the demand unserved is not used.
        kept = kept[items.usd[kept] < self._instance.demands.unserved_usd[items.demand[kept]]]
        flow = self._draft.columns(items.usd[kept], 1.0)
        row = np.arange(len(kept))
        self._draft.rows(-np.inf, 0.0, (row, flow, 1.0), (row[:, None], y, -1.0), count=len(kept))
        self._flows.append((items.arc[kept], flow))
        return 0, flow, items.mw[kept]

    def _give(self, y: Indices, items: Items, room_mw: Floats) -> Entries:
        """Add the power given to what has a price, with its concave gain below straight lines; return its use."""
        draft, flows = self._draft, np.flatnonzero(items.demand >= 0)
        gain_usd, is_priced = -items.usd, items.demand < 0
        gain_usd[flows] += self._worth_usd[items.demand[flows]]
        is_priced[flows] = ~self._part.demand[items.demand[flows]]
        pays = np.flatnonzero(is_priced & (gain_usd > 0.0) & (items.mw > 0.0))
        if not len(pays):
            return 0, np.zeros(0, dtype=np.int32), np.zeros(0)
        rate, mw, gain = _steps(gain_usd[pays] / self.unit_usd, items.mw[pays])
        room_mw = np.minimum(room_mw, mw[-1])
        given = draft.columns(0.0, room_mw.max())
        gained = draft.columns(-self.unit_usd, gain[-1])
        at = _spread_over(mw, float(room_mw.max()))
        row, height = np.arange(len(at)), gain[at] - rate[at] * mw[at]
        lines = (row, gained, 1.0), (row, given, -rate[at]), (row[:, None], y, -height[:, None])
        draft.rows(-np.inf, 0.0, *lines, count=len(at))
        draft.rows(-np.inf, 0.0, (0, given, 1.0), (0, y, -room_mw))
        return 0, given, np.ones(1)


def _spread_over(mw: Floats, room_mw: float) -> Rows:
    """Choose the steps that tangents touch: all of them where they are few."""
    last = len(mw) - 2
    if last < TANGENTS:
        return np.arange(last + 1)
    wanted = np.linspace(0.0, room_mw, TANGENTS)
    return np.unique(np.minimum(np.searchsorted(mw, wanted, side="right") - 1, last))


def _steps(gain: Floats, mw: Floats) -> tuple[Floats, Floats, Floats]:
    """Return, best item first, the gain per MW of each, then power and gain of all before it and, last, of all."""
    rate = gain / mw
    order = np.argsort(-rate, kind="stable")
    before = [np.concatenate([[0.0], np.cumsum(x[order])]) for x in (mw, gain)]
    return rate[order], before[0], before[1]
