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
    """Capital of modules beyond those that stand, USD: ``build x sunk + modules x each + counts x whole``.

    Attributes
    ----------
    sunk : ndarray of float64, shape (n_option,)
        Credit for the modules that stand, where every module costs the same; a coefficient of the option, for it is
        due only on the one of a site's connections that is taken.
    each : ndarray of float64, shape (n_option,)
        One module; 0 where modules do not all cost the same.
    whole : ndarray of float64, shape (n_count,)
        All new modules of an option with so many in all, for the rest.
    """

    sunk: Floats
    each: Floats
    whole: Floats


def module_capital(instance: Instance, counts: list[tuple[int, int]]) -> ModuleCapital:
    """Capital coefficients; ``counts`` are the options and numbers of modules that have a binary each."""
    options, designs = instance.options, instance.designs
    first = designs.capex_ptr[options.design]
    step = designs.capex_usd[first + 1] - designs.capex_usd[first]
    each = np.where(designs.is_linear[options.design] == 1, step, 0.0)
    whole = np.array([instance.capex_of_modules(o, n) for o, n in counts], dtype=np.float64)
    return ModuleCapital(-each * options.sunk_modules, each, whole)
