from typing_extensions import disjoint_base

from siteopt._core.facility.open_sites import OpenSites

@disjoint_base
class Interchange:
    tried: int
    def __init__(self, plan: OpenSites) -> None: ...
    def improve(self, tries: int) -> bool: ...
