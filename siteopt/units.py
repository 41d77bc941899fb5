"""Conversions that more than one floor needs. Each name says from what to what."""

from __future__ import annotations

from math import ceil

HOURS_PER_YEAR = 8760.0
SECONDS_PER_YEAR = HOURS_PER_YEAR * 3600.0
KW_PER_MW = 1000.0
DAYS_PER_YEAR = 365.0
BITS_PER_BYTE = 8.0
SECONDS_PER_DAY = 86400.0
US_PER_MS = 1000.0
#: 1 g/kWh is 1 kg/MWh, a thousandth of a tonne per MWh.
TONNES_PER_MWH_PER_G_PER_KWH = 1e-3


def present_value_of_one_per_year(years: float, discount_rate: float) -> float:
    """Return the value today of 1 USD paid at the end of every year.

    Parameters
    ----------
    years : float
        Horizon, years; at least 1.
    discount_rate : float
        Real discount rate per year, 0.07 for 7 %; zero is allowed.

    Returns
    -------
    float
        ``(1 - (1 + r) ** -years) / r``, and ``years`` where ``r`` is 0.
    """
    if discount_rate == 0.0:
        return float(years)
    return float((1.0 - (1.0 + discount_rate) ** -years) / discount_rate)


def life_cycle(
    life_years: float | None, salvage_fraction: float, years: float, discount_rate: float
) -> tuple[float, float]:
    """Return what keeping something in service costs beyond its purchase, and what it is worth at the horizon.

    It is bought again at the end of each life before the horizon, when the old one is sold for ``salvage_fraction``
    of its price. At the horizon the last one is worth that, and of the rest the share of its life that is left.

    Parameters
    ----------
    life_years : float or None
        None for things that are never bought again and worth nothing at the end.
    salvage_fraction : float
        Worth at the end of its life, over its price.
    years, discount_rate : float
        Horizon.

    Returns
    -------
    refresh, salvage : float
        Present values over the price; neither is negative.
    """
    if life_years is None:
        return 0.0, 0.0
    times = int(ceil(years / life_years - 1e-9)) - 1
    growth = 1.0 + discount_rate
    refresh = sum((1.0 - salvage_fraction) * growth ** (-k * life_years) for k in range(1, times + 1))
    left = max(0.0, 1.0 - (years - times * life_years) / life_years)
    return refresh, float((salvage_fraction + (1.0 - salvage_fraction) * left) * growth**-years)
