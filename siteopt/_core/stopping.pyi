from collections.abc import Callable

from typing_extensions import disjoint_base

@disjoint_base
class StopCheck:
    stopped: bool
    def __init__(self, is_over: Callable[[], bool] | None = None) -> None: ...
    def ask(self) -> bool: ...
