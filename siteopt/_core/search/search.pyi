from typing_extensions import disjoint_base

from siteopt._core.evaluate.evaluator import Evaluator
from siteopt._core.search.site_search import SiteSearch

@disjoint_base
class LocalSearch(SiteSearch):
    def __init__(self, evaluator: Evaluator, seed: int) -> None: ...
    def ruin_and_recreate(self, rounds: int, sites: int, worse_usd: float) -> int: ...
