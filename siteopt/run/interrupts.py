"""Let Ctrl-C and SIGTERM end a solve early with the best plan so far."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.run.progress import Clock


@contextmanager
def interruptible(clock: Clock) -> Iterator[None]:
    """Let a first signal stop the solve with its best plan so far; a second one raises KeyboardInterrupt as usual.

    Signals belong to the main thread, so that no handler is installed in any other. A signal that is ignored stays so,
    and a program that handles SIGTERM itself keeps its handler; it can pass ``stop`` to the solve.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(_signal: int, _frame: object) -> None:
        if clock.interrupted:
            raise KeyboardInterrupt
        clock.interrupt()

    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in previous.items():
        if _may_be_taken(number, handler):
            signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in previous.items():
            if signal.getsignal(number) is on_signal:
                signal.signal(number, handler)


def _may_be_taken(number: int, handler: object) -> bool:
    if handler is None:  # not installed by Python, which could not restore it
        return False
    if number == signal.SIGTERM:
        return handler in (signal.SIG_DFL, signal.default_int_handler)
    return handler is not signal.SIG_IGN
