"""What is asked for is imported, and nothing else: a command line that waits a second for its help is not used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"highspy", "matplotlib", "networkx", "numpy", "pydantic", "pyomo", "rich", "scipy"}
HAND_CHECKED = Path(__file__).parents[2] / "examples" / "hand-checked" / "scenario.json"


def in_a_new_process(code: str) -> str:
    """What a program prints that starts with nothing imported, of the installed package (-P) as everywhere."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


def heavy_imports(code: str) -> set[str]:
    """Outside libraries that a program has imported when it ends."""
    last = in_a_new_process(f"{code}\nimport sys\nprint('\\n', *sys.modules)").splitlines()[-1]
    return HEAVY & set(last.split())


def command(*words: str) -> str:
    return f"from siteopt.cli import main\nassert main({list(words)}) == 0"


def test_the_package_alone_needs_no_library() -> None:
    assert heavy_imports("import siteopt") == set()


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_help_needs_no_library(option: str) -> None:
    assert heavy_imports(command(option)) == set()


def test_check_needs_no_solver() -> None:
    """Neither HiGHS nor Pyomo; none of SciPy where there is room and service takes as long as it takes."""
    if not HAND_CHECKED.is_file():
        pytest.skip("examples/ is not here: the tests run on an installed package alone")
    assert heavy_imports(command("check", str(HAND_CHECKED))) == {"networkx", "numpy", "pydantic", "rich"}


@pytest.mark.parametrize("name", ["evaluate", "verify"])
def test_a_function_stays_the_function_when_its_package_is_imported(name: str) -> None:
    """``import siteopt.verify`` binds the package in ``siteopt``, which hid the function of that name."""
    checks = f"import siteopt, siteopt.{name}\nprint(type(siteopt.{name}).__name__)"
    assert in_a_new_process(checks) == "function\n"
    solved_before = f"import siteopt\nsiteopt.solve\nprint(type(siteopt.{name}).__name__)"
    assert in_a_new_process(solved_before) == "function\n"


def test_a_name_that_the_package_does_not_have() -> None:
    import siteopt

    with pytest.raises(AttributeError, match="module 'siteopt' has no attribute 'sovle'"):
        _ = siteopt.sovle
    assert dir(siteopt) == siteopt.__all__
