"""Remarks on what the author of a valid scenario may not have meant: no errors, but worth a look."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from siteopt.diagnose.remarks.asked import idle, rates, slos, unused
from siteopt.diagnose.remarks.countries import countries
from siteopt.diagnose.remarks.equipment import racks, steps, useless_sites
from siteopt.diagnose.remarks.limits import grid, money, relief, traffic
from siteopt.diagnose.remarks.magnitudes import magnitudes
from siteopt.diagnose.remarks.places import abroad, pieces, places
from siteopt.diagnose.remarks.reach import protected, single_sites
from siteopt.diagnose.remarks.twice import twice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.instance import Instance
    from siteopt.scenario.schema import Scenario


def suspicions(scenario: Scenario, instance: Instance | None) -> list[str]:
    """List everything in a scenario that looks odd, for ``siteopt check``.

    Parameters
    ----------
    scenario : Scenario
    instance : Instance or None
        Compiled from it; without it, remarks that have to look at every flow are left out.

    Returns
    -------
    list of str
        One sentence each, with names and numbers.
    """
    return list(
        chain(
            useless_sites(scenario, instance) if instance is not None else (),
            steps(scenario),
            racks(scenario),
            on_input(scenario),
            places(scenario),
            pieces(scenario),
            abroad(scenario),
            single_sites(scenario, instance) if instance is not None else (),
            protected(scenario),
            slos(scenario),
            rates(scenario),
            money(scenario),
            grid(scenario, instance) if instance is not None else (),
            traffic(scenario),
            unused(scenario),
        )
    )


def on_input(scenario: Scenario) -> Iterator[str]:
    """Yield what a planner must know about the input before any plan: how it was read, and figures that look wrong."""
    yield from scenario.reading_remarks
    yield from idle(scenario)
    yield from magnitudes(scenario)
    yield from twice(scenario)
    yield from countries(scenario)
    yield from relief(scenario)
