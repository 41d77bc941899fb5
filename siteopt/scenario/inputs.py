"""Which files are read, so that no output replaces one of them, and none that never ends."""

from __future__ import annotations

import errno
import stat
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_notes: ContextVar[list[Path] | None] = ContextVar("_notes", default=None)


@contextmanager
def noting_inputs() -> Iterator[list[Path]]:
    """Note down every file that is read in the body: scenario, tables, plan."""
    files: list[Path] = []
    token = _notes.set(files)
    try:
        yield files
    finally:
        _notes.reset(token)


def note_input(path: Path) -> None:
    """Note down a file that is about to be read.

    Raises
    ------
    OSError
        If it does not exist, or is a pipe, which may never be written to, or a device, which may never end.
    """
    files = _notes.get()
    if files is not None:
        files.append(path)
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "it is not a regular file; save it as one first", str(path))
