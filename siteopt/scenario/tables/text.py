"""The text of a table's file, and the names of files that are no text."""

from __future__ import annotations

import codecs
import io
import zipfile
from typing import TYPE_CHECKING

from siteopt.errors import Problem, ScenarioError
from siteopt.scenario.files import decode_utf8, read_bytes

if TYPE_CHECKING:
    from pathlib import Path

TO_CSV = 'save it as CSV (in Excel "CSV UTF-8") and name that file'
#: First bytes of files that are no text, what they are, and what to do.
FORMATS: tuple[tuple[bytes, str, str], ...] = (
    (b"PAR1", "Parquet", "write it as CSV, in pandas with to_csv(index=False), and name that file"),
    (
        b"ARROW1",
        "an Arrow or Feather file",
        "write it as CSV, in pandas with to_csv(index=False), and name that file",
    ),
    (b"SQLite format 3\0", "a GeoPackage or another SQLite database", "export the layer as CSV or GeoJSON"),
    (b"\0\0\x27\x0a", "a shapefile", "export the layer as CSV or GeoJSON"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (xls)", TO_CSV),
    (b"\x1f\x8b", "compressed (gzip)", "unpack it first"),
    (b"%PDF", "a PDF document", "name a CSV file"),
)
#: Files inside an archive that tell what it is.
ARCHIVES = {
    "xl/workbook.xml": ("an Excel workbook (xlsx)", TO_CSV),
    "xl/workbook.bin": ("an Excel workbook (xlsb)", TO_CSV),
    "content.xml": ("an OpenDocument spreadsheet", TO_CSV),
}


def table_text(path: Path, key: str) -> tuple[str, list[str]]:
    """Read a table's file as text.

    Parameters
    ----------
    path : Path
        The file.
    key : str
        Key of the scenario that names it, for messages.

    Returns
    -------
    text : str
        UTF-8, or UTF-16 as Excel's "Unicode text" is.
    remarks : list of str
        How it was read, where that is worth a sentence.

    Raises
    ------
    ScenarioError
        If it is not text; with its format, where that is known, and what to do.
    """
    content = read_bytes(path, key)
    found = _format(content)
    if found is not None:
        raise ScenarioError([Problem(key, f"{path.name} is {found[0]}, not CSV; {found[1]}")])
    encoding = _utf16(content)
    if encoding is None:
        return decode_utf8(content, path, key), []
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        message = f"{path.name} begins as UTF-16 but does not go on so; save it as UTF-8"
        raise ScenarioError([Problem(key, message)]) from None
    return text.replace("\r\n", "\n").replace("\r", "\n"), [f"{path.name} is read as UTF-16."]


def _format(content: bytes) -> tuple[str, str] | None:
    """Return what a file is that is no text, and what to do."""
    if content.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = archive.namelist()
        except zipfile.BadZipFile:
            names = []
        return next(
            (ARCHIVES[name] for name in names if name in ARCHIVES), ("a zip archive", "unpack it first")
        )
    for magic, name, advice in FORMATS:
        if content.startswith(magic):
            return name, advice
    if content.lstrip()[:1] == b"<":
        return "HTML or XML", "export the table as CSV"
    return None


def _utf16(content: bytes) -> str | None:
    """Return the byte order of UTF-16: from its mark, or from the zeros beside the letters of the first key."""
    if content.startswith(codecs.BOM_UTF16_LE) or (content[1:2] == b"\0" and content[:1] != b"\0"):
        return "utf-16-le"
    if content.startswith(codecs.BOM_UTF16_BE) or (content[:1] == b"\0" and content[1:2] != b"\0"):
        return "utf-16-be"
    return None
