"""Conversions that more than one floor needs. Each name says from what to what."""

from __future__ import annotations

HOURS_PER_YEAR = 8760.0
SECONDS_PER_YEAR = HOURS_PER_YEAR * 3600.0
KW_PER_MW = 1000.0
US_PER_MS = 1000.0
#: 1 g/kWh is 1 kg/MWh, a thousandth of a tonne per MWh.
TONNES_PER_MWH_PER_G_PER_KWH = 1e-3


def present_value_of_one_per_year(years: float, discount_rate: float) -> float:
    """Value today of 1 USD paid at the end of every year.

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
