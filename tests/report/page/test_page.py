"""The page says what the plan says, escapes every name, asks nothing of a network, and is the same every time."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from support.documents.llm_document import llm_document
from support.documents.plans import plan_of
from support.documents.report_page import NASTY, Outline, full_subject, large_subject, page_json
from support.documents.small_scenario import small_scenario

from siteopt.plan import COST_LINES, Plan
from siteopt.report.page import Subject, page
from siteopt.report.page.costs import name_of
from siteopt.report.page.document import MENU
from siteopt.report.page.results import Comparison, ModeCost, Reason, Sensitivity, Swing
from siteopt.report.page.sources import sources_section
from siteopt.report.page.subject import power
from siteopt.report.page.verdict import site_usd, verdict
from siteopt.scenario import load_scenario
from siteopt.scenario.catalogue import load_catalogue
from siteopt.verify.costs import LINES


@pytest.fixture(scope="module")
def subject() -> Subject:
    """Every family of rules at work."""
    return full_subject()


@pytest.fixture(scope="module")
def html(subject: Subject) -> str:
    """Its page."""
    return page(subject)


def test_every_section_is_there_once_and_the_menu_leads_to_it(html: str) -> None:
    outline = Outline(html)
    assert len(outline.ids) == len(set(outline.ids))
    assert {anchor for anchor, _ in MENU} <= set(outline.ids)


def test_the_page_is_one_file_that_loads_nothing(html: str) -> None:
    """No address of anything outside in an attribute, a style or a script, and a policy that forbids it."""
    outline = Outline(html)
    assert all(link.startswith("#") or link == "data:," for link in outline.links)
    assert "default-src 'none'" in html
    shown = re.sub(r"http://www\.w3\.org/2000/svg", "", html)
    assert not re.search(r"(https?:)?//[a-z]|@import|url\(|fetch\(|XMLHttpRequest|import\(", shown)


def test_same_input_same_bytes(subject: Subject, html: str) -> None:
    assert page(full_subject()) == html == page(subject)


def test_verdict_in_three_sentences_with_the_figures_of_the_plan(subject: Subject) -> None:
    """Two new sites and more modules at the hub; 0.22 of 0.54 MW at the hub; cost 6.50 M$, a tenth could be saved."""
    build, central, cost = verdict(subject)
    assert build == (
        "Build 2 new sites (2 micro) for 0.32 MW of IT: sub, alp; extend 1 existing site: hub."
        " In total 0.54 MW of IT for $5.08M of capital."
    )
    assert central.startswith("41% of the IT power (0.22 MW) stays central, at 1 site with ")
    assert (
        "costs $6.50M net present over 2 years at 25%, including penalties for 1 demand not served in full"
        in cost
    )
    assert "can cost less than $5.76M (as stated in the file, not rechecked), so at most" in cost
    assert "at most $736,613 (10% of spending) could still be saved." in cost


def test_nothing_built_is_a_verdict_too() -> None:
    """An existing hub that carries everything: the page says so and sells nothing."""
    scenario = load_scenario(small_scenario())
    subject = Subject(scenario, Plan(sites=(), cost_lines=dict.fromkeys(COST_LINES, 0.0)))
    assert verdict(subject)[0] == "Build nothing: all 0 MW of IT runs at 0 existing sites."
    assert "no lower bound was proven" in verdict(subject)[2]


def test_cost_of_sites_adds_up_to_the_lines_that_belong_to_sites(subject: Subject) -> None:
    """Land, connection, facilities, energy, carbon, charges and staff, all of them and no accelerators."""
    lines = subject.plan.cost_lines
    parts = (
        "land",
        "connection",
        "facilities",
        "energy",
        "demand_charges",
        "coincident_peak",
        "staff",
        "carbon",
    )
    assert sum(site_usd(subject).values()) == pytest.approx(sum(lines[key] for key in parts), rel=1e-9)


def test_power_of_flows_adds_up_to_that_of_their_pools(subject: Subject) -> None:
    assert sum(subject.flow_mw) == pytest.approx(sum(subject.pool_mw.values()), rel=1e-12)
    assert sum(subject.pool_mw.values()) == pytest.approx(
        sum(row.it_mw for row in subject.plan.sites), rel=1e-12
    )


def test_tables_hold_failures_tenants_links_and_costs(html: str, subject: Subject) -> None:
    words = Outline(html).words
    for row in (*subject.plan.sites, *subject.plan.links, *subject.plan.grid):
        if getattr(row, "limit_gbps", 0.0) is not None:
            assert row.id in words
    for part in (
        "acme",
        "beta",
        "If a site is lost Protected: chat.",
        "at most 70% of a site and at most 0.25 MW at one site",
        "$1.76M",
        "-$812,800",
    ):
        assert part in words


def test_every_cost_line_has_a_name() -> None:
    assert tuple(COST_LINES) == LINES
    assert len({name_of(line) for line in COST_LINES}) == len(COST_LINES)


def test_names_cannot_break_out(subject: Subject) -> None:
    """Names of sites, regions, workloads, tenants and the scenario itself are shown as they are, never run."""
    ids = {"hub": f"hub{NASTY}", "north": f"north{NASTY}", "search": f"search{NASTY}", "acme": f"acme{NASTY}"}

    def renamed(text: str) -> str:
        for old, new in ids.items():
            text = text.replace(f'"{old}"', json.dumps(new))
        return text

    scenario = load_scenario(
        json.loads(renamed(subject.scenario.model_dump_json(by_alias=True, exclude_defaults=True)))
    )
    plan = plan_of(json.loads(renamed(subject.plan.to_json())))
    renamed_subject = Subject(
        scenario.model_copy(update={"name": NASTY}),
        plan,
        scenario_name=NASTY,
        plan_name=NASTY,
        remarks=(NASTY,),
    )
    text = page(renamed_subject)
    outline = Outline(text)
    assert outline.names.count("script") == 2
    assert "img" not in outline.names
    assert f"hub{NASTY}" in page_json(text)["sites"]["id"]
    assert NASTY in outline.words


def test_data_of_the_page_are_those_of_the_plan(html: str, subject: Subject) -> None:
    """Columns refer to each other by row, with as many digits as are shown."""
    data, plan = page_json(html), subject.plan
    sites, workloads = data["sites"]["id"], [w["id"] for w in data["workloads"]]
    flows = data["flows"]
    assert [sites[n] for n in flows["site"]] == [flow.site for flow in plan.flows]
    assert [workloads[n] for n in flows["workload"]] == [flow.workload for flow in plan.flows]
    assert flows["share"] == pytest.approx([flow.share for flow in plan.flows], rel=1e-3)
    assert flows["p99"] == pytest.approx(
        [flow.latency_ms.p99 for flow in plan.flows if flow.latency_ms], rel=1e-3
    )
    assert sum(flows["kw"]) == pytest.approx(1000 * sum(row.it_mw for row in plan.sites), rel=1e-3)
    assert [id for id, is_open in zip(sites, data["sites"]["open"], strict=True) if is_open] == [
        "hub",
        "sub",
        "alp",
    ]
    hub, limit = sites.index("sub"), data["limits"][0]
    assert (limit["id"], limit["used"], limit["limit"]) == ("west-zone", 0.684, 1.0)
    assert data["sites"]["limits"][hub] == [0]


def test_other_modes_and_sensitivity_are_shown_where_given(subject: Subject) -> None:
    """The difference to central only line by line, the demands it leaves out, and the widest swing first."""
    lines = {**subject.plan.cost_lines, "energy": subject.plan.cost_lines["energy"] + 1e6}
    central = ModeCost("central", sum(lines.values()), lines, {"search": 1.0, "agent": 0.25, "chat": 0.0})
    edge = ModeCost("edge", None, {}, reasons=("no site is near",))
    why = Reason("chat", "regional: it is near", ("demand 2 (now 1)",))
    rows = (
        Swing("price", 1.0, 2.0, 6.4e6, 6.6e6, "USD"),
        Swing("rate", 0.0, 1.0, 6e6, 7e6),
        Swing("x", 0, 1, None, 6e6),
    )
    shown = replace(
        subject, comparison=Comparison((central, edge), (why,)), sensitivity=Sensitivity(6.5e6, rows)
    )
    words = Outline(page(shown)).words
    assert (
        "$1.00M less than the plan that builds only centrally, which leaves out 100% of search, 25% of agent."
        in words
    )
    assert "* Not the same service: the central only plan leaves out 100% of search, 25% of agent." in words
    assert "chat regional: it is near demand 2 (now 1)" in words
    assert "There is no edge only plan: no site is near." in words
    assert "energy $302,998" in words
    assert "$1.30M +$1.00M" in words
    assert words.index("x 0 1 no plan") < words.index("rate 0 1 $6.00M") < words.index("price USD 1 2 $6.40M")


def test_power_is_told_in_the_unit_that_fits() -> None:
    assert [power(x) for x in (303.7, 0.25, 0.00409, 0.0)] == ["303.7 MW", "0.25 MW", "4.09 kW", "0 MW"]


def test_a_large_plan_stays_small() -> None:
    """500 sites and 2,000 flows: far below 6 MB, and no element for each flow."""
    html = page(large_subject())
    assert len(html.encode("utf-8")) < 1_500_000
    assert len(page_json(html)["flows"]["site"]) == 2000
    assert len(Outline(html).names) < 16_000


def test_a_centre_that_cannot_serve_all_is_said_at_the_top(subject: Subject) -> None:
    central = ModeCost("central", None, {}, reasons=("too little room",))
    cost = verdict(replace(subject, comparison=Comparison((central,))))[2]
    assert cost.endswith("No plan was found that builds only centrally and serves all of it.")


def test_figures_of_the_catalogue_have_their_sources() -> None:
    """Those of the accelerators, models and engines that may serve, the weakest first; own figures are named apart."""
    document = llm_document()
    name = document["workloads"][0]["accelerators"][0]
    document["accelerators"] = [{"id": name, "price_usd": 12_345.0}]
    subject = Subject(load_scenario(document), Plan())
    words = Outline(str(sources_section(subject))).words
    accelerator = load_catalogue().accelerator(name)
    assert accelerator.memory_gb.source in words or accelerator.bandwidth_tb_s.source in words
    assert f"in place of the catalogue's: {name} price usd 12,345." in words
    assert f"{name} price usd {accelerator.price_usd.value:,.6g}" not in words
    shown = [word for word in words.split(" The ")[0].split() if word in ("low", "medium", "high")]
    assert shown == sorted(shown, key=("low", "medium", "high").index)
    assert len(set(shown)) > 1


def test_stated_replicas_need_no_catalogue(subject: Subject) -> None:
    assert "none comes from the built-in catalogue" in sources_section(subject)
