"""Survival of the loss of any one site: where protected flows go, what is reserved for them, what the plan reports."""

from siteopt.resilience.candidates import Withheld
from siteopt.resilience.cover import Cover, cover
from siteopt.resilience.moved import moved_loads, reserves

__all__ = ["Cover", "Withheld", "cover", "moved_loads", "reserves"]
