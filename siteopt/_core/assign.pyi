from siteopt._core.shift_swap import ShiftSwap

class Assignment(ShiftSwap):
    def anneal(self, iterations: int, heat_usd: float) -> None: ...
