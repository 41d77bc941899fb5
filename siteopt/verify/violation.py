"""What the auditor reports, and how far two numbers may differ before it does."""

from __future__ import annotations

from dataclasses import dataclass

#: Solvers meet a row within 1e-6 of its right-hand side; nothing physical is known better than that.
RELATIVE = 1e-6
ABSOLUTE = 1e-9
#: The shares of a demand add up to one within this.
SHARE = 1e-6
#: Money is rounded to the cent nowhere; this only forgives the order of summation near zero.
ABSOLUTE_USD = 1e-3


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a plan breaks.

    Attributes
    ----------
    rule : str
        Name of the rule, such as ``headroom``.
    subject : str
        What breaks it: a site, a demand, a pool, a grid limit, or ``plan``.
    message : str
        What is the case and what should be, with numbers.
    excess : float
        By how much, in the unit of the rule; 1 where the rule is a matter of yes or no.
    """

    rule: str
    subject: str
    message: str
    excess: float = 1.0

    def __str__(self) -> str:
        return f"{self.rule}: {self.subject}: {self.message}"


def above(value: float, limit: float, absolute: float = ABSOLUTE) -> bool:
    """Whether ``value`` exceeds ``limit`` by more than rounding."""
    return value - limit > absolute + RELATIVE * abs(limit)


def differ(reported: float, actual: float, absolute: float = ABSOLUTE) -> bool:
    """Whether a reported figure is not the actual one."""
    return abs(reported - actual) > absolute + RELATIVE * abs(actual)
