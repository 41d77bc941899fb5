"""The result as a person reads it: everything that matters is there, in 100 columns, without colour."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console
from support.documents.small_document import small_document
from support.documents.small_document_plan import hand_made_plan

from siteopt.compile import compile_instance
from siteopt.evaluate import evaluate
from siteopt.formatting import money
from siteopt.plan import GridUse, Plan, SitePlan, UnservedPlan
from siteopt.plan.file import load_plan
from siteopt.report.check import print_check
from siteopt.report.console import print_plan
from siteopt.report.extent import listed_extent
from siteopt.report.workloads import summarise_workloads
from siteopt.scenario import Scenario, load_scenario

SCENARIO = load_scenario(small_document())
#: The hand-made plan with its exact figures, as if it had been searched for.
PLAN = replace(
    evaluate(SCENARIO, load_plan(hand_made_plan())),
    **{"status": "feasible", "stop_reason": "limit", "limit": "time", "seconds": 60.2, "method": "auto"},
    **{"bound_usd": 1.5e8, "gap": 0.03, "seed": 4, "verified": True},
)


def printed(scenario: Scenario, plan: Plan, width: int = 100) -> str:
    """What stdout gets in a pipe."""
    stream = io.StringIO()
    print_plan(Console(file=stream, width=width), scenario, plan)
    return stream.getvalue()


def line_with(text: str, start: str) -> list[str]:
    """Words of the first line that begins with ``start``."""
    return next(line for line in text.splitlines() if line.startswith(start)).split()


def test_headline_says_what_was_found() -> None:
    """Cost, horizon, how it ended, gap, verified, seconds, method and seed, in two lines."""
    first, second = printed(SCENARIO, PLAN).splitlines()[:2]
    assert first == "small: cost $155.6M net present over 10 years at 7%"
    assert second == (
        "Best plan found when the time was up, within 3% of best | verified | 60.2 s | method auto | seed 4"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "optimal", "limit": None}, "Solved, within 3% of best | verified"),
        ({"status": "evaluated", "limit": None, "gap": None}, "Priced, not optimised | verified"),
        ({"verification_seconds": 1.26}, "| verified in 1.3 s | 60.2 s |"),
        ({"verified": False}, "| NOT VERIFIED |"),
        ({"limit": "interrupt"}, "Best plan found when it was interrupted"),
        ({"limit": "failure"}, "Best plan found when a step failed"),
        ({"limit": "nodes"}, "Best plan found at the node limit"),
        ({"limit": None, "stop_reason": "exhausted"}, "when neither plan nor bound improved any more"),
    ],
)
def test_headline_says_how_it_ended(changes: dict[str, Any], words: str) -> None:
    """A plan that is only the best so far is not called solved."""
    assert words in printed(SCENARIO, replace(PLAN, **changes)).splitlines()[1]


def test_gain_is_called_a_gain() -> None:
    """With revenue the net cost may be negative."""
    assert "small: net gain $2.00M net present" in printed(SCENARIO, replace(PLAN, cost_usd=-2e6))


def test_sites() -> None:
    """Each open site with design, modules, power, share of the headroom and capital; the sum below."""
    text = printed(SCENARIO, PLAN)
    assert "Sites: 2 of 3 open" in text
    assert line_with(text, "zurich-hub") == [
        *("zurich-hub", "hyperscale", "hall", "1", "1.23", "1.41", "2.4%", "$147.3M")
    ]
    assert line_with(text, "all")[-1] == "$165.3M"


def test_workloads() -> None:
    """Each workload with tiers, sites, the slowest flow at the percentile of its SLO, and replicas."""
    text = printed(SCENARIO, PLAN)
    assert line_with(text, "vision") == [
        *("vision", "micro", "100%", "hamburg-ost", "100%", "51.3", "ms", "p95", "60", "ms", "25")
    ]
    assert line_with(text, "training")[-2:] == ["none", "10"]


def test_costs() -> None:
    """Lines by size with their share of spending and a bar; what is free is only named."""
    text = printed(SCENARIO, PLAN)
    assert line_with(text, "facilities") == [
        "facilities",
        "(fixed",
        "+",
        "modules)",
        "$120.0M",
        "64%",
        "█" * 15,
    ]
    assert line_with(text, "revenue") == ["revenue", "-$31.3M"]
    assert line_with(text, "sum") == ["sum", "$155.6M"]
    free = " ".join(text[text.index("nothing for") :].split())
    assert free.startswith(
        "nothing for hardware refresh, charges for the grid's peak hours, copies of data, "
        "penalty for unserved requests, salvage at the horizon"
    )


def test_grid_limits_near_binding() -> None:
    """Limits used to 80% or more are listed, tightest first; the others are only counted."""
    plan = replace(PLAN, grid=(GridUse("a", 8.5, 10.0), GridUse("b", 1.0, 10.0), GridUse("c", 9.9999, 10.0)))
    text = printed(SCENARIO, plan)
    assert "Grid limits: 2 of 3 at 80% or more" in text
    assert text.index("99.9%") < text.index("85%")
    assert "Grid limits" not in printed(SCENARIO, replace(PLAN, grid=()))
    assert printed(SCENARIO, replace(PLAN, grid=(GridUse("z", 0.0, 0.0),))).count("Grid limits: 0 of 1") == 1


def test_bound_and_gap() -> None:
    """What was proven, in a sentence; nothing is claimed where nothing was."""
    text = printed(SCENARIO, PLAN)
    assert "No plan can cost less than $150.0M." in text
    dearer = money(PLAN.cost_usd - 1.5e8)
    assert f"This one costs at most {dearer} more than the best plan (gap 3% of spending)." in text
    assert "a better plan may exist" in printed(SCENARIO, replace(PLAN, bound_usd=None, gap=None))


def test_long_lists_are_cut() -> None:
    """Forty open sites give fifteen rows, their sum, and the number of the others."""
    document = small_document()
    document["sites"] += [document["sites"][0] | {"id": f"place-{i:02d}"} for i in range(40)]
    sites = tuple(SitePlan(f"place-{i:02d}", "module", 1, 0.5, 0.6, 1e6) for i in range(40))
    text = printed(load_scenario(document), replace(PLAN, sites=sites))
    assert sum(line.startswith("place-") for line in text.splitlines()) == 15
    assert "… and 25 more (in plan.json)" in text
    assert line_with(text, "all")[:4] == ["all", "40", "20.0", "24.0"]


def test_wide_names_stay_within_the_columns() -> None:
    """Ids and names of any length neither break the table nor pass for markup."""
    document = small_document()
    document["sites"][0]["name"] = "[bold red]Umspannwerk Hamburg-Ost an der langen Straße[/]"
    document["workloads"][0]["id"] = "an-assistant-with-a-very-long-name-indeed"
    for demand in document["demand"][:3]:
        demand["workload"] = document["workloads"][0]["id"]
    plan = hand_made_plan()
    plan["pools"][1]["workload"] = document["workloads"][0]["id"]
    for flow in plan["flows"][:3]:
        flow["workload"] = document["workloads"][0]["id"]
    scenario = load_scenario(document)
    text = printed(scenario, evaluate(scenario, load_plan(plan)))
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in text
    assert "hamburg-ost [bold red]U" in text
    assert "an-assistant-with-a…" in text


def test_narrow_terminal_has_no_broken_cells() -> None:
    """At 80 columns the tier of a site goes, and no figure is torn from its unit."""
    text = printed(SCENARIO, PLAN, width=80)
    assert line_with(text, "zurich-hub") == ["zurich-hub", "hall", "1", "1.23", "1.41", "2.4%", "$147.3M"]
    assert all(line.strip() for line in text.split("Workloads")[0].split("Sites")[1].strip().splitlines())


def test_name_is_left_out_where_the_id_says_it() -> None:
    """``zurich-hub`` needs no ``Zurich Hub`` beside it; a status is always said."""
    document = small_document()
    document["sites"][2]["status"] = "forced"
    text = printed(load_scenario(document), PLAN)
    assert "zurich-hub (forced) " in text
    assert "Zurich Hub" not in text


def test_unserved_demand_is_said() -> None:
    """Demand left out shows with its workload and in the last lines."""
    plan = hand_made_plan()
    del plan["pools"][2], plan["flows"][5]
    plan["unserved"] = [{"region": "frankfurt", "workload": "training", "share": 1.0}]
    text = printed(SCENARIO, evaluate(SCENARIO, load_plan(plan)))
    assert line_with(text, "training") == ["training", "unserved", "100%", "none", "-", "none", "0"]
    assert "1 demand not served in full." in text


def test_workload_summary_weighs_by_peak_requests() -> None:
    """Chat of Hamburg (2,000 of 4,500 requests/s) moved to a substation makes 44% micro."""
    flows = tuple(
        replace(f, site="hamburg-ost") if (f.region, f.workload) == ("hamburg", "chat") else f
        for f in PLAN.flows
    )
    plan = replace(PLAN, flows=flows, unserved=(UnservedPlan("frankfurt", "training", 0.25),))
    chat, vision, training = summarise_workloads(SCENARIO, plan)
    assert chat.share_by_tier == pytest.approx({"hyperscale": 2500 / 4500, "micro": 2000 / 4500})
    assert chat.share_by_site[0][0] == "zurich-hub"
    assert (vision.percentile, chat.percentile) == ("p95", "p99")
    assert training.unserved == 0.25


def test_check_summary() -> None:
    """Sizes, power by tier, power wanted by workload, and the remarks."""
    stream = io.StringIO()
    console = Console(file=stream, width=100)
    print_check(
        console, SCENARIO, listed_extent(compile_instance(SCENARIO)), ["too little power."], ["odd prices."]
    )
    text = stream.getvalue()
    assert text.startswith("small is valid: 10 years at 7%\nnetwork: 3 nodes, 2 links\n")
    assert "3 sites, 4 regions, 3 workloads, 6 demands" in text
    assert line_with(text, "micro") == ["micro", "2", "20.0", "13.4"]
    assert line_with(text, "chat") == ["chat", "3", "4,500", "2.2", "1.12", "3", "63.4"]
    assert "No plan can exist:\n- too little power.\n" in text
    assert "Worth a look:\n- odd prices.\n" in text
