"""What a mode leaves out is said wherever the plan is called solved."""

from __future__ import annotations

from io import StringIO
from math import inf

from rich.console import Console
from support.documents.binding_rules import BASE
from support.documents.edits import changed

from siteopt import load_scenario, solve
from siteopt.report.console import print_plan
from siteopt.report.page.subject import Subject
from siteopt.report.page.verdict import verdict


def test_console_and_page_say_what_the_mode_leaves_out() -> None:
    """The plan that serves nobody was "Solved, proven gap 0%"."""
    edits = {"sites.1.tier": "hyperscale", "policy": {"mode": "central"}, "workloads.0.tiers": ["micro"]}
    scenario = load_scenario(changed(BASE, edits))
    plan = solve(scenario, time_limit=inf, gap=0.0)
    out = StringIO()
    print_plan(Console(file=out, width=300), scenario, plan)
    assert "Optimal, 1 demand of chat left out" in out.getvalue()
    assert "no site of the mode 'central' may serve them, others could" in out.getvalue()
    *_, cost = verdict(Subject(scenario, plan))
    assert "Left out at no cost: 1 demand of chat" in cost
    assert "penalties" not in cost
