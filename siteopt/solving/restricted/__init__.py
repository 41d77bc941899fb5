"""Scenarios with too many flows to list them: plans on a core of the sites, bounds over all of them."""

from siteopt.solving.restricted.run import Core, RestrictedRun

__all__ = ["Core", "RestrictedRun"]
