"""Files that hold results: whole or not at all, and where their owner wants them."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path
from unittest import mock

import pytest

from siteopt.plan import write_atomically

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes, links and pipes of POSIX")


@posix
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_a_file_that_is_replaced_keeps_its_mode(mode: int, tmp_path: Path) -> None:
    """A plan that nobody else may read became readable to all with the next solve."""
    path = tmp_path / "plan.json"
    path.write_text("old")
    path.chmod(mode)
    write_atomically(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", mode)


@posix
def test_a_new_file_has_the_mode_that_the_process_gives(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "plan.json", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o640


@posix
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_followed(exists: bool, tmp_path: Path) -> None:
    """The link stays, and what it leads to is replaced, or made."""
    (tmp_path / "results").mkdir()
    target, link = tmp_path / "results" / "plan.json", tmp_path / "latest.json"
    if exists:
        target.write_text("old")
    link.symlink_to(target)
    write_atomically(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["plan.json"]


@posix
def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """It stays a pipe, and its reader gets the text."""
    path, heard = tmp_path / "pipe", list[str]()
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: heard.append(path.read_text()))
    reader.start()
    write_atomically(path, "new")
    reader.join(10.0)
    assert heard == ["new"]
    assert stat.S_ISFIFO(path.stat().st_mode)


@posix
def test_a_device_stays_one() -> None:
    write_atomically(Path("/dev/null"), "new")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path) -> None:
    """Else a machine that loses its power has the name, and nothing in it."""
    order: list[str] = []
    sync, rename = os.fsync, os.replace
    with (
        mock.patch("os.fsync", side_effect=lambda handle: (order.append("sync"), sync(handle))[1]),
        mock.patch("os.replace", side_effect=lambda *names: (order.append("rename"), rename(*names))[1]),
    ):
        write_atomically(tmp_path / "plan.json", "new")
    assert order[:2] == ["sync", "rename"]


@pytest.mark.parametrize("fault", ["os.fsync", "os.replace"])
def test_a_disk_that_fails_leaves_the_old_file_and_nothing_else(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text("old")
    failing = mock.patch(fault, side_effect=OSError(28, "No space left on device"))
    with failing, pytest.raises(OSError, match="No space left"):
        write_atomically(path, "new")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("plan.json", "old")]
