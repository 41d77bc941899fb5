"""Physical quantities given as options: finite numbers within a range, checked before any work is done."""

from __future__ import annotations

import argparse
import math

#: Nothing that a planner means is larger; a larger number is a wrong unit.
LARGEST = 1e9


def positive(text: str) -> float:
    """A number above 0."""
    value = _finite(text)
    if not 0.0 < value <= LARGEST:
        raise argparse.ArgumentTypeError(f"{text} should be greater than 0 and at most {LARGEST:,.0f}")
    return value


def zero_or_more(text: str) -> float:
    """A number from 0."""
    value = _finite(text)
    if not 0.0 <= value <= LARGEST:
        raise argparse.ArgumentTypeError(f"{text} should be at least 0 and at most {LARGEST:,.0f}")
    return value


def percentile(text: str) -> float:
    """A percentile as a fraction: 0.99, not 99."""
    value = _finite(text)
    if not 0.5 <= value < 1.0:
        raise argparse.ArgumentTypeError(f"{text} should be at least 0.5 and less than 1; 0.99, not 99")
    return value


def share(text: str) -> float:
    """A share of a whole that leaves something over."""
    value = _finite(text)
    if not 0.0 <= value < 1.0:
        raise argparse.ArgumentTypeError(f"{text} should be at least 0 and less than 1; 0.25 is a quarter")
    return value


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value
