"""The auditor: whether a plan meets every rule of its scenario, and whether every figure it reports is true.

It reads the scenario, with the catalogue's figures of hardware and models, and the plan, and nothing else. Every
formula is written here a second time, in plain Python, so that a mistake in the compiled instance, the serving physics,
the models or the evaluator cannot hide behind itself.
"""

from siteopt.verify.audit import verify
from siteopt.verify.violation import Violation

__all__ = ["Violation", "verify"]
