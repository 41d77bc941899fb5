"""Compile the Cython kernels under ``ext/``; everything else is in ``pyproject.toml``.

Switches, each 0 or 1 in the environment:

``SITEOPT_CHECKED``   bounds checks and division checks on in every kernel (the suite runs both ways).
``SITEOPT_COVERAGE``  line tracing for ``coverage`` with the ``Cython.Coverage`` plugin.
``SITEOPT_ANNOTATE``  an HTML page beside each ``.pyx`` that shows where Python is called.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import sysconfig
import zlib
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# After setuptools, which provides it: Python itself has none any more from 3.12 on.
from distutils.ccompiler import new_compiler  # isort: skip
from distutils.sysconfig import customize_compiler  # isort: skip

ROOT = Path(__file__).parent
SOURCES = sorted((ROOT / "ext").rglob("*.pyx"))
#: Code of Cython's own that every kernel needs: compiled once instead of in each of them.
SHARED = "siteopt._core._cyutility"


def switch(name: str) -> bool:
    value = os.environ.get(name, "0")
    if value not in ("0", "1"):
        raise SystemExit(f"{name} must be 0 or 1, not {value!r}")
    return value == "1"


def source_crc() -> int:
    """CRC of every kernel source, compiled in so that a stale build is noticed (tests/house/test_build.py)."""
    crc = 0
    for path in sorted((ROOT / "ext").rglob("*.p[yx][xd]")):
        crc = zlib.crc32(path.read_bytes(), crc)
    return crc


class BuildKernels(build_ext):
    """Cythonize late, so that metadata steps stay cheap, and choose flags once the compiler is known."""

    def build_extensions(self) -> None:
        from Cython.Build import cythonize

        checked, coverage = switch("SITEOPT_CHECKED"), switch("SITEOPT_COVERAGE")
        # Directives are not part of any dependency check, so a change of switches needs a forced build.
        self.force = True
        macros = [("SITEOPT_SOURCE_CRC", f"{source_crc()}u")]
        if coverage:
            macros += [("CYTHON_TRACE", "1"), ("CYTHON_TRACE_NOGIL", "1"), ("CYTHON_USE_SYS_MONITORING", "0")]
        # -ffast-math is never used: bounds need IEEE arithmetic, and it changes the whole process's FPU mode.
        flags = ["/O2"] if self.compiler.compiler_type == "msvc" else ["-O3", "-ffp-contract=off"]
        for extension in self.extensions:
            extension.define_macros = macros
            extension.extra_compile_args = flags
        self.extensions = cythonize(
            self.extensions,
            force=True,
            annotate=switch("SITEOPT_ANNOTATE"),
            include_path=["ext"],
            shared_utility_qualified_name=SHARED,
            compiler_directives={
                "language_level": "3",
                "embedsignature": True,
                "wraparound": False,
                "boundscheck": checked,
                "initializedcheck": checked,
                "cdivision": not checked,
                "auto_pickle": False,
                "autotestdict": False,
                "linetrace": coverage,
            },
        )
        for extension in self.extensions:
            extension._needs_stub = False  # noqa: SLF001  setuptools sets it, but only on what it was given
        self.parallel = self.parallel or os.cpu_count()
        super().build_extensions()


def require_compiler() -> None:
    """Stop with one sentence, before the pages that a build prints, where it could not end well."""
    compiler = new_compiler()
    if compiler.compiler_type != "unix":
        return  # on Windows, setuptools looks for the compiler itself and says where to get it
    customize_compiler(compiler)
    command = compiler.compiler_so[0]
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if shutil.which(command) is None:
        missing = f"found no C compiler ({command!r})"
    elif not header.exists():
        missing = f"found no Python headers ({header})"
    else:
        return
    raise SystemExit(
        f"siteopt compiles its kernels while it is installed, but {missing}: run 'apt-get install gcc python3-dev' "
        "(Debian, Ubuntu), 'dnf install gcc python3-devel' (Fedora) or 'xcode-select --install' (macOS), then "
        "install again."
    )


def package_page() -> str:
    """README.md for a package page, where a path leads nowhere: each is named as a file of the source distribution.

    There is no public address of the repository that the links could lead to.
    """
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.sub(r"!?\[([^\]]+)\]\((?!https?:)([^)]+)\)", r"\1 (`\2` in the source distribution)", text)


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT / "ext").with_suffix("").parts)


if {"build", "build_ext", "bdist_wheel", "editable_wheel", "develop", "install"} & set(sys.argv):
    require_compiler()

setup(
    long_description=package_page(),
    long_description_content_type="text/markdown",
    ext_modules=[Extension(module_name(p), [str(p.relative_to(ROOT))]) for p in SOURCES]
    + [Extension(SHARED, ["ext/siteopt/_core/_cyutility.c"])],
    cmdclass={"build_ext": BuildKernels},
)
