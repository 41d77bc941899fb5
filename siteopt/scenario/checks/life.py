"""Life and salvage value of whatever is bought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.schema import Scenario


def check_life(
    scenario: Scenario,
    path: str,
    life_years: float | None,
    salvage_fraction: float | None,
    known_life_years: float | None = None,
) -> Iterator[Problem]:
    """Yield keys of a life cycle that act on nothing.

    Parameters
    ----------
    scenario : Scenario
    path : str
        What is bought, in the words of the file.
    life_years, salvage_fraction : float or None
        As given there.
    known_life_years : float or None
        Life that holds where none is given.
    """
    given = {"life_years": life_years is not None, "salvage_fraction": bool(salvage_fraction)}
    if not scenario.policy.refresh:
        for key in (key for key, is_given in given.items() if is_given):
            message = "acts only with policy.refresh true; set that or remove this"
            yield Problem(f"{path}.{key}", message)
    elif salvage_fraction and life_years is None and known_life_years is None:
        message = "needs life_years beside it: it is what is left at the end of that life"
        yield Problem(f"{path}.salvage_fraction", message)
