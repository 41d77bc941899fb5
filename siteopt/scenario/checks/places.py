"""Jurisdictions, the backbone and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.errors import Problem
from siteopt.scenario.checks.ids import unique, unknown_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.scenario.schema import Scenario

RESERVED_JURISDICTIONS = {"any", "same"}


def check_jurisdictions(scenario: Scenario) -> Iterator[Problem]:
    """Check that ids and groups cannot be mistaken for each other."""
    yield from unique("jurisdictions", (j.id for j in scenario.jurisdictions))
    ids = {j.id for j in scenario.jurisdictions}
    for i, jurisdiction in enumerate(scenario.jurisdictions):
        if jurisdiction.id in RESERVED_JURISDICTIONS:
            yield Problem(
                f"jurisdictions[{i}].id", f"{jurisdiction.id!r} is a reserved word; choose another id"
            )
        for g, group in enumerate(jurisdiction.groups):
            if group in RESERVED_JURISDICTIONS or group in ids:
                taken = "a reserved word" if group in RESERVED_JURISDICTIONS else "the id of a jurisdiction"
                message = f"{group!r} is {taken}; choose another name for the group"
                yield Problem(f"jurisdictions[{i}].groups[{g}]", message)


def check_network(scenario: Scenario) -> Iterator[Problem]:
    """Check that nodes and links name what is known."""
    network = scenario.network
    jurisdictions = {j.id for j in scenario.jurisdictions}
    nodes = {n.id for n in network.nodes}
    yield from unique("network.nodes", (n.id for n in network.nodes))
    for i, node in enumerate(network.nodes):
        if node.jurisdiction not in jurisdictions:
            yield unknown_id(
                scenario, f"network.nodes[{i}].jurisdiction", "jurisdiction", node.jurisdiction, jurisdictions
            )
    for i, link in enumerate(network.links):
        for key, end in (("from", link.from_node), ("to", link.to_node)):
            if end not in nodes:
                yield unknown_id(scenario, f"network.links[{i}].{key}", "network node", end, nodes)
        if link.from_node == link.to_node:
            yield Problem(
                f"network.links[{i}]", f"joins {link.from_node!r} to itself; a link joins two nodes"
            )


def check_regions(scenario: Scenario) -> Iterator[Problem]:
    """Check that jurisdiction and node of every region are known."""
    jurisdictions = {j.id for j in scenario.jurisdictions}
    nodes = {n.id for n in scenario.network.nodes}
    yield from unique("regions", (r.id for r in scenario.regions))
    for i, region in enumerate(scenario.regions):
        if region.jurisdiction not in jurisdictions:
            yield unknown_id(
                scenario, f"regions[{i}].jurisdiction", "jurisdiction", region.jurisdiction, jurisdictions
            )
        if region.node is not None and region.node not in nodes:
            yield unknown_id(scenario, f"regions[{i}].node", "network node", region.node, nodes)
