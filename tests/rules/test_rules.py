"""The list of rules: each id stands once, and what is eased can be eased."""

from __future__ import annotations

from siteopt.rules import DEMAND_CHECKS, EASABLE, FIGURES, PLAN_CHECKS, RULES


def test_every_id_stands_once() -> None:
    for ids in (
        [rule.id for rule in RULES],
        [*(check.id for check in DEMAND_CHECKS), *(check.id for check in PLAN_CHECKS), *FIGURES],
    ):
        assert len(ids) == len(set(ids))


def test_what_has_limits_can_be_eased_and_told() -> None:
    """A rule that takes part in conflicts adds to the sentence of a workload, or has one of its own."""
    assert EASABLE
    for rule in EASABLE.values():
        assert rule.ease is not None, rule.id
        default = type(rule)("any").tell
        assert rule.term is not None or rule.tell is not default or rule.id == "demand", rule.id
