"""The verifier where every family of rules is active: a plan worked out by hand, and its figures spoiled."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest
from support.documents.all_rules import (
    FULL_COST_USD,
    FULL_GROSS_USD,
    FULL_LINES,
    LINKS,
    TENANTS,
    full_plan,
    full_scenario,
    move,
)
from support.documents.edits import REMOVE, changed
from support.documents.plans import plan_of
from support.reference.plan_figures import priced

from siteopt.plan import COST_LINES
from siteopt.scenario import load_scenario
from siteopt.scenario.schema import Horizon
from siteopt.verify import verify
from siteopt.verify.economics import Purchase, life_cycle_usd


def test_the_plan_worked_out_by_hand_holds() -> None:
    assert verify(load_scenario(full_scenario()), plan_of(full_plan())) == []


def test_the_hand_figures_add_up() -> None:
    assert list(FULL_LINES) == list(COST_LINES)
    assert sum(FULL_LINES.values()) == pytest.approx(FULL_COST_USD, abs=1e-6)
    assert sum(max(0.0, usd) for usd in FULL_LINES.values()) == pytest.approx(FULL_GROSS_USD, abs=1e-6)


def test_the_verifier_prices_as_worked_out_by_hand() -> None:
    plan = priced(load_scenario(full_scenario()), plan_of(full_plan()))
    assert plan.cost_lines == pytest.approx(FULL_LINES, rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("line", FULL_LINES)
def test_every_cost_line_is_recomputed(line: str) -> None:
    """The total moves along, so that only the line itself can tell."""
    by = FULL_LINES[line] * 0.01
    edits = {f"cost_lines.{line}": FULL_LINES[line] + by, "cost_usd": FULL_COST_USD + by}
    plan = changed(full_plan(), edits | {"bound_usd": None, "gap": None})
    found = verify(load_scenario(full_scenario()), plan_of(plan))
    assert [v.subject for v in found if v.rule == "cost_lines"] == [line]
    assert found[0].excess == pytest.approx(abs(by))


NO_LIVES = {
    f"{holder}__{key}": REMOVE
    for holder, keys in (
        ("designs__0", ("life_years",)),
        ("designs__1", ("life_years", "salvage_fraction")),
        ("workloads__0__replica", ("life_years", "salvage_fraction")),
    )
    for key in keys
}
# Scenario edits, plan edits -> lines that change, and to what.
PRICES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, float]]] = [
    ("no refresh", NO_LIVES | {"policy__refresh": False}, {}, {"refresh": 0.0, "salvage": 0.0}),
    (
        "the larger connection of an existing site",
        {},
        {"sites.0.connection_mw": 2.0},
        {"connection": 520_000.0},
    ),
    (
        "nine modules by the square root",  # 1e6 x 9^0.5 - 1e6, of which as much is bought again at 0.8
        {"designs__0__max_modules": 9},
        {"sites.0.modules": 9},
        {"facilities": 3_450_000.0, "refresh": 2_560_000.0},
    ),
    (
        "agents ask home from sub",  # 45,411,840 x 5 x 3 x 1e-6 GB at 0.02 and 0.01 on top
        {},
        {"pools.2.data": "home"},
        {"data_replicas": 0.0, "egress": 772.0012796, "transit": 309.2546304},
    ),
    (
        "a copy where the data live pays for storage only",  # 1.44 x 0.5 x 100
        {"workloads__1__home__node": "B"},
        {"pools.2.home_route": ["B"]},
        {"data_replicas": 72.0},
    ),
    ("all of the peak at the grid's", {"policy__coincidence": 1.0}, {}, {"coincident_peak": 18_144.0}),
    (
        "boxes that live for a year and a half",  # 1.25^-1.5 = 0.7155417528; a third of the second life is used
        {"designs__1__life_years": 1.5},
        {},
        {
            "refresh": 1_760_000.0 + 1_450_000.0 * 0.8 * 0.7155417527999327,
            "salvage": -256_000.0 - 1_450_000.0 * 0.64 * (0.2 + 0.8 * 2.0 / 3.0),
        },
    ),
    (
        "boxes for ever",
        {f"designs__1__{key}": REMOVE for key in ("life_years", "salvage_fraction")},
        {},
        {"salvage": -256_000.0},
    ),
]


@pytest.mark.parametrize(
    ("scenario_edits", "plan_edits", "lines"), [c[1:] for c in PRICES], ids=[c[0] for c in PRICES]
)
def test_lines_follow_the_terms(
    scenario_edits: dict[str, Any], plan_edits: dict[str, Any], lines: dict[str, float]
) -> None:
    plan = priced(load_scenario(full_scenario(**scenario_edits)), plan_of(changed(full_plan(), plan_edits)))
    expected = FULL_LINES | lines
    assert {line: plan.cost_lines[line] for line in lines} == pytest.approx(lines, rel=1e-9)
    untouched = [
        line for line in ("land", "accelerators", "staff", "unserved", "revenue") if line not in lines
    ]
    assert [plan.cost_lines[line] for line in untouched] == pytest.approx([expected[n] for n in untouched])


@pytest.mark.parametrize(
    ("years", "life", "worth", "refresh", "left"),
    [
        (2.0, None, 0.0, 0.0, 0.0),
        (2.0, 2.0, 0.5, 0.0, 0.5 * 0.64),  # ends with the horizon: not bought again, worth its salvage
        (2.0, 4.0, 0.0, 0.0, 0.5 * 0.64),
        (2.0, 1.0, 0.25, 0.75 * 0.8, 0.25 * 0.64),
        (3.0, 1.0, 0.0, 0.8 + 0.64, 0.0),
        (3.0, 2.0, 0.1, 0.9 * 0.64, (0.1 + 0.9 * 0.5) * 0.512),
    ],
)
def test_what_is_bought_again_and_what_is_left(
    years: float, life: float | None, worth: float, refresh: float, left: float
) -> None:
    """At 25 % a dollar after 1, 2 and 3 years is worth 0.8, 0.64 and 0.512."""
    horizon = Horizon(years=years, discount_rate=0.25)
    assert life_cycle_usd(Purchase(1.0, life, worth), horizon) == pytest.approx((refresh, left))


# What is reported wrongly: plan edits -> the rule that must object, no other one, and numbers in its message.
FIGURES: list[tuple[str, dict[str, Any], str, tuple[str, ...]]] = [
    ("no month", {"sites.1.ready_month": 0.0}, "ready_month", ("0", "18")),
    ("month of building alone", {"sites.1.ready_month": 9.0}, "ready_month", ("9", "18")),
    ("month of a connection that is there", {"sites.0.ready_month": 3.0}, "ready_month", ("3",)),
    ("PUE of the design", {"sites.1.facility_mw": 0.45}, "facility_mw", ("0.45", "0.42")),
    ("what stands bought again", {"sites.0.capex_usd": 2_850_000.0}, "capex_usd", ("1850000",)),
    ("capex with a connection that is there", {"sites.0.capex_usd": 1_860_000.0}, "capex_usd", ("1850000",)),
    ("reserve forgotten", {"pools.0.reserve_erlang": 0.0}, "reserve_erlang", ("0", "1.2")),
    ("reserve with the own load", {"pools.1.reserve_erlang": 2.4}, "reserve_erlang", ("2.4", "1.2")),
    ("reserve where nothing moves", {"pools.4.reserve_erlang": 0.2}, "reserve_erlang", ("0.2", "0")),
    ("home trips left out", {"flows.5.latency_ms.p99": 24.0}, "latency_ms", ("24", "38")),
    ("home trips of a copy", {"flows.3.latency_ms.p50": 141.0}, "latency_ms", ("141", "132")),
    ("uplink use", {"links.0.used_gbps": 0.001376}, "link_use", ("0.001376", "0.002176")),
    ("uplink limit", {"links.1.limit_gbps": 0.01}, "link_use", ("0.01", "0.009")),
    ("link use without data", {"links.3.used_gbps": 0.000704}, "link_use", ("0.000704", "0.008704")),
    ("limit forgotten", {"links.2.limit_gbps": None}, "link_use", ("None", "0.003")),
    ("limit made up", {"links.3.limit_gbps": 1.0}, "link_use", ("1.0", "None")),
    ("limited uplink left out", {"links.1": REMOVE}, "link_use", ("0.0084",)),
    ("limited link left out", {"links.4": REMOVE}, "link_use", ("0",)),
    ("link with traffic left out", {"links.3": REMOVE}, "link_use", ("0.008704",)),
    (
        "unlimited uplink, wrong",
        {"links.+": {"id": "uplink:hub", "used_gbps": 0.03, "limit_gbps": None}},
        "link_use",
        ("0.03", "0.030456"),
    ),
    ("no such link", {"links.+": LINKS[4] | {"id": "link:B--D"}}, "unknown_id", ("link", "7 are known")),
    ("a link twice", {"links.+": LINKS[4]}, "duplicate", ("link has 2 rows",)),
    ("tenant's power", {"tenants.0.it_mw": 0.3}, "tenants", ("0.3", "0.2")),
    ("share of all modules", {"tenants.0.share_of_site": 0.2 / 0.48}, "tenants", ("0.416666667", "0.625")),
    ("tenant left out", {"tenants.4": REMOVE}, "tenants", ("0.02",)),
    (
        "tenant without power",
        {"tenants.+": TENANTS[0] | {"site": "alp", "it_mw": 0.0}},
        "tenants",
        ("0 MW",),
    ),
    ("unknown tenant", {"tenants.+": TENANTS[4] | {"tenant": "zeta"}}, "unknown_id", ("2 are known",)),
    ("a tenant twice", {"tenants.+": TENANTS[0]}, "duplicate", ("2 rows",)),
    ("home route from elsewhere", {"pools.2.home_route": ["C", "A"]}, "route", ("2 nodes", "'B'")),
    ("home route to elsewhere", {"pools.4.home_route": ["C"]}, "route", ("1 nodes", "'A'")),
    ("home route that is a detour", {"pools.2.home_route": ["B", "D", "A"]}, "route", ("3 ms", "1.5 ms")),
    ("home route without a home", {"pools.0.home_route": ["A"]}, "route", ("1 nodes",)),
    ("home route through nowhere", {"pools.2.home_route": ["B", "X", "A"]}, "route", ("4 nodes",)),
    ("endless connection", {"sites.1.connection_mw": inf}, "number", ("inf",)),
    ("no month at all", {"sites.1.ready_month": None}, "number", ("None",)),
    ("no reserve", {"pools.0.reserve_erlang": None}, "number", ("None",)),
    ("no use", {"links.0.used_gbps": None}, "number", ("None",)),
    ("nan of a tenant", {"tenants.0.it_mw": nan}, "number", ("nan",)),
    ("nan moves", {"n_minus_1.0.moves.0.share": nan}, "number", ("nan",)),
    ("latency of a move missing", {"n_minus_1.0.moves.0.latency_ms": None}, "move_latency", ("464.517",)),
    ("words for what is lost", {"n_minus_1.0.unprotected.0.lost_rps": "5"}, "number", ("'5'",)),
    ("latency before the move", {"n_minus_1.0.moves.1.latency_ms": 471.5}, "move_latency", ("474.517",)),
    ("best for worst", {"n_minus_1.0.worst_ms": 464.5170186}, "worst_ms", ("464.517", "474.517")),
    ("worst of the usual SLO", {"n_minus_1.0.worst_slo_ms": 473.0}, "worst_ms", ("473", "480")),
    ("worst left out", {"n_minus_1.1.worst_ms": None, "n_minus_1.1.worst_slo_ms": None}, "worst_ms", ("1 move",)),
    ("half of the worst", {"n_minus_1.2.worst_ms": 9.0}, "worst_ms", ("9.0", "0 move")),
    (
        "worst without moves",
        {"n_minus_1.2.worst_ms": 9.0, "n_minus_1.2.worst_slo_ms": 480.0},
        "worst_ms",
        ("0 moves",),
    ),
    ("spare before the move", {"n_minus_1.0.spare_mw": 0.1}, "spare_mw", ("0.1", "0.04")),
    ("spare above the cap", {"n_minus_1.1.spare_mw": 0.08}, "spare_mw", ("0.08", "0.04")),
    (
        "displaced calls",
        {"n_minus_1.1.unprotected.0.displaced_rps": 30.0, "n_minus_1.1.unprotected.0.lost_rps": 30.0},
        "unprotected",
        ("30", "10"),
    ),
    (
        "kept beyond the room",
        {"n_minus_1.0.unprotected.0.kept_rps": 31.0, "n_minus_1.0.unprotected.0.lost_rps": 4.0},
        "unprotected",
        ("31", "30"),
    ),
    (
        "kept where no pool stands",
        {"n_minus_1.1.unprotected.0.kept_rps": 1.0, "n_minus_1.1.unprotected.0.lost_rps": 9.0},
        "unprotected",
        ("1", "0"),
    ),
    ("kept and lost do not add up", {"n_minus_1.2.unprotected.0.lost_rps": 4.0}, "unprotected", ("5", "4", "10")),
    (
        "lost more than there was",
        {"n_minus_1.0.unprotected.0.kept_rps": -1.0, "n_minus_1.0.unprotected.0.lost_rps": 36.0},
        "unprotected",
        ("-1", "36"),
    ),
    ("displaced without a word", {"n_minus_1.0.unprotected.0": REMOVE}, "unprotected", ("35",)),
    (
        "displaced though nothing is",
        {"n_minus_1.2.unprotected.+": {"workload": "agent", "displaced_rps": 2.0, "kept_rps": 0.0, "lost_rps": 2.0}},
        "unprotected",
        ("2", "0"),
    ),
    ("failure without a row", {"n_minus_1.2": REMOVE}, "resilience", ("0 rows", "1")),
    ("failure twice", {"n_minus_1.+": {"site": "alp", "spare_mw": 0.2}}, "duplicate", ("2 rows",)),
    ("failure of nothing", {"n_minus_1.+": {"site": "moon"}}, "unknown_id", ("3 are known",)),
    (
        "unknown workload lost",
        {"n_minus_1.2.unprotected.+": {"workload": "chess", "displaced_rps": 0.0, "kept_rps": 0.0, "lost_rps": 0.0}},
        "unknown_id",
        ("3 are known",),
    ),
    (
        "unknown demand moves",
        {"n_minus_1.0.moves.+": move("west", "chat", "sub", 0.5)},
        "unknown_id",
        ("6 are known",),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "rule", "numbers"), [c[1:] for c in FIGURES], ids=[c[0] for c in FIGURES])
def test_a_false_figure_is_found(edits: dict[str, Any], rule: str, numbers: tuple[str, ...]) -> None:
    found = verify(load_scenario(full_scenario()), plan_of(changed(full_plan(), edits)))
    assert {violation.rule for violation in found} == {rule}
    assert all(any(number in violation.message for violation in found) for number in numbers), found
    assert all(violation.excess > 0.0 for violation in found)


@pytest.mark.parametrize(
    "edits",
    [
        {"n_minus_1.0.unprotected.0.kept_rps": 20.0, "n_minus_1.0.unprotected.0.lost_rps": 15.0},
        {"links.+": {"id": "uplink:hub", "used_gbps": 0.030456, "limit_gbps": None}},
        {f"pools.{i}.home_route": [] for i in (2, 3, 4)} | {f"flows.{i}.route": [] for i in range(6)},
    ],
    ids=["fewer kept than could be", "an unlimited uplink reported", "no routes named"],
)
def test_what_may_be_reported_either_way_holds(edits: dict[str, Any]) -> None:
    assert verify(load_scenario(full_scenario()), plan_of(changed(full_plan(), edits))) == []
