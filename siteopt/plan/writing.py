"""Files that hold results: whole or not at all, and where their owner wants them."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that no reader, and no end of the machine, ever leaves half of it.

    A file that exists is replaced once the new one is on the disk, and keeps its mode and owner; a link is followed.
    What is no regular file, such as a pipe or a device, is written to as it is.
    """
    data = content.encode() if isinstance(content, str) else content
    known = _status(path)
    if known is not None and not stat.S_ISREG(known.st_mode):
        path.write_bytes(data)
        return
    target = Path(os.path.realpath(path))
    handle, temporary = create_beside(target)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if known is not None:
            _make_alike(temporary, known)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _remember(target.parent)


def create_beside(target: Path) -> tuple[int, Path]:
    """Create an empty file in the folder of another one; returns its descriptor, open for writing, and its path."""
    temporary = target.parent / f".siteopt-{secrets.token_hex(8)}.tmp"
    return os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), temporary


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _make_alike(temporary: Path, known: os.stat_result) -> None:
    if hasattr(os, "chown"):
        with suppress(OSError):  # only root may give files away, and only root finds somebody else's
            os.chown(temporary, known.st_uid, known.st_gid)
    os.chmod(temporary, stat.S_IMODE(known.st_mode))


def _remember(folder: Path) -> None:
    """Have the new name on the disk, too, where a folder can be opened for that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
