"""The certificate lists every rule of the verifier, and blames the demands that a violation is about."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.documents.report_page import Outline, full_subject, page_json

import siteopt
from siteopt.report.page import Subject, page
from siteopt.report.page.certificate import Certificate, certificate_rows
from siteopt.rules import DEMAND_CHECKS, FIGURES, PLAN_CHECKS
from siteopt.verify import Violation, verify


def rules_of_the_verifier() -> set[str]:
    """Names that violations are made with anywhere in the verifier; arrays have no page."""
    made = r'(?:Violation|_?figure|_check|_too_much)\(\s*(?:facts,\s*)?"([a-z_0-9]+)"'
    folder = Path(siteopt.__file__).parent / "verify"
    return {
        name
        for path in folder.glob("*.py")
        if path.stem != "facility_location"
        for name in re.findall(made, path.read_text(encoding="utf-8"))
    }


def test_every_rule_of_the_verifier_is_on_the_certificate_once() -> None:
    """A rule added to the verifier has to be added here, or the certificate would claim less than was checked."""
    listed = [*(rule.id for rule in DEMAND_CHECKS), *(rule.id for rule in PLAN_CHECKS), *FIGURES]
    assert len(listed) == len(set(listed))
    assert set(listed) == rules_of_the_verifier()


def test_a_plan_that_holds_passes_everything_that_applies() -> None:
    subject = full_subject()
    assert subject.violations == ()
    rows = list(certificate_rows(subject))
    assert len(rows) == len(subject.scenario.demand) * len(DEMAND_CHECKS)
    assert {result for *_, result, _ in rows} == {"holds", "not in the scenario"}
    words = Outline(page(subject)).words
    assert "Everything holds." in words
    assert "What does not hold" not in words
    results = {(workload, rule): result for _, workload, rule, result, _ in rows}
    assert results["chat", "resilience"] == "holds"
    assert results["agent", "resilience"] == "not in the scenario"
    assert results["agent", "data_mode"] == "holds"
    assert results["chat", "data_mode"] == "not in the scenario"


@pytest.mark.parametrize(
    ("subject_of", "demands"),
    [
        ("north/chat", {("north", "chat")}),
        ("south/chat -> hub", {("south", "chat")}),
        ("hub/chat", {("north", "chat"), ("south", "chat")}),
        ("sub/chat off hub", {("north", "chat")}),
        ("south/chat off hub", {("south", "chat")}),
        ("south/chat -> sub off hub", {("south", "chat")}),
        ("nowhere", set()),
    ],
)
def test_a_violation_is_put_down_to_its_demands(subject_of: str, demands: set[tuple[str, str]]) -> None:
    """Subjects are demands, flows, pools, and all of them after a failure."""
    violation = Violation("resilience", subject_of, "broken")
    found = Certificate(replace(full_subject(), violations=(violation,)))
    assert {demand for demand, rule in found.failed if rule == "resilience"} == demands


def test_a_broken_plan_says_so_at_the_top_and_in_its_place() -> None:
    """A flow on a tier that is not allowed: one demand fails one rule, the badge is red, nothing is hidden."""
    subject = full_subject()
    first = subject.scenario.workloads[0]
    workloads = (first.model_copy(update={"tiers": ("hyperscale",)}), *subject.scenario.workloads[1:])
    scenario = subject.scenario.model_copy(update={"workloads": workloads})
    broken = Subject(scenario, subject.plan, tuple(verify(scenario, subject.plan)))
    assert {v.rule for v in broken.violations} >= {"tier"}
    html = page(broken)
    words, data = Outline(html).words, page_json(html)
    assert f"Does not hold: {len(broken.violations)} violation" in words
    assert "served on tier 'micro'" in words
    certificate = data["certificate"]
    tier = [name for name, _ in certificate["rules"]].index("tier")
    blamed = {n for n, rule, _ in certificate["failed"] if rule == tier}
    names = {data["regions"]["id"][certificate["demands"][n][0]] for n in blamed}
    assert names == {
        flow.region for flow in subject.plan.flows if (flow.workload, flow.site) == ("chat", "sub")
    }


def test_nothing_passes_where_the_verification_ended_early() -> None:
    """A figure that is no number ends it; the certificate then claims nothing."""
    violation = Violation("number", "plan", "cost_usd is nan")
    rows = list(certificate_rows(replace(full_subject(), violations=(violation,))))
    assert {result for *_, result, _ in rows} == {"not checked", "not in the scenario"}
