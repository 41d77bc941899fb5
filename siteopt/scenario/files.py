"""A user's file as bytes or text, or one sentence that says why it cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.errors import Problem, ScenarioError
from siteopt.scenario.inputs import note_input

if TYPE_CHECKING:
    from pathlib import Path


def read_bytes(path: Path, where: str = "") -> bytes:
    """Read a file, or raise a :class:`ScenarioError` that says why not.

    Parameters
    ----------
    path : Path
        The file.
    where : str, optional
        Key of the scenario that names it, for messages.
    """
    try:
        note_input(path)
        return path.read_bytes()
    except FileNotFoundError:
        reason = f"{path} does not exist"
    except IsADirectoryError:
        reason = f"{path} is a directory; name a file"
    except OSError as error:
        reason = f"{path} cannot be read: {error.strerror}"
    except ValueError:  # a name with a zero byte
        reason = f"{str(path)!r} is not the name of a file"
    raise ScenarioError([Problem(where, reason)])


def read_text(path: Path, where: str = "") -> str:
    """Read a UTF-8 file (a byte-order mark is allowed), or raise a :class:`ScenarioError` that says why not."""
    return decode_utf8(read_bytes(path, where), path, where)


def decode_utf8(content: bytes, path: Path, where: str) -> str:
    """Return the text of a UTF-8 file.

    Raises
    ------
    ScenarioError
        That names the first byte which is not UTF-8, and the letter that it is on Windows.
    """
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        letter = bytes([byte]).decode("cp1252", errors="replace")
        windows = f", in Windows-1252 the letter {letter!r}" if letter.isalpha() else ""
        reason = f"{path} is not UTF-8 text (byte {error.start} is 0x{byte:02x}){windows}; save it as UTF-8"
    raise ScenarioError([Problem(where, reason)])
