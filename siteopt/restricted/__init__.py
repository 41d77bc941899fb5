"""Scenarios with too many flows to list them: plans on a core of the sites, bounds over all of them."""

from siteopt.restricted.run import RestrictedRun

__all__ = ["RestrictedRun"]
