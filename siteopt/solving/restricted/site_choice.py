"""Choice of the restricted sites: those that the prices favour, and enough of them for every demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.solving.restricted.greedy_sites import greedy_sites

if TYPE_CHECKING:
    from siteopt.arrays import Indices, Rows
    from siteopt.bounds.implicit_flows import ImplicitAscent
    from siteopt.compile.implicit_flows import ImplicitFlows

#: Restricted sites beyond those of the plan; up to so many that were never chosen before come first.
MORE, FRESH = 120, 60
#: Sites that were open this often in the running average come before those of least value.
LIKELY = 0.02


class SiteChoice:
    """Chooses restricted sites, one set after another.

    Parameters
    ----------
    implicit : ImplicitFlows
    ascent : ImplicitAscent
        Its prices rank the sites.
    """

    def __init__(self, implicit: ImplicitFlows, ascent: ImplicitAscent) -> None:
        self._implicit, self._ascent = implicit, ascent
        self._tried = np.zeros(len(implicit.instance.sites.id), dtype=bool)

    def choose(self, standing: Indices) -> Indices:
        """Return the rows of the next restricted sites, ascending; ``standing`` are those of the best plan, if any.

        Every demand that some site may serve has one among them.
        """
        ascent = self._ascent
        likely = np.argsort(-ascent.openness, kind="stable")[: np.count_nonzero(ascent.openness > LIKELY)]
        by_value = np.argsort(ascent.site_value, kind="stable")
        greedy = greedy_sites(self._implicit, ascent.demand_usd)
        base = standing if len(standing) else greedy[:0]
        ranked = _distinct(np.concatenate([greedy, likely[: MORE // 2], by_value]))
        ranked = ranked[~np.isin(ranked, base)]
        fresh = ranked[~self._tried[ranked]][:FRESH]
        chosen = np.concatenate([base, _distinct(np.concatenate([fresh, ranked]))[:MORE]])
        self._tried[chosen] = True
        needed = [self._missing(chosen), self._required(by_value)]
        return np.unique(np.concatenate([chosen, *needed])).astype(np.int32)

    def _required(self, by_value: Rows) -> Rows:
        """Return, for each linear rule with a lower limit, as many of the sites of least value as reach it."""
        instance = self._implicit.instance
        rules, weights, site = instance.linear_rules, instance.linear_rules.weights, instance.options.site
        required = [by_value[:0]]
        for r in np.flatnonzero(np.isfinite(rules.lower)).tolist():
            most = np.zeros(len(instance.sites.id))
            np.maximum.at(most, site, weights[r].toarray().ravel())
            counting = by_value[most[by_value] > 0.0]
            required.append(counting[: np.searchsorted(np.cumsum(most[counting]), rules.lower[r]) + 1])
        return np.concatenate(required)

    def _missing(self, chosen: Indices) -> Indices:
        """Return the cheapest site of each demand that no chosen site may serve."""
        implicit, demands = self._implicit, self._implicit.instance.demands
        served = np.zeros(len(demands.region), dtype=bool)
        for v, k in enumerate(implicit.instance.variants.workload.tolist()):
            near = (implicit.rtt_ms[implicit.rule[v], chosen] <= implicit.reach_ms[v, chosen, None]).any(
                axis=0
            )
            served |= (demands.workload == k) & near[demands.region]
        wanted: Indices = self._ascent.cheapest_site[~served]
        return wanted[wanted >= 0]


def _distinct(rows: Indices) -> Indices:
    """Return each row once, in the order in which they first occur."""
    first = np.unique(rows, return_index=True)[1]
    return rows[np.sort(first)]
