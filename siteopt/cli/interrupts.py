"""How Ctrl-C and SIGTERM act while a command has results to lose."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Default handlers, which would lose the work; any other was set on purpose.
DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)


@contextmanager
def until_written() -> Iterator[Callable[[], bool]]:
    """Take the first signal as a request to stop, so that results can be written; raise KeyboardInterrupt at a second.

    Yields
    ------
    callable
        Whether a first signal has come.
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
