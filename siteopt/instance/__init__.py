"""The same problem as flat arrays: what the model, the bounds, the search and the evaluator read.

All arrays are C-contiguous and read-only. Rows refer to each other by 32-bit index, and lists of rows are compressed
(``ptr[i]:ptr[i + 1]``). Nothing is dense in demands x sites. Every amount of money is net present USD, so that no
reader of an instance needs to know horizon or discount rate.

::

    site  1-n option (a design that may be built there, on a connection)
    site  1-n pool (a variant that may run there)      variant = workload on an accelerator, data at home or copied
    demand 1-n arc n-1 pool                            demand  = region x workload
    demand 1-n backup n-1 pool                         for demand that survives the loss of a site
    arc   n-1 route n-n link                           where uplinks or links have a capacity
"""

from siteopt.instance.flows import Arcs, Backups, Demands
from siteopt.instance.instance import Instance, Moves, Solution, no_moves
from siteopt.instance.limits import GridLimits, LinearRules, Links, Tenancy
from siteopt.instance.places import Designs, Options, Sites
from siteopt.instance.prices import Prices
from siteopt.instance.rows import pointer, ranges, row_of
from siteopt.instance.serving import Pools, SlackTiers, Variants

__all__ = [
    "Arcs",
    "Backups",
    "Demands",
    "Designs",
    "GridLimits",
    "Instance",
    "LinearRules",
    "Links",
    "Moves",
    "Options",
    "Pools",
    "Prices",
    "Sites",
    "SlackTiers",
    "Solution",
    "Tenancy",
    "Variants",
    "no_moves",
    "pointer",
    "ranges",
    "row_of",
]
