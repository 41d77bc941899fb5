"""Proofs by arithmetic, before any solver runs, that no plan exists; each in words, with names and numbers.

A statement is made only where it is certain: the needs of a plan are counted at their least (fractional replicas,
cheapest designs), the supply at its most (best PUE, most modules), and the two must differ by more than rounding. A
scenario without a statement may still have no plan; then the solver says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from siteopt.diagnose.proofs.counts import too_many_sites
from siteopt.diagnose.proofs.money import too_little_budget
from siteopt.diagnose.proofs.needs import gather_needs
from siteopt.diagnose.proofs.power import too_big_for_one_site, too_little_power
from siteopt.diagnose.proofs.reach import out_of_reach
from siteopt.diagnose.proofs.resilience import on_one_site

if TYPE_CHECKING:
    from siteopt.compile.implicit_flows import ImplicitFlows
    from siteopt.instance import Instance
    from siteopt.scenario.schema import Scenario


def impossibilities(scenario: Scenario, instance: Instance) -> list[str]:
    """List reasons why no plan can meet every rule of a scenario.

    Parameters
    ----------
    scenario : Scenario
    instance : Instance
        Compiled from it.

    Returns
    -------
    list of str
        Empty where arithmetic alone finds no reason.
    """
    needs = gather_needs(instance)
    return [
        *out_of_reach(scenario, instance, needs),
        *too_big_for_one_site(scenario, instance, needs),
        *too_little_power(scenario, instance, needs),
        *too_many_sites(scenario, instance, needs),
        *too_little_budget(instance, needs),
        *on_one_site(scenario, instance),
    ]


def implicit_impossibilities(scenario: Scenario, implicit: ImplicitFlows) -> list[str]:
    """List reasons why no plan exists where flows are implicit: only demands that no site can reach.

    Parameters
    ----------
    scenario : Scenario
    implicit : ImplicitFlows
        Compiled from it.
    """
    lost = np.flatnonzero(implicit.is_lost & np.isinf(implicit.instance.demands.unserved_usd))
    needs = replace(gather_needs(implicit.instance), lost=tuple(lost.tolist()))
    return list(out_of_reach(scenario, implicit.instance, needs))
