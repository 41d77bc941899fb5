"""Fastest routes against those of networkx, equally fast ones included."""

from __future__ import annotations

from itertools import permutations

import networkx as nx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from siteopt.physics.network.routes import node_routes
from siteopt.physics.network.shortest import fastest_routes
from siteopt.physics.network.topology import build_topology
from siteopt.scenario.schema import Network, Scenario

#: Two ways of the same length from n0 to n3; the link to n2 comes first.
DIAMOND = Network.model_validate(
    {
        "nodes": [
            {"id": f"n{i}", "lat": 50.0, "lon": i, "jurisdiction": "NL" if i == 2 else "DE"} for i in range(4)
        ],
        "links": [
            {"from": f"n{a}", "to": f"n{b}", "latency_ms": 0.2} for a, b in ((0, 2), (0, 1), (3, 1), (2, 3))
        ],
    }
)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Two to nine nodes in three countries; few different times, so that many routes are equally fast."""
    n = draw(st.integers(2, 9))
    nodes = [
        {"id": f"n{i}", "lat": 50.0, "lon": i, "jurisdiction": draw(st.sampled_from(["DE", "NL", "CH"]))}
        for i in range(n)
    ]
    pairs = st.sampled_from([*permutations(range(n), 2)])
    links = [
        {"from": f"n{a}", "to": f"n{b}", "latency_ms": draw(st.sampled_from([0.1, 0.2, 0.3]))}
        for a, b in draw(st.lists(pairs, max_size=20))
    ]
    return Network.model_validate({"nodes": nodes, "links": links, "latency": {"per_hop_ms": 0.1}})


def graph_of(network: Network, allowed: frozenset[str] | None) -> nx.Graph:
    """The allowed part of the backbone, by row of its nodes."""
    row = {node.id: n for n, node in enumerate(network.nodes)}
    graph = nx.Graph()
    graph.add_nodes_from(row.values())
    for link in network.links:
        ends, ms = (
            (row[link.from_node], row[link.to_node]),
            (link.latency_ms or 0.0) + network.latency.per_hop_ms,
        )
        if not graph.has_edge(*ends) or ms < graph.edges[ends]["ms"]:
            graph.add_edge(*ends, ms=ms)
    return graph.subgraph(
        row[node.id] for node in network.nodes if allowed is None or node.jurisdiction in allowed
    )


@given(networks(), st.none() | st.frozensets(st.sampled_from(["DE", "NL", "CH"])))
@example(DIAMOND, None)
def test_times_and_routes_are_those_of_networkx(network: Network, allowed: frozenset[str] | None) -> None:
    """To the bit, and node by node: a plan names its routes."""
    topology = build_topology(Scenario.model_construct(network=network, regions=(), sites=()))
    graph, route = graph_of(network, allowed), node_routes(topology)
    for start in range(len(network.nodes)):
        times, _ = fastest_routes(topology, start, allowed)
        expected, paths = nx.single_source_dijkstra(graph, start, weight="ms") if start in graph else ({}, {})
        assert times == expected
        assert {end: list(route(start, end, allowed)) for end in times} == paths


def test_there_is_no_route_over_what_is_not_allowed() -> None:
    topology = build_topology(Scenario.model_construct(network=DIAMOND, regions=(), sites=()))
    assert node_routes(topology)(0, 3, None) == (0, 2, 3)
    assert node_routes(topology)(0, 3, frozenset({"DE"})) == (0, 1, 3)
    for start, end in ((0, 2), (2, 3), (2, 2)):
        with pytest.raises(KeyError):
            node_routes(topology)(start, end, frozenset({"DE"}))
