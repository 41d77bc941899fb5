"""What counts as rounding, wherever plans, loads and costs are looked at.

The first group has the values of the kernels (``ext/siteopt/_core/tolerances.pxd``). The independent check of
:mod:`siteopt.verify` has tolerances of its own.
"""

#: Relative slack of capacities: half of the verifier's tolerance, more than a solver's rounding.
SLACK = 5e-7
#: Relative slack of capacities where nothing but sums is rounded, as in facility location.
TIGHT_SLACK = 1e-9
#: MW, replicas and units of demand below this are rounding.
TINY = 1e-9
#: Smaller parts of a demand are not moved by themselves, and are a solver's rounding where it has moved them.
SMALLEST_SHARE = 1e-7
#: Relative error that a sum in double precision may have, and then some.
ROUNDING = 1e-12

#: Shares of a whole below this are what is left of subtractions.
NEGLIGIBLE_SHARE = 1e-9
#: Loads that pools carry are lowered by this share, more than the feasibility tolerance of a solver.
SHRINK = 1e-6
#: Replicas for a bound are counted as if this part of one more could be powered, and were needed.
COUNT_SLACK = 1e-6
#: Costs that differ by less than this share of their lines are the same: a plan may use what is scarce up to the
#: verifier's tolerance, which is worth about that share of each line.
SAME_COST = 1e-6
