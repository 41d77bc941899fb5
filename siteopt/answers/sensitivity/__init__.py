"""One-at-a-time sensitivity: solve with each uncertain number at both ends of its range, everything else unchanged."""

from siteopt.answers.sensitivity.parameters import Parameter, parameters_of
from siteopt.answers.sensitivity.run import BASELINE_TIMES, sensitivity
from siteopt.answers.sensitivity.tornado import Row, Tornado

__all__ = ["BASELINE_TIMES", "Parameter", "Row", "Tornado", "parameters_of", "sensitivity"]
