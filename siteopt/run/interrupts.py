"""Ctrl-C and the system's wish to end (SIGTERM) as a wish for the best plan so far."""

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
    """Let the first signal ask for the best plan so far; a second one is the usual KeyboardInterrupt.

    Signals belong to the main thread: elsewhere nothing is installed. What is ignored stays so, and so does a SIGTERM
    that the program around has a handler of its own for; it can pass ``stop`` to the solve.
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
    if handler is None:  # installed by other than Python, which could not put it back
        return False
    if number == signal.SIGTERM:
        return handler in (signal.SIG_DFL, signal.default_int_handler)
    return handler is not signal.SIG_IGN
