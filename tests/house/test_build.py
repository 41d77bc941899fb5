"""The kernels in use were compiled from the sources that stand here."""

from __future__ import annotations

import zlib
from importlib import import_module
from pathlib import Path

import pytest
from support.paths import KERNELS

from siteopt._core import build_info


@pytest.fixture
def sources() -> list[Path]:
    if not KERNELS.is_dir():
        pytest.skip("ext/ is not here: the tests run on an installed package alone")
    return sorted(KERNELS.rglob("*.pyx")) + sorted(KERNELS.rglob("*.pxd"))


def test_the_build_is_fresh(sources: list[Path]) -> None:
    """A changed kernel that was not compiled again is an old kernel under new tests."""
    crc = 0
    for path in sorted(sources):
        crc = zlib.crc32(path.read_bytes(), crc)
    assert crc == build_info.SOURCE_CRC, "the kernels are older than ext/: run pip install again"


def test_every_kernel_is_built_and_has_a_stub(sources: list[Path]) -> None:
    package = Path(build_info.__file__).parent
    for path in sources:
        if path.suffix == ".pyx":
            module = path.relative_to(KERNELS).with_suffix("")
            import_module(".".join(module.parts))
            stub = package.joinpath(*module.parts[2:]).with_suffix(".pyi")
            assert stub.is_file(), f"{module} has no stub"


def test_no_kernel_cares_about_numpy_headers(sources: list[Path]) -> None:
    """Typed memoryviews need none, so a build works with every NumPy."""
    for path in sources:
        assert "cimport numpy" not in path.read_text(encoding="utf-8"), path.name
