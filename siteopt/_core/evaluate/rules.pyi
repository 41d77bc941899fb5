from siteopt._core.evaluate.search_state import SearchState

class StateRules(SearchState):
    def is_feasible(self) -> bool: ...
