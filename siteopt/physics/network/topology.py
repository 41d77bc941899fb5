"""The backbone as a graph, and the nodes to which regions and sites are attached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siteopt.physics.network.distance import great_circle_km
from siteopt.units import US_PER_MS

if TYPE_CHECKING:
    import networkx as nx

    from siteopt.arrays import Floats, Indices
    from siteopt.scenario.schema import Latency, Network, Scenario


@dataclass(frozen=True, slots=True, eq=False)
class Topology:
    """Everything that latency and routes are computed from.

    Attributes
    ----------
    latency : Latency
        Constants of the scenario.
    graph : networkx.Graph
        Backbone over node indices; edge attribute ``ms`` is the one-way time of a link, its hop included, ``link``
        its row in the scenario. Empty where the scenario has no network.
    node_ids, node_jurisdictions : tuple of str
        By node index.
    region_node, site_node : ndarray of int32, shape (n_region,), (n_site,)
        Backbone node of each; -1 where there is no network.
    region_access_km, site_access_km : ndarray of float64, shape (n_region,), (n_site,)
        Great-circle length of the access link.
    region_xy, site_xy : ndarray of float64, shape (n, 2)
        Latitude and longitude, degrees.
    """

    latency: Latency
    graph: nx.Graph
    node_ids: tuple[str, ...]
    node_jurisdictions: tuple[str, ...]
    region_node: Indices
    site_node: Indices
    region_access_km: Floats
    site_access_km: Floats
    region_xy: Floats
    site_xy: Floats

    @property
    def has_network(self) -> bool:
        """Whether flows take routes; otherwise distance is the great circle."""
        return len(self.node_ids) > 0


def pieces(topology: Topology) -> list[list[int]]:
    """Return the pieces of the backbone that no link joins, as rows of nodes, the largest first."""
    import networkx as nx

    found = [sorted(piece) for piece in nx.connected_components(topology.graph)]
    return sorted(found, key=lambda piece: (-len(piece), piece))


def ms_per_km(latency: Latency) -> float:
    """Return the one-way propagation time of one km of map distance, ms."""
    return latency.route_factor * latency.us_per_km / US_PER_MS


def build_topology(scenario: Scenario) -> Topology:
    """Build the graph and the access links of a scenario.

    Parameters
    ----------
    scenario : Scenario
        Valid.

    Returns
    -------
    Topology
    """
    network = scenario.network
    index = {node.id: i for i, node in enumerate(network.nodes)}
    node_xy = np.array([(n.lat, n.lon) for n in network.nodes], dtype=np.float64).reshape(-1, 2)
    region_xy = np.array([(r.lat, r.lon) for r in scenario.regions], dtype=np.float64).reshape(-1, 2)
    site_xy = np.array([(s.lat, s.lon) for s in scenario.sites], dtype=np.float64).reshape(-1, 2)
    region_node, region_km = _attach(region_xy, node_xy, _own_nodes(scenario))
    site_node, site_km = _attach(
        site_xy, node_xy, [None if s.node is None else [index[s.node]] for s in scenario.sites]
    )
    return Topology(
        latency=network.latency,
        graph=_backbone(network, index),
        node_ids=tuple(index),
        node_jurisdictions=tuple(n.jurisdiction for n in network.nodes),
        region_node=region_node,
        site_node=site_node,
        region_access_km=region_km,
        site_access_km=site_km,
        region_xy=region_xy,
        site_xy=site_xy,
    )


def _backbone(network: Network, index: dict[str, int]) -> nx.Graph:
    import networkx as nx  # takes long to import, and many commands route nothing

    graph = nx.Graph()
    graph.add_nodes_from(range(len(index)))
    for row, link in enumerate(network.links):
        ms = link.latency_ms if link.latency_ms is not None else (link.km or 0.0) * ms_per_km(network.latency)
        total = ms + network.latency.per_hop_ms
        a, b = index[link.from_node], index[link.to_node]
        # Of parallel links the fastest one carries the route.
        if not graph.has_edge(a, b) or total < graph.edges[a, b]["ms"]:
            graph.add_edge(a, b, ms=total, link=row)
    return graph


def _own_nodes(scenario: Scenario) -> list[list[int] | None]:
    """Return the nodes that each region may be attached to: the one named, else those of its jurisdiction."""
    index = {node.id: i for i, node in enumerate(scenario.network.nodes)}
    own: dict[str, list[int]] = {}
    for i, node in enumerate(scenario.network.nodes):
        own.setdefault(node.jurisdiction, []).append(i)
    return [own.get(r.jurisdiction) if r.node is None else [index[r.node]] for r in scenario.regions]


def _attach(places: Floats, nodes: Floats, allowed: list[list[int] | None]) -> tuple[Indices, Floats]:
    """Find node and access length of each place: the nearest one of those allowed, or of all (the first of equals).

    Equal means within a micrometre: rounding must not choose between two nodes at one distance.
    """
    if not len(nodes):
        return np.full(len(places), -1, dtype=np.int32), np.zeros(len(places))
    km = great_circle_km(places[:, 0], places[:, 1], nodes[:, 0], nodes[:, 1])
    eligible = km.copy()
    for row, own in enumerate(allowed):
        if own is not None:
            eligible[row] = np.inf
            eligible[row, own] = km[row, own]
    node = np.argmax(eligible <= eligible.min(axis=1, keepdims=True) + 1e-9, axis=1).astype(np.int32)
    return node, km[np.arange(len(places)), node]
