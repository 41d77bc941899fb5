"""Where the commands write to: results to stdout, everything else to stderr."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Width of tables in a pipe, where nobody says how wide it is.
PIPE_COLUMNS = 100


class _PatientConsole(Console):
    """A console whose reader may go away: what is left to say goes nowhere, and the work goes on."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def result_console() -> Console:
    """Console for results on stdout; plain text of fixed width in a pipe."""
    width = None if sys.stdout.isatty() else PIPE_COLUMNS
    return _PatientConsole(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


def progress_console() -> Console:
    """Console for progress and log on stderr."""
    return _PatientConsole(file=sys.stderr, highlight=False, markup=False, emoji=False)


@contextmanager
def results() -> Iterator[None]:
    """Write results; a reader that has had enough (``siteopt solve ... | head``) is not an error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes stdout once more when it ends; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _ConsoleHandler(logging.Handler):
    """Prints log records above the live line of progress instead of through it."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.print(self.format(record), soft_wrap=True)


@contextmanager
def logging_to(console: Console, level: str) -> Iterator[None]:
    """Show the log of siteopt on a console, at least from ``level`` on."""
    logger = logging.getLogger("siteopt")
    handler, before = _ConsoleHandler(console), logger.level
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(level.upper())
    try:
        yield
    finally:
        logger.removeHandler(handler)
        if level != "debug":  # an internal error asks for this afterwards
            logger.setLevel(before)
