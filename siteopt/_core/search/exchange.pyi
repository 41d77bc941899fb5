from typing_extensions import disjoint_base

from siteopt._core.search.site_search import SiteSearch

@disjoint_base
class Exchanges:
    def __init__(self, sites: SiteSearch, places: int, moves: int) -> None: ...
    def improve(self) -> bool: ...
