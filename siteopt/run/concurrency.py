"""Run work concurrently with the caller if there is a second core for it."""

from __future__ import annotations

import logging
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


logger = logging.getLogger(__name__)


def has_spare_core() -> bool:
    """Return whether the process may run on more than one core, and may have a thread for it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores > 1 and _can_start_threads()


def _can_start_threads() -> bool:
    """Find out whether a limit on threads is reached, as containers have one, by starting one that does nothing."""
    try:
        threading.Thread(target=int, daemon=True).start()
    except RuntimeError as error:
        logger.warning("bound and search take turns: %s", error)
        return False
    return True


@contextmanager
def concurrently(
    task: Callable[[Callable[[], bool]], None], on_failure: Callable[[], None]
) -> Iterator[None]:
    """Run a task in a thread while the body of the ``with`` statement runs.

    Parameters
    ----------
    task : callable
        Receives a function that tells whether to go on and has to call it often. Shares no kernel with the body.
    on_failure : callable
        Called when the task raises, so that the body can stop early.

    Raises
    ------
    Exception
        Whatever the task raised, at the end of the body.
    """
    stop, failure = threading.Event(), list[BaseException]()

    def work() -> None:
        try:
            task(lambda: not stop.is_set())
        except BaseException as error:
            failure.append(error)
            on_failure()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if failure:
        raise failure[0]
