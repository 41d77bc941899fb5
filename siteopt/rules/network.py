"""Traffic stays within uplinks of sites and links of the backbone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.compile.links import link_name
from siteopt.rules.rule import PlanCheck, Rule, Use, replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siteopt.plan import Plan
    from siteopt.rules.rule import Eased
    from siteopt.scenario.schema import Scenario

#: Title of the table that shows both.
LINKS = "Uplinks and links"


def _uplink_ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
    return replaced(scenario, "sites", lambda s: {"uplink_gbps": to[s.id]} if s.id in to else {})


def _link_ease(scenario: Scenario, to: Eased, _ample_mw: float) -> Scenario:
    links = tuple(
        link.model_copy(update={"capacity_gbps": to[name]}) if (name := link_name(link)) in to else link
        for link in scenario.network.links
    )
    return scenario.model_copy(update={"network": scenario.network.model_copy(update={"links": links})})


def _uses(prefix: str) -> Callable[[Scenario, Plan], Iterator[Use]]:
    """Return a function that reads the links of a plan whose ids begin with ``uplink:`` or ``link:``."""

    def uses(_scenario: Scenario, plan: Plan) -> Iterator[Use]:
        for row in plan.links:
            if row.limit_gbps is not None and row.id.startswith(prefix):
                yield Use("link", row.id, "Gbit/s", row.used_gbps, row.limit_gbps)

    return uses


UPLINK = Rule(
    "uplink",
    "Gbit/s",
    plan_checks=(
        PlanCheck(
            "uplink", "traffic within every uplink", lambda s: any(j.uplink_gbps is not None for j in s.sites)
        ),
    ),
    figures=("link_use",),
    limits=lambda scenario: {j.id: j.uplink_gbps for j in scenario.sites if j.uplink_gbps is not None},
    ease=_uplink_ease,
    is_of_site=True,
    uses=_uses("uplink:"),
    table=LINKS,
    tell=lambda _case, site, limit: f"{site} has an uplink of {limit:g} Gbit/s.",
)
LINK = Rule(
    "link",
    "Gbit/s",
    plan_checks=(
        PlanCheck(
            "link",
            "traffic within every link",
            lambda s: any(x.capacity_gbps is not None for x in s.network.links),
        ),
    ),
    limits=lambda scenario: {
        link_name(x): x.capacity_gbps for x in scenario.network.links if x.capacity_gbps is not None
    },
    ease=_link_ease,
    uses=_uses("link:"),
    table=LINKS,
    tell=lambda _case, link, limit: f"{link} carries {limit:g} Gbit/s.",
)
