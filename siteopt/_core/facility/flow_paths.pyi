from typing_extensions import disjoint_base

from siteopt._core.facility.flow_graph import FlowGraph

@disjoint_base
class FlowPaths(FlowGraph):
    paths: int
