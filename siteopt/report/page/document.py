"""The page as a whole: sections, data, style and scripts in one file that needs no network."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from siteopt.formatting import counted, money, percent
from siteopt.report.page.certificate import certificate_data, certificate_section
from siteopt.report.page.costs import costs_section
from siteopt.report.page.evidence import evidence_section
from siteopt.report.page.limits import limits_section
from siteopt.report.page.map_data import page_data
from siteopt.report.page.markup import Markup, join, tag, text
from siteopt.report.page.places import sites_section, workloads_section
from siteopt.report.page.sources import sources_section
from siteopt.report.page.subject import power
from siteopt.report.page.survival import survival_section
from siteopt.report.page.tornado import tornado_section
from siteopt.report.page.verdict import verdict
from siteopt.report.stated import STATED

if TYPE_CHECKING:
    from siteopt.report.page.subject import Subject
    from siteopt.scenario.schema import Scenario

SCRIPTS = ("format.js", "map.js", "panel.js", "latency.js", "demands.js", "page.js")
#: Sections by their anchors, as the page's menu names them.
MENU = (
    *(("map-section", "Map"), ("workloads", "Workloads"), ("sites", "Sites"), ("costs", "Cost")),
    *(("latency", "Latency"), ("survival", "Failures"), ("limits", "Limits"), ("certificate", "Certificate")),
    *(("sensitivity", "Sensitivity"), ("sources", "Figures"), ("evidence", "Evidence")),
)


def page(subject: Subject) -> str:
    """Build the HTML text of the page.

    Parameters
    ----------
    subject : Subject
        Scenario, plan, and what the verifier finds.

    Returns
    -------
    str
        Complete and self-contained; the same subject gives the same text.
    """
    script = "\n".join(_asset(name) for name in SCRIPTS)
    content = {
        "title": text(_title(subject)),
        "policy": f"'sha256-{b64encode(sha256(script.encode('utf-8')).digest()).decode()}'",
        "style": _asset("page.css"),
        "script": script,
        "data": _data(subject),
        "menu": join(tag("a", name, href=f"#{anchor}") for anchor, name in MENU),
        "head": _head(subject),
        "before": join([workloads_section(subject), sites_section(subject), costs_section(subject)]),
        "after": join(
            [
                survival_section(subject),
                limits_section(subject),
                certificate_section(subject),
                tornado_section(subject),
                sources_section(subject),
                evidence_section(subject),
            ]
        ),
    }
    return Template(_asset("page.html")).substitute(content)


def _asset(name: str) -> str:
    return files("siteopt.report.page").joinpath("assets", name).read_text("utf-8")


def _title(subject: Subject) -> str:
    return f"Siting plan: {subject.scenario.name or subject.scenario_name}"


def _data(subject: Subject) -> str:
    """Return the data as JSON that cannot close the element around it, whatever names it contains."""
    document = page_data(subject) | {"certificate": certificate_data(subject)}
    written = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return written.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _head(subject: Subject) -> Markup:
    """Build the head: title, whether the plan holds, the verdict and the figures that a board asks for first."""
    holds = not subject.violations
    state = (
        "Verified: every rule holds"
        if holds
        else f"Does not hold: {counted(len(subject.violations), 'violation')}"
    )
    badge = tag("a", state, href="#certificate", class_="badge good" if holds else "badge bad")
    sentences = [tag("li", sentence) for sentence in verdict(subject)]
    remarks = [tag("p", remark, class_="remark") for remark in subject.remarks]
    return join(
        [
            tag("p", _about(subject.scenario), class_="kicker"),
            tag("h1", subject.scenario.name or subject.scenario_name),
            badge,
            *remarks,
            tag("ol", *sentences, class_="verdict", id="verdict"),
            tag("div", *[_tile(*figure) for figure in _figures(subject)], class_="tiles"),
        ]
    )


def _about(scenario: Scenario) -> str:
    sizes = (
        counted(len(scenario.sites), "site"),
        counted(len(scenario.regions), "region"),
        counted(len(scenario.workloads), "workload"),
        counted(len(scenario.demand), "demand"),
    )
    return f"Siting plan for {', '.join(sizes)}"


def _figures(subject: Subject) -> list[tuple[str, str, str]]:
    plan = subject.plan
    years = f"{subject.scenario.horizon.years:g} years, net present"
    bound = "none" if plan.bound_usd is None else money(plan.bound_usd)
    gap, share = "unknown" if plan.gap is None else percent(plan.gap), "of spending, at most"
    if plan.gap is None and plan.bound_usd is not None:
        gap, share = money(plan.cost_usd - plan.bound_usd), "at most, and nothing is spent"
    capital = money(sum(row.capex_usd for row in plan.sites))
    it_mw, facility_mw = (sum(getattr(row, key) for row in plan.sites) for key in ("it_mw", "facility_mw"))
    return [
        ("Cost", money(plan.cost_usd), years),
        ("Lower bound", bound, STATED if plan.bound_usd is not None else "no plan costs less"),
        ("Gap", gap, share),
        ("Capital", capital, "newly spent"),
        ("IT power", power(it_mw), f"{power(facility_mw)} with cooling"),
        ("Open sites", f"{len(plan.sites):,}", f"of {len(subject.scenario.sites):,}"),
    ]


def _tile(name: str, value: str, about: str) -> Markup:
    return tag("div", tag("span", name), tag("b", value), tag("small", about))
