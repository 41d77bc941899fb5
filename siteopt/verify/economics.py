"""The worth of money over time: yearly payments, and things that are bought again at the end of their life."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from siteopt.scenario.schema import Horizon

#: A life that ends within this of the horizon, in years, ends with it.
SAME_TIME_YEARS = 1e-9


class Purchase(NamedTuple):
    """Something bought at time 0: price, USD, life, years, and the share of the price that it is worth at its end."""

    usd: float
    life_years: float | None
    salvage_fraction: float


def worth_of_one_per_year(horizon: Horizon) -> float:
    """Return the worth today of 1 USD at the end of each year of the horizon: the sum of a geometric series."""
    years, rate = horizon.years, horizon.discount_rate
    return years if rate == 0.0 else (1.0 - (1.0 + rate) ** -years) / rate


def life_cycle_usd(bought: Purchase, horizon: Horizon) -> tuple[float, float]:
    """Return the cost of later purchases, those replaced being sold, and what is left at the horizon, USD of today.

    Parameters
    ----------
    bought : Purchase
        With no life it is neither bought again nor credited.
    horizon : Horizon

    Returns
    -------
    refresh, left : float
        Both at least 0.
    """
    usd, life, worth = bought
    if life is None:
        return 0.0, 0.0
    refresh, last = 0.0, 0.0
    while last + life < horizon.years - SAME_TIME_YEARS:
        last += life
        refresh += usd * (1.0 - worth) * _today(horizon, last)
    unused = max(0.0, 1.0 - (horizon.years - last) / life)
    return refresh, usd * (worth + (1.0 - worth) * unused) * _today(horizon, horizon.years)


def _today(horizon: Horizon, year: float) -> float:
    """Return the worth today of 1 USD after a number of years."""
    return float((1.0 + horizon.discount_rate) ** -year)
