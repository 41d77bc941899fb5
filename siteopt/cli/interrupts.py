"""Ctrl-C and SIGTERM while a command has something to lose."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Handlers that would lose the work, and that nobody chose.
DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)


@contextmanager
def until_written() -> Iterator[Callable[[], bool]]:
    """Let the first signal be a wish to end, so that the body can write what it has; a second one is KeyboardInterrupt.

    Yields
    ------
    callable
        Whether the wish was heard.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    heard = False

    def hear(_signal: int, _frame: object) -> None:
        nonlocal heard
        if heard:
            raise KeyboardInterrupt
        heard = True

    numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) in DEFAULTS]
    previous = {number: signal.signal(number, hear) for number in numbers}
    try:
        yield lambda: heard
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
