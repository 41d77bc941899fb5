"""The auditor: whether a plan meets every rule of its scenario, and whether every figure it reports is true.

It reads the scenario and the plan and nothing else. Every formula is written here a second time, in plain
Python, so that a mistake in the compiled instance, the models or the evaluator cannot hide behind itself.
"""

from siteopt.verify.audit import verify
from siteopt.verify.violation import Violation

__all__ = ["Violation", "verify"]
