"""Parsers for physical quantities given as options: finite numbers within a range."""

from __future__ import annotations

import argparse
import math

#: No sensible quantity is larger; a larger number is in a wrong unit.
LARGEST = 1e9


def positive(text: str) -> float:
    """Parse a number above 0."""
    value = _finite(text)
    if not 0.0 < value <= LARGEST:
        raise argparse.ArgumentTypeError(f"{text} should be greater than 0 and at most {LARGEST:,.0f}")
    return value


def zero_or_more(text: str) -> float:
    """Parse a number that is at least 0."""
    value = _finite(text)
    if not 0.0 <= value <= LARGEST:
        raise argparse.ArgumentTypeError(f"{text} should be at least 0 and at most {LARGEST:,.0f}")
    return value


def percentile(text: str) -> float:
    """Parse a percentile given as a fraction: 0.99, not 99."""
    value = _finite(text)
    if not 0.5 <= value < 1.0:
        raise argparse.ArgumentTypeError(f"{text} should be at least 0.5 and less than 1; 0.99, not 99")
    return value


def share(text: str) -> float:
    """Parse a share that is less than the whole."""
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
