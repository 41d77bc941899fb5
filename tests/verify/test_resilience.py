"""Decisions that break the rule ``resilience``: what is protected survives the loss of any one site."""

from __future__ import annotations

from math import exp, log
from typing import Any

import pytest
from support.documents.all_rules import full_plan, full_scenario, move
from support.documents.edits import REMOVE, changed
from support.documents.plans import plan_of
from support.documents.small_scenario_plan import pool
from support.reference.plan_figures import priced

from siteopt.scenario import load_scenario
from siteopt.verify import Violation, verify

#: Agents are protected, too: one replica stands by at the hub, 3 x 7 + 3 x 40 = 141 ms away.
AGENT = {"workloads.1.protect": {"slo_ms": 160.0}, "policy.tenant_share": REMOVE}
STANDBY: dict[str, Any] = {"pools.+": pool("hub", "agent", 1) | {"data": "home"}}
AGENT_MOVES: dict[str, Any] = {"n_minus_1.1.moves.+": move("north", "agent", "hub", 1.0)}
# Sized by tails, one slot per replica. 2.4 erlang on 4 replicas: Erlang B = 1.3824 / 9.9664, of which C = B / (1 - 0.6
# (1 - B)) = 0.287043 wait; 1.6 replicas are free, 0.016 per ms. At p99 that is ln(28.7043) / 0.016 = 209.816 ms.
TAIL = {"workloads.0.sizing": "tail", "workloads.0.slo.0.ms": 600.0, "workloads.0.protect.slo_ms": 684.4}
BLOCKED = 1.3824 / 9.9664
WAITS = BLOCKED / (1.0 - 0.6 * (1.0 - BLOCKED))
P99_MS = log(WAITS / 0.01) / 0.016
SERVICE_MS = 100.0 * log(100.0)


def check(plan_edits: dict[str, Any], scenario_edits: dict[str, Any]) -> list[Violation]:
    loaded = load_scenario(changed(full_scenario(), scenario_edits))
    plan = changed(full_plan(), plan_edits | {"bound_usd": None, "gap": None})
    return verify(loaded, priced(loaded, plan_of(plan)))


# Every figure of the plan is made true: plan edits, scenario edits -> numbers in the messages.
DECISIONS: list[tuple[str, dict[str, Any], dict[str, Any], tuple[str, ...]]] = [
    ("nothing moves", {"n_minus_1.1.moves.0": REMOVE}, {}, ("0 of the demand", "0.75")),
    ("a failure forgotten", {"n_minus_1.0": REMOVE}, {}, ("0 of the demand", "0.25", "1 of what")),
    ("a part moves", {"n_minus_1.1.moves.0.share": 0.5}, {}, ("0.5 of the demand", "0.75")),
    ("more moves than was served", {"n_minus_1.1.moves.0.share": 0.8}, {}, ("0.8 of the demand", "0.75")),
    (
        "moves though nothing was served",
        {"n_minus_1.2.moves.+": move("north", "chat", "hub", 0.25)},
        {},
        ("0.25 of the demand", "served 0 "),
    ),
    (
        "less than nothing moves",
        {
            "n_minus_1.1.moves.0.share": 1.0,
            "n_minus_1.1.moves.+": move("north", "chat", "alp", -0.25),
            "pools.+": pool("alp", "chat", 1),
        },
        {},
        ("share of -0.25", "above 0"),
    ),
    ("stays where it was", {"n_minus_1.0.moves.0.site": "hub"}, {}, ("'hub'", "0 replicas are left")),
    ("moves where nothing stands", {"n_minus_1.0.moves.0.site": "alp"}, {}, ("'alp'", "0 replicas")),
    (
        "moves where a pool has no replica",
        {"n_minus_1.0.moves.0.site": "alp", "pools.+": pool("alp", "chat", 0)},
        {},
        ("'alp'", "0 replicas"),
    ),
    (
        "what is not protected moves",
        {"n_minus_1.0.moves.+": move("north", "search", "alp", 1.0)},
        {},
        ("0 shares", "served 0 "),
    ),
    ("degraded SLO", {}, {"workloads.0.protect.slo_ms": 474.0}, ("474.517", "474 ms")),
    (
        "second SLO, which is not relaxed",
        {},
        {"workloads.0.slo.+": {"metric": "e2e", "ms": 474.2, "percentile": 0.99}},
        ("474.517", "474.2"),
    ),
    ("no room by the cap", {"pools.1.replicas": 2}, {}, ("1.2 erlang moved", "2.4 replicas", "1.6 of 2")),
    (
        "a lower cap",
        {},
        {"policy.utilisation_cap": 0.59, "workloads.2.sizing": "linear"},
        ("2.4 replicas", "2.36 of 4"),
    ),
    ("no room for the peak", {"pools.0.replicas": 2}, {}, ("2.4 replicas", "1.6 of 2")),
    ("tail after the failure", {}, TAIL | {"workloads.0.protect.slo_ms": 684.3}, ("P(wait >", "at most 0.01")),
    ("bursts after the failure", {}, TAIL | {"workloads.0.burst_factor": 1.1}, ("P(wait >",)),
    ("agents may not move to hubs", STANDBY | AGENT_MOVES, AGENT | {"workloads.1.tiers": ["micro"]}, ("1 allowed",)),
    (
        "agents too slow on the hub",
        STANDBY | AGENT_MOVES,
        AGENT | {"workloads.1.slo.0.ms": 135.0, "workloads.1.protect.slo_ms": 140.0},
        ("141", "140"),
    ),
    (
        "agents abroad",
        STANDBY | AGENT_MOVES | {"n_minus_1.1.moves.1.site": "alp", "pools.5.site": "alp"},
        AGENT,
        ("'CH'", "2 allowed: DE, NL"),
    ),
    (
        "agents split",
        STANDBY
        | {
            "n_minus_1.1.moves.+": move("north", "agent", "hub", 0.5),
        },
        AGENT,
        ("0.5 of the demand", "served 1 "),
    ),
    ("agents forgotten", STANDBY, AGENT, ("0 of the demand", "served 1 ")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("plan_edits", "scenario_edits", "numbers"), [c[1:] for c in DECISIONS], ids=[c[0] for c in DECISIONS]
)
def test_what_does_not_survive_is_found(
    plan_edits: dict[str, Any], scenario_edits: dict[str, Any], numbers: tuple[str, ...]
) -> None:
    found = check(plan_edits, scenario_edits)
    assert {violation.rule for violation in found} == {"resilience"}
    assert all(any(number in violation.message for violation in found) for number in numbers), found
    assert all(any(letter.isdigit() for letter in violation.message) for violation in found)
    assert all(violation.excess > 0.0 for violation in found)


def test_a_linear_pool_stands_by_to_its_last_replica() -> None:
    """1 erlang of agents on one replica; in the hub they ask data at hand."""
    assert check(STANDBY | AGENT_MOVES, AGENT) == []


def test_what_may_not_be_split_moves_whole() -> None:
    edits = STANDBY | {"n_minus_1.1.moves.+": move("north", "agent", "hub", 0.5)}
    plan = changed(changed(full_plan(), edits), {"pools.+": pool("alp", "agent", 1) | {"data": "home"}})
    plan = changed(plan, {"n_minus_1.1.moves.+": move("north", "agent", "alp", 0.5)})
    free = AGENT | {"workloads.1.jurisdictions": "any", "workloads.1.protect.slo_ms": 999.0}
    assert [v.message for v in check(plan, free)] == [
        "moves to 2 sites, but it may not be split: 1 should take it whole"
    ]


def test_a_tail_after_a_failure_worked_out_by_hand() -> None:
    """From the south the move needs 14 + 460.517 + 209.816 = 684.333 ms; at 684.3 the wait is missed by 5e-6."""
    loaded = load_scenario(changed(full_scenario(), TAIL))
    plan = priced(loaded, plan_of(changed(full_plan(), {"bound_usd": None, "gap": None})))
    assert verify(loaded, plan) == []
    assert plan.n_minus_1[0].moves[1].latency_ms == pytest.approx(14.0 + SERVICE_MS + P99_MS, rel=1e-9)
    assert plan.n_minus_1[0].worst_ms == plan.n_minus_1[0].moves[1].latency_ms
    found = check({}, TAIL | {"workloads.0.protect.slo_ms": 684.3})
    assert [violation.subject for violation in found] == ["sub/chat off hub"]
    missed = WAITS * exp(-0.016 * (684.3 - 14.0 - SERVICE_MS))
    assert found[0].excess == pytest.approx(missed - 0.01, rel=1e-6)


def test_flows_that_were_there_keep_the_degraded_slo_too() -> None:
    """At 681.2 ms north's move to the hub is in time, but the south, which was there and is 4 ms farther, is not."""
    edits = TAIL | {"workloads.0.replica.kw": 25.0, "workloads.0.protect.slo_ms": 681.2}
    found = check({"pools.1.replicas": 6}, edits)
    assert [(violation.rule, violation.subject) for violation in found] == [
        ("resilience", "hub/chat off sub")
    ]
    assert "1 of 3 flows" in found[0].message
    assert "from south" in found[0].message


def test_without_protection_nothing_is_said_about_failures() -> None:
    loaded = load_scenario(changed(full_scenario(), {"workloads.0.protect": REMOVE}))
    plan = plan_of(full_plan())
    assert priced(loaded, plan).n_minus_1 == ()
    assert {violation.rule for violation in verify(loaded, plan)} == {"resilience", "reserve_erlang"}


def test_nothing_moves_to_a_site_outside_the_mode() -> None:
    found = check({}, {"policy.mode": "edge"})
    assert {violation.rule for violation in found} == {"mode", "resilience"}
    moved = [violation for violation in found if violation.rule == "resilience"]
    assert [violation.subject for violation in moved] == ["north/chat -> hub off sub"]
    assert "none of the 3 of mode 'edge'" in moved[0].message


def test_a_queue_that_grows_without_end_has_no_latency() -> None:
    """Four replicas for 2.4 erlang and bursts of 1.7, which makes 4.08: within the cap, but no wait holds."""
    edits = TAIL | {"workloads.0.burst_factor": 1.7, "workloads.0.slo.0.ms": 684.0}
    loaded = load_scenario(changed(full_scenario(), edits))
    plan = priced(loaded, plan_of(changed(full_plan(), {"bound_usd": None, "gap": None})))
    assert plan.n_minus_1[0].moves[1].latency_ms is None
    assert {violation.rule for violation in verify(loaded, plan)} == {"resilience"}
    spoiled = changed(plan.to_dict(), {})
    spoiled["n_minus_1"][0]["moves"][1]["latency_ms"] = 684.0
    assert "move_latency" in {violation.rule for violation in verify(loaded, plan_of(spoiled))}
