from typing_extensions import disjoint_base

from siteopt._core.search.site_search import SiteSearch

@disjoint_base
class Ruin:
    def __init__(self, sites: SiteSearch) -> None: ...
    def recreate(self, rounds: int, sites: int, worse_usd: float) -> int: ...
