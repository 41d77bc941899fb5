"""Time in service of a request on an unloaded replica."""

from __future__ import annotations


def service_quantile_ms(mean_ms: float, scv: float, percentile: float) -> float:
    """Return a quantile of a gamma-distributed service time, ms.

    Parameters
    ----------
    mean_ms : float
        Mean, ms.
    scv : float
        Squared coefficient of variation; 0 is a fixed time, 1 the exponential distribution.
    percentile : float
        In (0, 1).

    Returns
    -------
    float
    """
    if scv == 0.0:
        return mean_ms
    from scipy.special import gammaincinv  # SciPy takes long to import, and many scenarios have no such times

    return float(gammaincinv(1.0 / scv, percentile)) * mean_ms * scv
