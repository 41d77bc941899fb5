from typing_extensions import disjoint_base

from siteopt._core.facility.transport import Transport

@disjoint_base
class Interchange:
    tried: int
    def __init__(self, plan: Transport) -> None: ...
    def improve(self, tries: int) -> bool: ...
