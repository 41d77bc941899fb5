"""The last section: how the plan was found, how good it provably is, and how to reproduce it."""

from __future__ import annotations

from hashlib import sha256
from shlex import quote
from typing import TYPE_CHECKING

from siteopt.formatting import money, percent
from siteopt.plan import OPTIMAL
from siteopt.report.console import STOPPED
from siteopt.report.page.markup import Markup, section, tag
from siteopt.report.page.outlines import credit
from siteopt.report.stated import STATED
from siteopt.scenario.digest import scenario_sha256

if TYPE_CHECKING:
    from siteopt.report.page.subject import Subject


def evidence_section(subject: Subject) -> Markup:
    """Build the section: bound and gap, seed and versions, digests, and the commands."""
    plan = subject.plan
    facts = [
        ("Cost", f"{money(plan.cost_usd)} ({plan.cost_usd:,.0f} USD)"),
        ("Lower bound", _bound(subject)),
        ("Gap", _gap(subject)),
        ("How it ended", _ending(subject)),
        ("Scenario", f"{subject.scenario_name}, SHA-256 of its content {scenario_sha256(subject.scenario)}"),
        ("Plan", f"{subject.plan_name}, SHA-256 {plan_digest(subject)}"),
        (
            "Versions",
            ", ".join(f"{name} {version}" for name, version in plan.versions.items()) or "not recorded",
        ),
    ]
    rows = [part for name, value in facts for part in (tag("dt", name), tag("dd", value))]
    scenario, name = quote(subject.scenario_name), quote(subject.plan_name)
    commands = (
        f"siteopt evaluate {scenario} {name}\nsiteopt report {name} --scenario {scenario} -o report.html"
    )
    if plan.status != "evaluated":
        solve = f"siteopt solve {scenario} --method {plan.method} --seed {plan.seed} --out {name}"
        commands = f"{solve}\n{commands}"
    return section(
        "evidence",
        "How good it is, and how to check",
        tag("dl", *rows),
        tag("pre", commands),
        tag("p", _repeatable(subject), class_="note"),
        tag("p", f"Map: {credit()[0]}.", class_="note"),
    )


def plan_digest(subject: Subject) -> str:
    """Return the SHA-256 of the plan's JSON."""
    return sha256(subject.plan.to_json().encode("utf-8")).hexdigest()


def _bound(subject: Subject) -> str:
    bound = subject.plan.bound_usd
    if bound is None:
        return "none was proven"
    return f"{money(bound)} ({bound:,.0f} USD), {STATED}: no plan that keeps every rule can cost less"


def _gap(subject: Subject) -> str:
    plan = subject.plan
    if plan.bound_usd is None:
        return "unknown"
    usd = f"{money(plan.cost_usd - plan.bound_usd)}"
    if plan.gap is None:
        return f"{usd}; nothing is spent that it could be a share of"
    return f"{usd}, {percent(plan.gap)} of the sum of the positive cost lines"


def _ending(subject: Subject) -> str:
    plan = subject.plan
    if plan.status == "evaluated":
        return "priced and checked as given, not optimised"
    is_optimal = plan.gap is not None and plan.gap <= OPTIMAL
    solved = "optimal" if is_optimal else "solved to the requested gap"
    how = solved if plan.status == "optimal" else "best plan found"
    if plan.limit is not None:
        how += f" {STOPPED[plan.limit]}"
    return f"{how} after {plan.seconds:.1f} s; method {plan.method}, seed {plan.seed} ({STATED})"


def _repeatable(subject: Subject) -> str:
    plan = subject.plan
    if plan.status == "evaluated":
        return "Prices and checks are the same on every run."
    if plan.limit in ("time", "interrupt", "failure"):
        return (
            "The clock ended the search, so another run of the first command may find another plan of similar"
            " cost; the second command checks this very plan."
        )
    if plan.limit == "iterations" or plan.method == "milp":
        return "The same seed and limits give the same plan; set --gap and other limits as they were then."
    return (
        "Bound and search run side by side where there are two cores, so another run of the first command may find"
        " another plan of similar cost; the second command checks this very plan."
    )
