"""The consoles of the commands: results go to stdout, everything else to stderr."""

from __future__ import annotations

import io
import logging
import sys
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, cast

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

#: Width of tables in a pipe, which has none of its own.
PIPE_COLUMNS = 100


class _ResultConsole(Console):
    """A console that falls silent once its reader is gone, where rich would end the program and redirect stdout."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


class _Patient(io.TextIOBase):
    """A stream for progress: if its reader goes away or its disk is full, the work goes on without it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the descriptor of the stream."""
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Write as far as that is possible."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush as far as that is possible."""
        with suppress(OSError):
            self._stream.flush()


def result_console() -> Console:
    """Return the console for results on stdout; in a pipe it writes plain text of fixed width."""
    width = None if sys.stdout.isatty() else PIPE_COLUMNS
    return _ResultConsole(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


def progress_console() -> Console:
    """Return the console for progress and log on stderr."""
    return Console(file=cast("IO[str]", _Patient(sys.stderr)), highlight=False, markup=False, emoji=False)


@contextmanager
def results() -> Iterator[None]:
    """Let results be written; a reader that stops early (``siteopt solve ... | head``) is not an error."""
    with suppress(BrokenPipeError):
        yield
        sys.stdout.flush()


class _ConsoleHandler(logging.Handler):
    """A log handler that prints above the live line of progress instead of through it."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.print(self.format(record), soft_wrap=True)


@contextmanager
def logging_to(console: Console, level: str) -> Iterator[None]:
    """Show the log of siteopt on a console, from ``level`` on."""
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
