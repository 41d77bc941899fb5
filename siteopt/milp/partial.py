"""Part of the problem exactly, the rest at its price: a bound above the Lagrangian one.

Demands with few places to go decide which sites open, and it is they that the Lagrangian relaxation splits between
sites. They are kept, with flows of their own; every other demand is worth its price wherever it is served, so that all
a site can gain with it is a concave function of the IT power that it gives to it. Sites, designs and whole modules stay
as they are. This is a Lagrangian relaxation of fewer constraints, so that at the same prices the optimum lies between
the Lagrangian bound and every plan, and every dual bound of it below every plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.milp.highs import HighsDriver, Limits
from siteopt.milp.items import Listing
from siteopt.milp.monitor import Until
from siteopt.milp.programme import Draft

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from siteopt.instance import Instance, Prices
    from siteopt.milp.items import Items
    from siteopt.milp.programme import Matrix

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Indices = NDArray[np.int32]
    Entries = tuple[int, Indices, Floats]

#: Options of sites, and columns that kept flows may take.
MOST_OPTIONS, MOST_FLOWS = 2_000, 15_000
#: Straight lines that a concave gain is held below, at most.
TANGENTS = 14
#: The objective is in units that make it about this.
SIZE = 1e4
#: Share of a bound that is taken off for the solver's tolerances: 1e-7 on each of some 50,000 reduced costs.
TOLERANCE = 1e-6
#: There are few nodes, each of them heavy: what HiGHS does to find plans or to begin anew takes longer than the proof.
PROVING = dict.fromkeys(
    (
        "mip_heuristic_run_rins",
        "mip_heuristic_run_rens",
        "mip_heuristic_run_root_reduced_cost",
        "mip_detect_symmetry",
        "mip_allow_restart",
    ),
    False,
)


def hardest_to_reach(instance: Instance, most: int) -> Flags:
    """Demands with the fewest places to go, while their flows by option are at most ``most``, shape (n_demand,)."""
    arcs, pools = instance.arcs, instance.pools
    choices = np.diff(instance.sites.option_ptr)[pools.site[arcs.pool]]
    per_demand = np.bincount(arcs.demand, weights=choices, minlength=len(instance.demands.region))
    order = np.argsort(per_demand, kind="stable")
    kept = np.zeros(len(per_demand), dtype=bool)
    kept[order[np.cumsum(per_demand[order]) <= most]] = True
    return kept


def can_solve_part(instance: Instance) -> bool:
    """Whether there are sites at all, and not so many that the first relaxation takes minutes."""
    return 0 < len(instance.options.site) <= MOST_OPTIONS


def prove_in_part(
    instance: Instance,
    prices: Prices,
    gap: float,
    nodes: int | None,
    proved: Callable[[float], None],
    keep_going: Callable[[], bool],
) -> None:
    """Raise a bound by the part of the problem that is hardest to reach.

    Parameters
    ----------
    instance : Instance
    prices : Prices
        Best ones of the Lagrangian bound.
    gap : float
        Relative gap that ends it.
    nodes : int, optional
        At most.
    proved : callable
        Told of every bound, USD.
    keep_going : callable
    """
    model = PartialModel(instance, prices, hardest_to_reach(instance, MOST_FLOWS))
    driver, listener = HighsDriver(model.matrix(), PROVING), _Listener(model.unit_usd, proved, keep_going)
    answer = driver.solve(Limits(nodes=nodes, gap=gap), listener)
    if answer.outcome != "infeasible":
        listener.on_bound(answer.bound)


class _Listener(Until):
    """Hands bounds on, and stops when it is told to."""

    def __init__(
        self, unit_usd: float, proved: Callable[[float], None], keep_going: Callable[[], bool]
    ) -> None:
        super().__init__(keep_going)
        self._unit_usd, self._proved = unit_usd, proved

    def on_bound(self, bound: float) -> None:
        """Hand on what is a bound already."""
        if np.isfinite(bound):
            self._proved((bound - TOLERANCE * SIZE) * self._unit_usd)


class PartialModel:
    """The programme; columns and rows of one option of a site after the other.

    Parameters
    ----------
    instance : Instance
    prices : Prices
        Of demands that are not kept, and of everything that sites share but for their number.
    kept : ndarray of bool, shape (n_demand,)
        Demands with flows of their own.

    Attributes
    ----------
    unit_usd : float
        Of the objective.
    """

    def __init__(self, instance: Instance, prices: Prices, kept: Flags) -> None:
        self._instance, self._prices, self._kept = instance, prices, kept
        self._draft, self._listing = Draft(), Listing(instance, prices)
        self._worth_usd = np.minimum(prices.demand_usd, instance.demands.unserved_usd)
        self.unit_usd = max(float(np.abs(self._worth_usd).sum()), 1.0) / SIZE
        self._capacity_mw, self._life_factor = instance.option_capacity_mw, instance.life_factor
        self._flows: list[tuple[Indices, Indices]] = []

    def matrix(self) -> Matrix:
        """Write it."""
        instance, draft, prices = self._instance, self._draft, self._prices
        sites, options, demands = instance.sites, instance.options, instance.demands
        opens = np.array([self._option(o) for o in range(len(options.site))], dtype=np.int32)
        must = ((sites.is_existing | sites.is_forced) == 1) & (np.diff(sites.option_ptr) > 0)
        draft.rows(must * 1.0, 1.0, (options.site, opens, 1.0), count=len(sites.id))
        is_new = sites.is_existing[options.site] == 0
        draft.rows(-np.inf, instance.max_sites, (0, opens[is_new], 1.0))
        kept = np.flatnonzero(self._kept)
        row = np.cumsum(self._kept) - 1
        penalty_usd = demands.unserved_usd[kept]
        may_wait = np.isfinite(penalty_usd)
        unserved = draft.columns(np.where(may_wait, penalty_usd, 0.0), may_wait * 1.0)
        flows = [(row[demand], column, 1.0) for demand, column in self._flows]
        draft.rows(1.0, 1.0, (np.arange(len(kept)), unserved, 1.0), *flows, count=len(kept))
        shared_usd = prices.limit_usd_per_mw @ instance.grid.limit_mw
        shared_usd += prices.link_usd_per_gbps @ instance.links.limit_gbps
        if prices.capital > 0.0:
            shared_usd += prices.capital * instance.budget_usd
        return draft.matrix(self.unit_usd, float(self._worth_usd[~self._kept].sum() - shared_usd))

    def _option(self, o: int) -> int:
        """Modules of an option and what they carry; the column that says whether it stands."""
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
            carries = (0, np.concatenate([y, more]), np.array([counted_mw[0], options.module_mw[o]]))
        else:
            y = draft.columns(fixed_usd, 1.0, integer=True)
            chosen = draft.columns(usd, 1.0, integer=True)
            draft.rows(0.0, 0.0, (0, chosen, 1.0), (0, y, -1.0))
            carries = (0, chosen, counted_mw)
        self._fill(o, y, carries, float(counted_mw[-1]))
        return int(y[0])

    def _fill(self, o: int, y: Indices, carries: Entries, most_mw: float) -> None:
        """Power of an option: for kept flows, and for all that has a price, by tenant."""
        draft, tenancy = self._draft, self._instance.tenancy
        pool = self._listing.pools_of(o)
        option = np.full(len(pool), o)
        items = self._listing.flows(pool, option).and_also(self._listing.reserve(pool, option))
        tenants = self._instance.variants.tenant[self._instance.pools.variant[items.pool]]
        loads: list[Entries] = []
        for tenant in np.unique(tenants).tolist():
            share, site_mw = (tenancy.share, tenancy.site_mw) if tenant >= 0 else (np.inf, np.inf)
            room_mw = min(self._capacity_mw[o], site_mw, most_mw * min(1.0, share))
            mine = items.where(tenants == tenant)
            taken = [self._keep(y, mine), self._give(y, mine, room_mw)]
            if np.isfinite(share):
                draft.rows(-np.inf, 0.0, *taken, (*carries[:2], -share * carries[2]))
            if np.isfinite(site_mw):
                draft.rows(-np.inf, 0.0, *taken, (0, y, -site_mw))
            loads += taken
        draft.rows(-np.inf, 0.0, *loads, (*carries[:2], -carries[2]))
        draft.rows(-np.inf, 0.0, *loads, (0, y, -self._capacity_mw[o]))

    def _keep(self, y: Indices, items: Items) -> Entries:
        """Kept flows to an option, each only where it stands; their use of its power."""
        kept = np.flatnonzero(items.demand >= 0)
        kept = kept[self._kept[items.demand[kept]]]
        # A flow that costs more than leaving all of the demand unserved is not used.
        kept = kept[items.usd[kept] < self._instance.demands.unserved_usd[items.demand[kept]]]
        flow = self._draft.columns(items.usd[kept], 1.0)
        row = np.arange(len(kept))
        self._draft.rows(-np.inf, 0.0, (row, flow, 1.0), (row, y, -1.0), count=len(kept))
        self._flows.append((items.demand[kept], flow))
        return 0, flow, items.mw[kept]

    def _give(self, y: Indices, items: Items, room_mw: float) -> Entries:
        """Power given to what has a price, and the concave gain below straight lines; its use."""
        draft, flows = self._draft, np.flatnonzero(items.demand >= 0)
        gain_usd, is_priced = -items.usd, items.demand < 0
        gain_usd[flows] += self._worth_usd[items.demand[flows]]
        is_priced[flows] = ~self._kept[items.demand[flows]]
        pays = np.flatnonzero(is_priced & (gain_usd > 0.0) & (items.mw > 0.0))
        if not len(pays):
            return 0, np.zeros(0, dtype=np.int32), np.zeros(0)
        rate, mw, gain = _steps(gain_usd[pays] / self.unit_usd, items.mw[pays])
        room_mw = min(room_mw, mw[-1])
        given = draft.columns(0.0, room_mw)
        gained = draft.columns(-self.unit_usd, gain[-1])
        at = _spread_over(mw, room_mw)
        row, height = np.arange(len(at)), gain[at] - rate[at] * mw[at]
        lines = (row, gained, 1.0), (row, given, -rate[at]), (row, y, -height)
        draft.rows(-np.inf, 0.0, *lines, count=len(at))
        draft.rows(-np.inf, 0.0, (0, given, 1.0), (0, y, -room_mw))
        return 0, given, np.ones(1)


def _spread_over(mw: Floats, room_mw: float) -> NDArray[np.intp]:
    """Steps that tangents touch: all where they are few."""
    last = len(mw) - 2
    if last < TANGENTS:
        return np.arange(last + 1)
    wanted = np.linspace(0.0, room_mw, TANGENTS)
    return np.unique(np.minimum(np.searchsorted(mw, wanted, side="right") - 1, last))


def _steps(gain: Floats, mw: Floats) -> tuple[Floats, Floats, Floats]:
    """Best first: gain per MW of each item; power and gain of all before it, with a last entry for all."""
    rate = gain / mw
    order = np.argsort(-rate, kind="stable")
    before = [np.concatenate([[0.0], np.cumsum(x[order])]) for x in (mw, gain)]
    return rate[order], before[0], before[1]
