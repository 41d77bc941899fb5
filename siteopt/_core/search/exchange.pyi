from typing_extensions import disjoint_base

from siteopt._core.search.search import LocalSearch

@disjoint_base
class Exchanges:
    def __init__(self, search: LocalSearch, places: int, moves: int) -> None: ...
    def improve(self) -> bool: ...
