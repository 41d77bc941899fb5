"""Scenarios with too many flows to list them: plans of restricted problems, bounds over all sites."""

from siteopt.solving.restricted.run import RestrictedProblem, RestrictedRun

__all__ = ["RestrictedProblem", "RestrictedRun"]
