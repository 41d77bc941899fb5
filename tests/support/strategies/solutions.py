"""Random solutions and random search states of an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siteopt.instance import Solution
from support.reference import evaluator as reference

if TYPE_CHECKING:
    from siteopt.instance import Instance

#: Rules that a move of flows can break.
CAPACITY = {"closed", "modules", "headroom", "grid", "budget", "tenant", "racks", "links", "rivals"}


def random_solution(instance: Instance, rng: np.random.Generator) -> Solution:
    """Any decisions at all, feasible or not: some sites open, any numbers of modules and replicas, any shares."""
    sites, options, demands = instance.sites, instance.options, instance.demands
    option = np.full(len(sites.id), -1, dtype=np.int32)
    modules = np.zeros(len(sites.id), dtype=np.int32)
    for j in range(len(sites.id)):
        first, last = sites.option_ptr[j], sites.option_ptr[j + 1]
        if first < last and rng.random() < 0.8:
            option[j] = rng.integers(first, last)
            most = options.max_modules[option[j]]
            modules[j] = min(most, options.sunk_modules[option[j]] + rng.integers(0, 4))
    share = rng.random(len(instance.arcs.demand)) * (rng.random(len(instance.arcs.demand)) < 0.6)
    free = np.isfinite(demands.unserved_usd)
    return Solution(
        option=option,
        modules=modules,
        replicas=rng.integers(0, 5, len(instance.pools.site)).astype(np.int32),
        share=share,
        unserved=rng.random(len(demands.region)) * free * (rng.random(len(demands.region)) < 0.5),
    )


def carried(
    instance: Instance,
    option: np.ndarray,
    share: np.ndarray,
    unserved: np.ndarray,
    reserve: reference.Reserve | None = None,
) -> Solution:
    """A search state written out: the fewest replicas and modules that carry the shares, and the reserve."""
    replicas, modules = reference.fewest(instance, option, share, reserve)
    return Solution(option, modules, replicas, share, unserved)


def random_state(instance: Instance, rng: np.random.Generator) -> Solution:
    """A state that keeps every rule of capacity; demands that found no place are unserved, whatever that costs."""
    sites, demands, arcs = instance.sites, instance.demands, instance.arcs
    option = np.full(len(sites.id), -1, dtype=np.int32)
    share, unserved = np.zeros(len(arcs.demand)), np.ones(len(demands.region))
    for j in rng.permutation(len(sites.id)):
        first, last = sites.option_ptr[j], sites.option_ptr[j + 1]
        if first < last and rng.random() < 0.9:
            option[j] = rng.integers(first, last)
            if reference.broken_rules(instance, carried(instance, option, share, unserved)) & CAPACITY:
                option[j] = -1
    for a in rng.permutation(len(arcs.demand)):
        i = arcs.demand[a]
        part = unserved[i] if rng.random() < 0.7 or not demands.is_splittable[i] else unserved[i] / 2
        share[a], unserved[i] = part, unserved[i] - part
        if reference.broken_rules(instance, carried(instance, option, share, unserved)) & CAPACITY:
            share[a], unserved[i] = 0.0, unserved[i] + part
    return carried(instance, option, share, unserved)


def random_reserve(instance: Instance, rng: np.random.Generator) -> reference.Reserve:
    """Load that failures would move to some of the protected pools, one at most for each site and workload."""
    pools, variants = instance.pools, instance.variants
    rps, slack_tier = np.zeros(len(pools.site)), np.full(len(pools.site), -1, dtype=np.int32)
    taken: set[tuple[int, int]] = set()
    for p in rng.permutation(len(pools.site)).tolist():
        v = int(pools.variant[p])
        key = int(pools.site[p]), int(variants.workload[v])
        if not variants.is_protected[v] or key in taken or rng.random() < 0.4:
            continue
        taken.add(key)
        rps[p] = variants.usable_rps[v] * rng.uniform(0.1, 2.5)
        first, last = variants.degraded_slack_tier_ptr[v], variants.degraded_slack_tier_ptr[v + 1]
        slack_tier[p] = rng.integers(first, last) if first < last else -1
    return rps, slack_tier
