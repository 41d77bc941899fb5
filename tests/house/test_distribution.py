"""What is handed out holds what README.md refers to, and its package page has no link that leads nowhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
LINKED = LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))

if not (ROOT / "setup.py").is_file():
    pytest.skip("the tests run on an installed package alone", allow_module_level=True)


def test_what_the_readme_links_to_is_in_the_source_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the rules of MANIFEST.in, and what setuptools adds by itself."""
    filelist = pytest.importorskip("setuptools._distutils.filelist")
    monkeypatch.chdir(ROOT)
    files = filelist.FileList()
    files.allfiles = [
        os.path.relpath(os.path.join(folder, name))
        for top in ("examples", "benchmarks", "ext", "tests")
        for folder, _, names in os.walk(top)
        for name in names
    ] + os.listdir()
    for line in (ROOT / "MANIFEST.in").read_text(encoding="utf-8").splitlines():
        files.process_template_line(line)
    assert "examples/tour/report.png" in LINKED
    assert set(LINKED) - {"LICENSE"} <= set(files.files)


def test_the_package_page_has_no_relative_links() -> None:
    pytest.importorskip("Cython")
    done = subprocess.run(
        [sys.executable, "setup.py", "--long-description"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "# siteopt" in done.stdout
    assert LINK.findall(done.stdout) == []
    assert "the example (`examples/germany/scenario.json` in the source distribution)" in done.stdout
