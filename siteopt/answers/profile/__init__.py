"""Profile one workload: its possible deployments, its latency under load, and what sharing it between sites costs.

::

    Request     what to profile, in a planner's words
    case_of     Request -> Case: a scenario that holds this workload alone
    profile     Case -> Profile: deployments, load curve, pooling curve
"""

from siteopt.answers.profile.curves import LoadPoint, PoolingPoint, Subject, load_curve, pooling_curve
from siteopt.answers.profile.profile import profile
from siteopt.answers.profile.request import Case, Request, case_of
from siteopt.answers.profile.result import Curves, DeploymentRow, Profile, RejectedRow, Slo

__all__ = [
    "Case",
    "Curves",
    "DeploymentRow",
    "LoadPoint",
    "PoolingPoint",
    "Profile",
    "RejectedRow",
    "Request",
    "Slo",
    "Subject",
    "case_of",
    "load_curve",
    "pooling_curve",
    "profile",
]
