"""Rules about racks: power and cooling that a replica needs, against what a design gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.verify.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siteopt.scenario.schema import Design
    from siteopt.verify.facts import Facts
    from siteopt.verify.replica_facts import ReplicaFacts

    Problem = Callable[[ReplicaFacts, Design], str | None]


def density_problem(replica: ReplicaFacts, design: Design) -> str | None:
    """Say why the racks of a design are too weak for a replica."""
    if design.rack_kw is None or replica.rack_kw <= design.rack_kw:
        return None
    return f"needs racks of {replica.rack_kw:g} kW; those of design {design.id!r} carry {design.rack_kw:g} kW"


def cooling_problem(replica: ReplicaFacts, design: Design) -> str | None:
    """Say why a design cannot cool a replica."""
    if replica.cooling == "air" or design.cooling == "liquid":
        return None
    return f"needs {replica.cooling} cooling; design {design.id!r} has {design.cooling}"


def density(facts: Facts) -> Iterator[Violation]:
    """Check ``density``: replicas stand only in racks that can be fed and cooled for their power."""
    yield from _check(facts, "density", density_problem)


def cooling(facts: Facts) -> Iterator[Violation]:
    """Check ``cooling``: what needs liquid cooling stands in designs that have it."""
    yield from _check(facts, "cooling", cooling_problem)


def _check(facts: Facts, rule: str, problem: Problem) -> Iterator[Violation]:
    for pool, replicas in facts.replicas.items():
        replica = facts.replica(pool)
        if replicas <= 0 or pool[0] not in facts.open or replica is None:
            continue
        found = problem(replica, facts.designs[facts.open[pool[0]].design])
        if found is not None:
            yield Violation(rule, f"{pool[0]}/{pool[1]}", f"{replicas} replica(s): {found}")
