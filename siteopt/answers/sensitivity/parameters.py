"""The uncertain numbers of a scenario, their ranges and where the ranges come from.

A range of the catalogue is applied relative to the catalogue's own value, so that it fits a scenario with other
numbers. Where the catalogue has no range, the source says that it is an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from siteopt.scenario.catalogue import load_catalogue
from siteopt.scenario.hardware import accelerator_numbers
from siteopt.scenario.schema import AcceleratorEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siteopt.scenario.facts import Fact
    from siteopt.scenario.schema import Design, Scenario

    Put = Callable[[Scenario, float], Scenario]

#: Unit of a parameter that multiplies the scenario's own number.
TIMES = "x the scenario's"
HUB_TIERS = {"hyperscale", "regional"}
LARGEST_PUE = 5.0


@dataclass(frozen=True, slots=True)
class Parameter:
    """One uncertain number.

    Attributes
    ----------
    name, unit : str
    low, high : float
        The ends of its range.
    source : str
        Where the range comes from.
    put : callable
        Returns the scenario with a value of the parameter.
    """

    name: str
    unit: str
    low: float
    high: float
    source: str
    put: Put


def parameters_of(scenario: Scenario) -> list[Parameter]:
    """List the parameters that act on a scenario, in a fixed order."""
    known = (*_prices(scenario), *_facilities(), *_running(), *_policy(scenario), *_demand())
    return [p for p in known if p.put(scenario, p.low) != scenario or p.put(scenario, p.high) != scenario]


def _prices(scenario: Scenario) -> Iterator[Parameter]:
    """List the prices of accelerators that some workload may use, and of their servers."""
    used = list(dict.fromkeys(name for w in scenario.workloads for name in w.accelerators))
    known = {a.id for a in load_catalogue().accelerators}
    for name in used:
        price = accelerator_numbers(scenario, name)["price_usd"]
        if name in known:
            fact = load_catalogue().accelerator(name).price_usd
            low, high = (price * end / fact.value for end in fact.range)
            if low < high:
                yield Parameter(f"accelerator-price-{name}", "USD", low, high, fact.source, _price(name))
    fact = load_catalogue().parameter("server-cost-factor").fact
    if used:
        low, high = fact.range
        put = _of_policy("server_cost_factor")
        yield Parameter("server-cost-factor", "x accelerator price", low, high, fact.source, put)
        yield _scaled("server-power", "server-overhead-beyond-gpu-tdp", _server_power(used))
    source = "assumption: offers for the same servers differ by a fifth"
    yield Parameter("stated-replica-price", TIMES, 0.8, 1.2, source, _replica_price)


def _facilities() -> Iterator[Parameter]:
    yield _scaled("module-price-edge", "modular-multi-mw", _of_designs(False, "usd_per_module"))
    yield _scaled("module-price-hubs", "facility-capex-us-average", _of_designs(True, "usd_per_module"))
    yield _scaled("pue-edge", "pue-micro-air-cooled-planning", _pue(hubs=False))
    yield _scaled("pue-hubs", "pue-liquid-cooled-ai-target", _pue(hubs=True))
    fact = load_catalogue().parameter("implied-scale-exponent-cost-a-p-n").fact
    low, high = fact.range
    yield Parameter("scale-exponent", "n", low, high, fact.source, _scale_exponent)


def _running() -> Iterator[Parameter]:
    yield _scaled("staffing", "staff-small-facility-1-5-mw", _all("designs", "staff_usd_per_year"))
    source = "assumption: long contracts against spot years; the catalogue has prices but no range"
    yield Parameter("electricity", TIMES, 0.75, 1.35, source, _all("sites", "price_usd_per_mwh"))
    source = "assumption: tariffs of neighbouring grids differ by about so much"
    put = _all("sites", "demand_charge_usd_per_mw_year")
    yield Parameter("demand-charges", TIMES, 0.7, 1.5, source, put)


def _policy(scenario: Scenario) -> Iterator[Parameter]:
    policy = scenario.policy
    yield _scaled("transit", "ip-transit", _policy_times("transit_usd_per_gb"))
    yield _scaled("egress", "egress-aws-10-50tb-50-150tb-150tb", _egress)
    source = "assumption: from no price on carbon to one that settles the matter"
    yield Parameter("carbon-price", "USD/t", 0.0, 150.0, source, _of_policy("carbon_usd_per_t"))
    source = "assumption: cautious to bold operation"
    low, high = min(0.65, policy.utilisation_cap), max(0.9, policy.utilisation_cap)
    yield Parameter("utilisation-cap", "of capacity", low, high, source, _of_policy("utilisation_cap"))
    source = "assumption: public to private cost of capital, real"
    yield Parameter("discount-rate", "a year", 0.03, 0.12, source, _discount)
    best = load_catalogue().parameter("route-factor-best-conduit-us-120-cities").fact
    usual = load_catalogue().parameter("route-factor-rule-of-thumb").fact
    yield Parameter("route-factor", "x distance", best.value, usual.value, best.source, _route_factor)


def _demand() -> Iterator[Parameter]:
    source = "assumption: a forecast of a fifth less or more"
    yield Parameter("demand", TIMES, 0.8, 1.2, source, _demand_times)


def _scaled(name: str, parameter: str, put: Put) -> Parameter:
    """Return a factor on the scenario's own number, with the relative range of a parameter of the catalogue."""
    fact: Fact = load_catalogue().parameter(parameter).fact
    low, high = (end / fact.value for end in fact.range)
    return Parameter(name, TIMES, low, high, f"{fact.source} ({parameter})", put)


def _table(scenario: Scenario, table: str, edit: Callable[[Any], dict[str, Any]]) -> Scenario:
    rows = tuple(row.model_copy(update=edit(row)) for row in getattr(scenario, table))
    return scenario.model_copy(update={table: rows})


def _all(table: str, key: str) -> Put:
    return lambda s, factor: _table(s, table, lambda row: {key: factor * getattr(row, key)})


def _of_policy(key: str) -> Put:
    return lambda s, value: s.model_copy(update={"policy": s.policy.model_copy(update={key: value})})


def _policy_times(key: str) -> Put:
    return lambda s, factor: _of_policy(key)(s, factor * getattr(s.policy, key))


def _is_hub(design: Design) -> bool:
    return bool(HUB_TIERS & set(design.tiers))


def _of_designs(hubs: bool, key: str) -> Put:
    def put(scenario: Scenario, factor: float) -> Scenario:
        return _table(
            scenario, "designs", lambda d: {key: factor * getattr(d, key)} if _is_hub(d) is hubs else {}
        )

    return put


def _pue(*, hubs: bool) -> Put:
    def scaled(pue: float, factor: float) -> float:
        return min(LARGEST_PUE, max(1.0, factor * pue))

    def put(scenario: Scenario, factor: float) -> Scenario:
        meant = {d.id for d in scenario.designs if _is_hub(d) is hubs}
        designs = _table(
            scenario, "designs", lambda d: {"pue": scaled(d.pue, factor)} if d.id in meant else {}
        )
        return _table(
            designs,
            "sites",
            lambda s: {"pue": {k: scaled(v, factor) if k in meant else v for k, v in s.pue.items()}},
        )

    return put


def _scale_exponent(scenario: Scenario, value: float) -> Scenario:
    return _table(scenario, "designs", lambda d: {"scale_exponent": value} if d.scale_exponent < 1.0 else {})


def _price(name: str) -> Put:
    return lambda s, usd: _entry(s, name, {"price_usd": usd})


def _server_power(used: list[str]) -> Put:
    def put(scenario: Scenario, factor: float) -> Scenario:
        for name in used:
            now = accelerator_numbers(scenario, name)["server_factor"]
            scenario = _entry(scenario, name, {"server_factor": max(1.0, factor * now)})
        return scenario

    return put


def _entry(scenario: Scenario, name: str, values: dict[str, float]) -> Scenario:
    """Return the scenario with its own figures of an accelerator in place of the catalogue's."""
    rows = list(scenario.accelerators)
    for n, row in enumerate(rows):
        if row.id == name:
            rows[n] = row.model_copy(update=values)
            break
    else:
        rows.append(AcceleratorEntry(id=name).model_copy(update=values))
    return scenario.model_copy(update={"accelerators": tuple(rows)})


def _replica_price(scenario: Scenario, factor: float) -> Scenario:
    return _table(
        scenario,
        "workloads",
        lambda w: (
            {}
            if w.replica is None
            else {"replica": w.replica.model_copy(update={"usd": factor * w.replica.usd})}
        ),
    )


def _egress(scenario: Scenario, factor: float) -> Scenario:
    scenario = _policy_times("egress_usd_per_gb")(scenario, factor)
    return _table(
        scenario,
        "sites",
        lambda s: {} if s.egress_usd_per_gb is None else {"egress_usd_per_gb": factor * s.egress_usd_per_gb},
    )


def _discount(scenario: Scenario, rate: float) -> Scenario:
    return scenario.model_copy(
        update={"horizon": scenario.horizon.model_copy(update={"discount_rate": rate})}
    )


def _route_factor(scenario: Scenario, value: float) -> Scenario:
    latency = scenario.network.latency.model_copy(update={"route_factor": value})
    return scenario.model_copy(update={"network": scenario.network.model_copy(update={"latency": latency})})


def _demand_times(scenario: Scenario, factor: float) -> Scenario:
    return _table(
        scenario,
        "demand",
        lambda d: {"peak_rps": factor * d.peak_rps, "mean_rps": factor * d.mean_rps},
    )
