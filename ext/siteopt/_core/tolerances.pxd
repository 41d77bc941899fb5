"""Tolerances of every kernel that deals with a plan or with flows, and the value that stands for nowhere.

``siteopt/tolerances.py`` has the same values for Python.
"""

cdef extern from *:
    """
    #define SITEOPT_SLACK 5e-7
    #define SITEOPT_TIGHT_SLACK 1e-9
    #define SITEOPT_TINY 1e-9
    #define SITEOPT_NOTHING 1e-12
    #define SITEOPT_SMALLEST_SHARE 1e-7
    #define SITEOPT_ROUNDING 1e-12
    #define SITEOPT_CENT 0.01
    """
    # Relative slack of capacities: half of the verifier's tolerance, more than a solver's rounding.
    const double SLACK "SITEOPT_SLACK"
    # Relative slack of capacities where nothing but sums is rounded, as in facility location.
    const double TIGHT_SLACK "SITEOPT_TIGHT_SLACK"
    # MW, replicas and units of demand below this are rounding.
    const double TINY "SITEOPT_TINY"
    # Shares below this are rounding.
    const double NOTHING "SITEOPT_NOTHING"
    # Smaller parts of a demand are not moved by themselves.
    const double SMALLEST_SHARE "SITEOPT_SMALLEST_SHARE"
    # Relative error that a sum in double precision may have, and then some.
    const double ROUNDING "SITEOPT_ROUNDING"
    # Costs are hundreds of millions of USD: improvements below a cent are rounding.
    const double CENT "SITEOPT_CENT"

# In the place of an arc: unserved; of an option: closed; of a site: none.
cdef enum:
    NOWHERE = -1
