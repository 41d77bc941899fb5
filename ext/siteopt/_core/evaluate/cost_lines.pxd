"""Lines of the cost breakdown, in the order of ``siteopt.plan.COST_LINES``; ``N_LINES`` is how many there are."""

cdef enum:
    LAND
    CONNECTION
    FACILITIES
    ACCELERATORS
    REFRESH
    ENERGY
    DEMAND_CHARGES
    COINCIDENT_PEAK
    STAFF
    CARBON
    EGRESS
    TRANSIT
    DATA_REPLICAS
    UNSERVED
    REVENUE
    SALVAGE
    N_LINES
