"""The evaluator in vectorised NumPy: what a careful author would write without a compiler.

Covers what the German example uses: sizing by load and utilisation, moves between two sites.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from siteopt.instance import Instance, Solution

#: As in the kernel: relative slack of capacities, and what counts as rounding.
SLACK, TINY = 5e-7, 1e-9


class VectorisedEvaluator:
    """Figures of one solution, and changes of its cost by moves.

    Parameters
    ----------
    instance : Instance
    solution : Solution
        Its replicas and modules are the fewest that carry its shares.
    """

    def __init__(self, instance: Instance, solution: Solution) -> None:
        self._instance, self._solution = instance, solution
        pools, variants, grid = instance.pools, instance.variants, instance.grid
        v = pools.variant
        self._mw, self._idle = variants.replica_mw[v], variants.idle_fraction[v]
        self._rps, self._usable = variants.rps[v], variants.usable_rps[v]
        self._usd, self._capex_usd = variants.usd[v], variants.capex_usd[v]
        self._peak = self._by_pool(solution, instance.demands.peak_rps)
        self._mean = self._by_pool(solution, instance.demands.mean_rps)
        self._flows = np.bincount(instance.arcs.pool[solution.share > 0.0], minlength=len(v))
        self._it, self._mean_it = self._site_power(solution, self._mean)
        self._coefficients = np.zeros((len(grid.id), len(instance.sites.id)))
        limit = np.repeat(np.arange(len(grid.id)), np.diff(grid.ptr))
        self._coefficients[limit, grid.site] = grid.coefficient
        pue = np.where(solution.option >= 0, instance.options.pue[solution.option], 0.0)
        self._used = self._coefficients @ (pue * self._it)
        self._capex = self._capital(solution)

    def cost_usd(self, solution: Solution) -> float:
        """Net present cost of any solution, in full."""
        instance = self._instance
        sites, options = instance.sites, instance.options
        it_mw, mean_mw = self._site_power(solution, self._by_pool(solution, instance.demands.mean_rps))
        opened = np.flatnonzero(solution.option >= 0)
        o = solution.option[opened]
        mean_usd = (sites.energy_usd_per_mw + sites.carbon_usd_per_mw)[opened]
        peak_usd = (sites.demand_usd_per_mw + sites.coincident_usd_per_mw)[opened]
        running = peak_usd * it_mw[opened] + mean_usd * mean_mw[opened]
        modules_usd = self._modules_usd(o, solution.modules[opened])
        building = options.fixed_usd[o] + instance.life_factor[o] * modules_usd
        left_out = solution.unserved > 0.0
        penalties = solution.unserved[left_out] @ instance.demands.unserved_usd[left_out]
        return float(
            building.sum()
            + options.pue[o] @ running
            + solution.replicas @ self._usd
            + (solution.replicas > 0) @ instance.pools.fixed_usd
            + solution.share @ instance.arcs.usd
            + penalties
        )

    def move_deltas(self, source: Any, target: Any) -> Any:
        """Change of cost of each move of all that flows on ``source`` to ``target``; ``inf`` where infeasible.

        Parameters
        ----------
        source, target : ndarray of int32, shape (n,)
            Arcs of one demand each, at different sites.

        Returns
        -------
        ndarray of float64, shape (n,)
        """
        instance, solution = self._instance, self._solution
        amount = solution.share[source]
        less = self._change(source, -amount, -1)
        more = self._change(target, amount, solution.share[target] == 0.0)
        j, k = (instance.pools.site[instance.arcs.pool[arc]] for arc in (source, target))
        is_open = solution.option[k] >= 0
        at_source, at_target = self._site_delta(j, *less[1:3]), self._site_delta(k, *more[1:3])
        o, pue = solution.option[k], instance.options.pue
        it_mw = self._it[k] + more[1]
        fits = (at_target[1] <= instance.options.max_modules[o]) & (
            it_mw * pue[o] <= instance.options.headroom_mw[o] * (1.0 + SLACK) + TINY
        )
        here = self._coefficients.T[k]
        used = self._used + here * (pue[o] * more[1])[:, None]
        used += self._coefficients.T[j] * (pue[solution.option[j]] * less[1])[:, None]
        limit = instance.grid.limit_mw * (1.0 + SLACK) + TINY
        fits &= ((used <= limit) | (here == 0.0)).all(axis=1)
        capex = less[3] + more[3] + at_source[2] + at_target[2]
        affordable = (capex <= 0.0) | (self._capex + capex <= instance.budget_usd * (1.0 + SLACK))
        delta = less[0] + more[0] + at_source[0] + at_target[0]
        return np.where(is_open & affordable & (fits | (more[1] <= 0.0)), delta, np.inf)

    def _change(self, arc: Any, amount: Any, more_flows: Any) -> tuple[Any, Any, Any, Any]:
        """Cost, IT power, mean IT power and capital by which the arcs' pools change."""
        demands, p = self._instance.demands, self._instance.arcs.pool[arc]
        i = self._instance.arcs.demand[arc]
        needed = np.ceil((self._peak[p] + amount * demands.peak_rps[i]) / self._usable[p] * (1.0 - SLACK))
        needed = np.where(self._flows[p] + more_flows == 0, 0.0, np.maximum(needed, 1.0))
        more = needed - self._solution.replicas[p]
        busy = amount * demands.mean_rps[i] / self._rps[p]
        mean_mw = self._mw[p] * (self._idle[p] * more + (1.0 - self._idle[p]) * busy)
        usd = more * self._usd[p] + amount * self._instance.arcs.usd[arc]
        copies = (needed > 0).astype(int) - (self._solution.replicas[p] > 0)
        usd = usd + copies * self._instance.pools.fixed_usd[p]
        return usd, more * self._mw[p], mean_mw, more * self._capex_usd[p]

    def _site_delta(self, j: Any, it_mw: Any, mean_mw: Any) -> tuple[Any, Any, Any]:
        """Cost, modules afterwards, and capital by which sites change with their power."""
        sites, options, o = self._instance.sites, self._instance.options, self._solution.option[j]
        needed = np.ceil((self._it[j] + it_mw) / options.module_mw[o] * (1.0 - SLACK) - TINY)
        modules = np.maximum(needed, options.min_modules[o])
        counted = modules.astype(np.int64)
        capital = self._modules_usd(o, counted) - self._modules_usd(o, self._solution.modules[j])
        running = (sites.demand_usd_per_mw + sites.coincident_usd_per_mw)[j] * it_mw + (
            sites.energy_usd_per_mw[j] + sites.carbon_usd_per_mw[j]
        ) * mean_mw
        return self._instance.life_factor[o] * capital + options.pue[o] * running, modules, capital

    def _by_pool(self, solution: Solution, rate: Any) -> Any:
        arcs = self._instance.arcs
        return np.bincount(arcs.pool, weights=solution.share * rate[arcs.demand], minlength=len(self._mw))

    def _site_power(self, solution: Solution, mean_rps: Any) -> tuple[Any, Any]:
        """IT power of each site at peak and on average, MW."""
        site, n = self._instance.pools.site, len(self._instance.sites.id)
        mean = self._mw * (self._idle * solution.replicas + (1.0 - self._idle) * mean_rps / self._rps)
        peak = np.bincount(site, weights=solution.replicas * self._mw, minlength=n)
        return peak, np.bincount(site, weights=mean, minlength=n)

    def _capital(self, solution: Solution) -> float:
        options, opened = self._instance.options, np.flatnonzero(solution.option >= 0)
        o = solution.option[opened]
        modules_usd = self._modules_usd(o, solution.modules[opened])
        return float((options.fixed_capex_usd[o] + modules_usd).sum() + solution.replicas @ self._capex_usd)

    def _modules_usd(self, o: Any, modules: Any) -> Any:
        """Capital of bringing sites from what stands there to so many modules; more than there can be cost as those."""
        designs, options = self._instance.designs, self._instance.options
        first, last = designs.capex_ptr[options.design[o]], designs.capex_ptr[options.design[o] + 1] - 1
        return (
            designs.capex_usd[np.minimum(first + modules, last)]
            - designs.capex_usd[first + options.sunk_modules[o]]
        )
