"""Numbers in words: few digits, and none that mislead."""

from __future__ import annotations

import pytest

from siteopt.formatting import counted, listed, money, mw, percent


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        (0.0, "$0"),
        (-0.4, "$0"),
        (1.0, "$1"),
        (45_300.0, "$45,300"),
        (-45_300.0, "-$45,300"),
        (999_400.0, "$999,400"),
        (999_600.0, "$1.00M"),
        (9_994_000.0, "$9.99M"),
        (9_996_000.0, "$10.0M"),
        (812_400_000.0, "$812.4M"),
        (999_960_000.0, "$1.00B"),
        (-1_234_000_000.0, "-$1.23B"),
        (123_456_000_000.0, "$123B"),
    ],
)
def test_money(usd: float, words: str) -> None:
    """Thousands in full, then $M, then $B, without a step at the borders."""
    assert money(usd) == words


@pytest.mark.parametrize(
    ("fraction", "words"),
    [
        (0.0, "0%"),
        (1e-12, "0%"),
        (1e-6, "<0.01%"),
        (-1e-6, ">-0.01%"),
        (0.0042, "0.42%"),
        (0.00996, "1%"),
        (0.07, "7%"),
        (0.0724, "7.2%"),
        (0.384, "38%"),
        (0.9949, "99%"),
        (0.999999, "99.9%"),
        (1.0 - 1e-12, "100%"),
        (1.0, "100%"),
        (1.07, "107%"),
    ],
)
def test_percent(fraction: float, words: str) -> None:
    """Nearly nothing is not nothing, nearly all is not all."""
    assert percent(fraction) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "0"), (0.02512, "0.0251"), (2.5, "2.50"), (12.34, "12.3"), (1204.4, "1,204")]
)
def test_mw(value: float, words: str) -> None:
    """Three digits or a little more."""
    assert mw(value) == words


def test_lists_and_counts() -> None:
    """Long lists end in a number, and one is not many."""
    assert listed(["a", "b", "c", "d"]) == "a, b, c, d"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert (counted(1, "site"), counted(1200, "site"), counted(2, "sky", "skies")) == (
        "1 site",
        "1,200 sites",
        "2 skies",
    )
