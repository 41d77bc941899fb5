"""Random prices, the dual function at them, and the enumerated optimum that no value of it exceeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import assume

from siteopt._core.dual.lagrangian import SitePricer
from siteopt.compile import compile_instance
from siteopt.instance import Prices
from siteopt.scenario import load_scenario
from support.reference.optimum.all_rules import TooManyError, optimum

if TYPE_CHECKING:
    from siteopt._core.dual.subproblem import SiteSubproblems
    from siteopt.instance import Instance


def enumerated(document: dict[str, Any]) -> tuple[Instance, float]:
    """The instance and its true optimum, where there is one."""
    scenario = load_scenario(document)
    try:
        found = optimum(scenario)
    except TooManyError:
        found = None
    assume(found is not None)
    assert found is not None
    return compile_instance(scenario), found[0]


def random_prices(instance: Instance, rng: np.random.Generator, size_usd: float) -> Prices:
    """Of everything, some of them nothing."""
    variants = instance.variants
    n_site, n_cover = len(instance.sites.id), len(variants.protected_workloads)
    per_rps = float((variants.usd / variants.usable_rps).max())
    demand = rng.normal(1.0, 1.0, len(instance.demands.region)) * size_usd
    return Prices(
        demand_usd=np.minimum(demand, instance.demands.unserved_usd),
        limit_usd_per_mw=rng.exponential(1e6, len(instance.grid.id)) * rng.integers(0, 2),
        link_usd_per_gbps=rng.exponential(size_usd / 10.0, len(instance.links.id)) * rng.integers(0, 2),
        cover_usd_per_rps=rng.exponential(per_rps, (n_site, n_cover)) * rng.integers(0, 2),
        capital=float(rng.exponential(0.3)) if np.isfinite(instance.budget_usd) else 0.0,
        rule_usd=_random_rule_prices(instance, rng, size_usd),
    )


def _random_rule_prices(instance: Instance, rng: np.random.Generator, size_usd: float) -> np.ndarray:
    """Above nothing only where there is an upper limit, below only where there is a lower one."""
    rules = instance.linear_rules
    usd = rng.normal(0.0, size_usd, len(rules)) * rng.integers(0, 2)
    least, most = (
        np.where(np.isfinite(rules.lower), -np.inf, 0.0),
        np.where(np.isfinite(rules.upper), np.inf, 0.0),
    )
    return np.clip(usd, least, most)


def priced_usd(instance: Instance, pricer: SiteSubproblems, prices: Prices) -> float:
    """Sum of the sites' values."""
    return pricer.price(
        prices.demand_usd,
        prices.limit_usd_per_mw,
        prices.capital,
        prices.link_usd_per_gbps,
        prices.cover_usd_per_rps,
        instance.linear_rules.weights.T @ prices.rule_usd,
    )


def dual_usd(instance: Instance, prices: Prices) -> float:
    """The dual function, by the kernel."""
    value = priced_usd(instance, SitePricer(instance), prices) + prices.demand_usd.sum()
    value -= prices.limit_usd_per_mw @ instance.grid.limit_mw
    value -= prices.link_usd_per_gbps @ instance.links.limit_gbps
    rules = instance.linear_rules
    for usd, lower, upper in zip(prices.rule_usd, rules.lower, rules.upper, strict=True):
        value -= usd * upper if usd > 0.0 else usd * lower if usd < 0.0 else 0.0
    return float(value - (prices.capital * instance.budget_usd if prices.capital else 0.0))
