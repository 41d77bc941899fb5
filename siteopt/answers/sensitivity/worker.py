"""A process of a sensitivity analysis: it leaves signals to its parent, and ends with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

#: Set by the parent of this process once it wants no more; none in a process without one.
_stop: Event | None = None


def begin(stop: Event) -> None:
    """Prepare a process for its solves."""
    global _stop
    _stop = stop
    for number in (signal.SIGINT, signal.SIGTERM):  # they go to all processes; the parent decides
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def is_asked_to_stop() -> bool:
    """Whether the parent wants no more."""
    return _stop is not None and _stop.is_set()


def _end_with_the_parent() -> None:
    """Exit once the parent has ended, however it did: nothing else would stop a process that waits."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
