"""Every state that one site may be in, with what follows from it before any demand is placed."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from support.reference.optimum.physics import HOURS, SERVING_TIERS, stated

if TYPE_CHECKING:
    from siteopt.plan import Data
    from siteopt.scenario.schema import Design, Horizon, Replica, Site
    from support.reference.optimum.physics import Arc, Physics

SLACK = 1e-9
GBPS_PER_GB_A_DAY = 8.0 / 86_400.0


class Pool(NamedTuple):
    """Replicas of one workload at a site."""

    replicas: int
    data: Data | None


@dataclass(frozen=True, slots=True)
class State:
    """Closed (``design`` is None), or open with a pool or none for each workload and what carries them."""

    design: str | None
    pools: tuple[Pool | None, ...]
    modules: int = 0
    connection_mw: float | None = None
    usd: float = 0.0
    capex_usd: float = 0.0
    facility_mw: float = 0.0
    power_usd_per_mw: float = 0.0
    is_new: bool = False
    lines_gbps: dict[str, float] = field(default_factory=dict)


def life_cycle_usd(price: float, life: float | None, salvage: float, horizon: Horizon) -> float:
    """What something costs in all: the price, each renewal with the old one sold, less its worth at the end."""
    if life is None:
        return price
    years, growth = horizon.years, 1.0 + horizon.discount_rate
    usd, renewals = price, 0
    while (renewals + 1) * life < years - SLACK:
        renewals += 1
        usd += price * (1.0 - salvage) * growth ** (-renewals * life)
    left = 1.0 - (years - renewals * life) / life
    return usd - price * (salvage + (1.0 - salvage) * left) * growth**-years


def pool_choices(physics: Physics, k: int, site: Site) -> list[Pool | None]:
    """No pool, or any number of replicas that may be of use, standby ones included, in either data mode."""
    workload = physics.scenario.workloads[k]
    choices: list[Pool | None] = [None]
    for data in physics.modes(workload, site):
        arcs = [
            (physics.load(k, demand), arc)
            for demand in physics.demands[k]
            if (arc := physics.arcs.get((demand.region, workload.id, site.id, data))) is not None
            and (arc.is_normal or workload.protect is not None)
        ]
        choices += [Pool(n, data) for n in range(1, _most_replicas(physics, k, site, arcs) + 1)]
    return choices


def site_states(physics: Physics, site: Site, choices: list[list[Pool | None]]) -> list[State]:
    """States of a site that meet its own limits: mode, headroom, steps, dates, modules, density and tenancy."""
    must = site.status in ("existing", "forced")
    states = [] if must else [State(None, (None,) * len(choices))]
    serves = site.tier in SERVING_TIERS[physics.scenario.policy.mode]
    if site.status == "forbidden" or not (must or serves):
        return states
    names = [site.existing.design] if site.existing else site.designs
    for name, pools in product(names, product(*choices)):
        # Opening a site for nothing pays only where a rule of the planner's own counts it.
        if must or any(pools) or physics.scenario.rules:
            state = _open(physics, site, name, pools)
            states += [] if state is None else [state]
    return states


def _most_replicas(physics: Physics, k: int, site: Site, arcs: list[tuple[float, Arc]]) -> int:
    """Replicas that carry all that may come, before or after a failure; no more than have power."""
    if not arcs:
        return 0
    replica, load = stated(physics.scenario.workloads[k])[0], sum(busy for busy, _ in arcs)
    farthest = {
        is_degraded: max(
            (arc.rtt_ms for _, arc in arcs if is_degraded or arc.is_normal),
            default=min(arc.rtt_ms for _, arc in arcs),
        )
        for is_degraded in (False, True)
    }
    designs = [d for d in physics.scenario.designs if d.id in site.designs]
    most_mw = min(site.headroom_mw, max(_usable_mw(d, d.max_modules) for d in designs))
    n = 0
    while (n + 1) * replica.kw / 1000.0 <= most_mw * (1.0 + SLACK) and any(
        physics.carries(k, n, rtt, is_degraded) < load for is_degraded, rtt in farthest.items()
    ):
        n += 1
    return n


def _open(physics: Physics, site: Site, name: str, pools: tuple[Pool | None, ...]) -> State | None:
    design = next(d for d in physics.scenario.designs if d.id == name)
    if any(pool is not None and not physics.is_dense_enough(k, name) for k, pool in enumerate(pools)):
        return None
    modules = _fewest_modules(physics, site, design, pools)
    pue = site.pue.get(name, design.pue)
    facility_mw = _it_mw(physics, pools) * pue
    step = _step(physics, site, design, facility_mw)
    if modules is None or step is None or facility_mw > site.headroom_mw * (1.0 + SLACK):
        return None
    connection_usd, connection_mw = step
    opening = connection_usd + (0.0 if site.existing else site.land_usd)
    building = _building_usd(site, design, modules)
    copies_usd, lines = _copies(physics, site, pools)
    power_usd_per_mw = _power_usd_per_mw(physics, site, pue)
    usd = opening + _lasting_usd(physics, design, building, pools) + copies_usd
    usd += _yearly_usd(physics, site, design, pools, facility_mw, power_usd_per_mw)
    return State(
        name,
        pools,
        modules,
        connection_mw,
        usd,
        capex_usd=opening + building + sum(n * replica.usd for n, replica in _replicas(physics, pools)),
        facility_mw=facility_mw,
        power_usd_per_mw=power_usd_per_mw,
        is_new=site.existing is None,
        lines_gbps=lines,
    )


def _lasting_usd(physics: Physics, design: Design, building: float, pools: tuple[Pool | None, ...]) -> float:
    """Building and replicas over the horizon: bought, renewed, sold."""
    horizon = physics.scenario.horizon
    return life_cycle_usd(building, design.life_years, design.salvage_fraction, horizon) + sum(
        n * life_cycle_usd(replica.usd, replica.life_years, replica.salvage_fraction, horizon)
        for n, replica in _replicas(physics, pools)
    )


def _power_usd_per_mw(physics: Physics, site: Site, pue: float) -> float:
    """Energy and carbon of 1 MW of IT all year, over the horizon."""
    carbon = site.carbon_g_per_kwh / 1000.0 * physics.scenario.policy.carbon_usd_per_t
    return physics.value * HOURS * pue * (site.price_usd_per_mwh + carbon)


def _yearly_usd(
    physics: Physics,
    site: Site,
    design: Design,
    pools: tuple[Pool | None, ...],
    facility_mw: float,
    power_usd_per_mw: float,
) -> float:
    """Idle power, charges for the peak, and staff, over the horizon."""
    idle_mw = sum(n * replica.kw * replica.idle_fraction for n, replica in _replicas(physics, pools)) / 1000.0
    in_grid_peak = site.coincident_charge_usd_per_mw_year * physics.scenario.policy.coincidence
    staff = 0.0 if site.existing else design.staff_usd_per_year
    yearly = (site.demand_charge_usd_per_mw_year + in_grid_peak) * facility_mw + staff
    return power_usd_per_mw * idle_mw + physics.value * yearly


def _replicas(physics: Physics, pools: tuple[Pool | None, ...]) -> list[tuple[int, Replica]]:
    pairs = zip(pools, physics.scenario.workloads, strict=True)
    return [(pool.replicas, stated(workload)[0]) for pool, workload in pairs if pool is not None]


def _it_mw(physics: Physics, pools: tuple[Pool | None, ...]) -> float:
    return sum(n * replica.kw for n, replica in _replicas(physics, pools)) / 1000.0


def _usable_mw(design: Design, modules: int) -> float:
    counted = {"N": float(modules), "N+1": modules - 1.0, "2N": modules / 2.0}[design.redundancy]
    return counted * design.module_mw * design.usable_fraction


def _fewest_modules(
    physics: Physics, site: Site, design: Design, pools: tuple[Pool | None, ...]
) -> int | None:
    """Modules that carry the power and leave each tenant within its share, one by one; None where too few fit."""
    policy, it_mw = physics.scenario.policy, _it_mw(physics, pools)
    tenants = {workload.tenant for workload in physics.scenario.workloads} - {None}
    for tenant in tenants:
        own = tuple(
            pool if workload.tenant == tenant else None
            for pool, workload in zip(pools, physics.scenario.workloads, strict=True)
        )
        tenant_mw = _it_mw(physics, own)
        if policy.tenant_site_mw is not None and tenant_mw > policy.tenant_site_mw * (1.0 + SLACK):
            return None
        if policy.tenant_share is not None:
            it_mw = max(it_mw, tenant_mw / policy.tenant_share)
    first = max(2 if design.redundancy == "N+1" else 1, site.existing.modules if site.existing else 0)
    by = policy.ready_by_month
    most = first if by is not None and design.build_months > by else design.max_modules
    counts = range(first, most + 1)
    return next((m for m in counts if it_mw <= _usable_mw(design, m) * (1.0 + SLACK)), None)


def _step(
    physics: Physics, site: Site, design: Design, facility_mw: float
) -> tuple[float, float | None] | None:
    """Price and MW of the cheapest connection that carries so much and is there in time; None without one."""
    by = physics.scenario.policy.ready_by_month
    latest = inf if by is None else by
    stands = site.existing is not None
    if not site.connection_steps:
        is_built = stands or design.build_months <= latest
        return (0.0 if stands else site.connection_usd, None) if is_built else None
    ladder = [(step.up_to_mw, step.months, step.usd) for step in site.connection_steps]
    if site.existing is not None:
        standing_mw = _usable_mw(design, site.existing.modules) * site.pue.get(design.id, design.pue)
        ladder = [(standing_mw, 0.0, 0.0), *(rung for rung in ladder if rung[0] > standing_mw + SLACK)]
    built = 0.0 if stands else design.build_months
    choices = [
        (usd, up_to_mw)
        for up_to_mw, months, usd in ladder
        if facility_mw <= up_to_mw * (1.0 + SLACK) and max(built, months) <= latest
    ]
    return min(choices, default=None)


def _building_usd(site: Site, design: Design, modules: int) -> float:
    """Fixed part and new modules, USD; what stands is sunk."""
    sunk = site.existing.modules if site.existing else 0
    curve = design.scale_exponent
    bought = design.usd_per_module * (modules**curve - (sunk**curve if sunk else 0.0))
    return bought + (0.0 if site.existing else design.fixed_usd)


def _copies(physics: Physics, site: Site, pools: tuple[Pool | None, ...]) -> tuple[float, dict[str, float]]:
    """Copies of data at the site: net present cost, USD, and Gbit/s that keep them up to date, by line."""
    policy, usd = physics.scenario.policy, 0.0
    lines: dict[str, float] = {}
    for pool, workload in zip(pools, physics.scenario.workloads, strict=True):
        if pool is None or pool.data != "replica":
            continue
        route, size = physics.copy_route(workload, site), workload.replica_gb or 0.0
        assert route is not None
        a_day = workload.sync_gb_per_day or 0.0
        per_gb = 0.0 if len(route) == 1 else policy.egress_usd_per_gb + policy.transit_usd_per_gb
        usd += per_gb * size
        usd += physics.value * (per_gb * a_day * 365.0 + policy.storage_usd_per_gb_year * size)
        for line in physics.backbone.lines(site, route):
            lines[line] = lines.get(line, 0.0) + a_day * GBPS_PER_GB_A_DAY
    return usd, lines
