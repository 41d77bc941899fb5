"""Great-circle distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from siteopt.arrays import Floats

EARTH_RADIUS_KM = 6371.0088
"""Mean radius R1 of the GRS 80 ellipsoid (IUGG), km."""


def great_circle_km(lat_a: ArrayLike, lon_a: ArrayLike, lat_b: ArrayLike, lon_b: ArrayLike) -> Floats:
    """Return the great-circle distance by the haversine formula, km.

    Parameters
    ----------
    lat_a, lon_a : array_like, shape (n,)
        Degrees.
    lat_b, lon_b : array_like, shape (m,)
        Degrees.

    Returns
    -------
    ndarray of float64, shape (n, m)
    """
    phi_a, lam_a, phi_b, lam_b = (
        np.radians(np.asarray(v, dtype=np.float64)) for v in (lat_a, lon_a, lat_b, lon_b)
    )
    half = (
        np.sin((phi_b[None, :] - phi_a[:, None]) / 2) ** 2
        + np.cos(phi_a)[:, None] * np.cos(phi_b)[None, :] * np.sin((lam_b[None, :] - lam_a[:, None]) / 2) ** 2
    )
    km: Floats = 2.0 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
    return km
