"""Capital of modules as coefficients of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from siteopt.arrays import Floats
    from siteopt.instance import Instance


@dataclass(frozen=True, slots=True, eq=False)
class ModuleCapital:
    """Capital of modules beyond the existing ones, USD: ``build x sunk + modules x each + counts x whole``.

    Attributes
    ----------
    sunk : ndarray of float64, shape (n_option,)
        Credit for the existing modules, where every module costs the same; a coefficient of the option, because it is
        due only on whichever of a site's connections is taken.
    each : ndarray of float64, shape (n_option,)
        Cost of one module; 0 where modules do not all cost the same.
    whole : ndarray of float64, shape (n_count,)
        Cost of all new modules of an option with that number in total, where modules do not all cost the same.
    """

    sunk: Floats
    each: Floats
    whole: Floats


def module_capital(instance: Instance, counts: list[tuple[int, int]]) -> ModuleCapital:
    """Return the capital coefficients; each option and number of modules in ``counts`` has a binary of its own."""
    options, designs = instance.options, instance.designs
    first = designs.capex_ptr[options.design]
    step = designs.capex_usd[first + 1] - designs.capex_usd[first]
    each = np.where(designs.is_linear[options.design] == 1, step, 0.0)
    whole = np.array([instance.capex_of_modules(o, n) for o, n in counts], dtype=np.float64)
    return ModuleCapital(-each * options.sunk_modules, each, whole)
