"""The compliance certificate: every demand against every rule, as the independent verifier finds it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from siteopt.formatting import counted
from siteopt.report.page.markup import Markup, join, section, table, tag
from siteopt.report.stated import STATED
from siteopt.rules import DEMAND_CHECKS, FIGURES, PLAN_CHECKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.report.page.subject import Subject

#: A region and a workload.
Demand = tuple[str, str]


class Certificate:
    """The findings of the verifier, sorted by demand and rule.

    Attributes
    ----------
    failed : dict
        For each (demand, rule id) that fails, what the verifier says.
    is_complete : bool
        Whether every rule was checked; a figure that is not a number ends the verification.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.is_complete = not any(v.rule == "number" for v in subject.violations)
        self._by_name = _demands_by_name(subject)
        self._sites = sorted((site.id for site in subject.scenario.sites), key=len, reverse=True)
        self.failed: dict[tuple[Demand, str], list[str]] = defaultdict(list)
        rules = {rule.id for rule in DEMAND_CHECKS}
        for violation in subject.violations:
            if violation.rule in rules:
                for demand in self._demands(violation.subject):
                    self.failed[demand, violation.rule].append(violation.message)

    def applies(self) -> dict[str, list[bool]]:
        """Return for each workload which of the demand rules the scenario has for it."""
        scenario = self.subject.scenario
        return {w.id: [rule.applies(scenario, w) for rule in DEMAND_CHECKS] for w in scenario.workloads}

    def _demands(self, name: str) -> set[Demand]:
        """Find the demands that a violation is about; its subject is a demand, flow or pool, maybe after a failure."""
        found = self._by_name.get(name)
        for mark in (" off ", " -> "):
            if found is None:
                ending = next((mark + site for site in self._sites if name.endswith(mark + site)), "")
                name = name.removesuffix(ending)
                found = self._by_name.get(name)
        return found or set()


def _demands_by_name(subject: Subject) -> dict[str, set[Demand]]:
    names: dict[str, set[Demand]] = defaultdict(set)
    for demand in subject.scenario.demand:
        names[f"{demand.region}/{demand.workload}"].add((demand.region, demand.workload))
    for flow in subject.plan.flows:
        names[f"{flow.region}/{flow.workload} -> {flow.site}"].add((flow.region, flow.workload))
        names[f"{flow.site}/{flow.workload}"].add((flow.region, flow.workload))
    return names


def certificate_section(subject: Subject) -> Markup:
    """Build the section: what fails, a summary by workload and rule, the search for demands, the rules about sites."""
    found = Certificate(subject)
    demands, rules = len(subject.scenario.demand), len(DEMAND_CHECKS) + len(PLAN_CHECKS) + len(FIGURES)
    failures = len(subject.violations)
    if not found.is_complete:
        result = "A figure of the plan is not a number, so nothing else was checked."
    elif failures:
        result = f"{counted(failures, 'violation')} found; they are listed first."
    else:
        result = "Everything holds."
    sizes = f"{counted(demands, 'demand')} and {counted(len(subject.plan.sites), 'open site')}"
    lead = (
        f"{sizes} against {rules} rules and figures,"
        " recomputed from the scenario by a verifier that shares no code with the optimiser."
        f" {result}"
    )
    return section(
        "certificate",
        "Compliance certificate",
        _failures(subject),
        tag("h3", "Every demand against every rule: how many of each workload pass"),
        _summary(found),
        tag("div", id="demands", class_="demands"),
        tag("h3", "Sites, limits and figures"),
        _plan_rules(found),
        lead=lead,
    )


def _failures(subject: Subject) -> Markup:
    if not subject.violations:
        return Markup("")
    rows = [(v.rule, v.subject, v.message) for v in subject.violations]
    return tag(
        "div", tag("h3", "What does not hold"), table(("Rule", "Where", "What"), rows), class_="failures"
    )


def _summary(found: Certificate) -> Markup:
    """Build the table of how many demands pass, with a row for each rule and a column for each workload."""
    scenario = found.subject.scenario
    asked = Counter(d.workload for d in scenario.demand)
    workloads, applies = [w.id for w in scenario.workloads if asked[w.id]], found.applies()
    failed = Counter((demand[1], rule) for demand, rule in found.failed)
    rows: list[list[object]] = []
    for n, rule in enumerate(DEMAND_CHECKS):
        name = join([tag("b", rule.id.replace("_", " ")), " ", tag("small", rule.words)])
        cells = [_cell(asked[w], failed[w, rule.id], applies[w][n], found.is_complete) for w in workloads]
        rows.append([name, *cells])
    head = tag("tr", tag("th", "Rule"), *[tag("th", w, class_="r", data_workload=w) for w in workloads])
    body = [
        tag("tr", *[tag("td", cell, class_="r" if k else None) for k, cell in enumerate(row)]) for row in rows
    ]
    made = tag("table", tag("thead", head), tag("tbody", *body), class_="matrix")
    return tag("div", made, class_="table wide")


def _cell(checked: int, failed: int, applies: bool, is_complete: bool) -> Markup:
    if failed:
        return tag("span", f"✗ {checked - failed:,} of {checked:,}", class_="fail")
    if not applies:
        return tag("span", "–", class_="none", title="the scenario has no such rule")
    if not is_complete:
        return tag("span", "not checked", class_="fail")
    return tag("span", f"✓ {checked:,}", class_="pass")


def _plan_rules(found: Certificate) -> Markup:
    scenario, broken = found.subject.scenario, Counter(v.rule for v in found.subject.violations)
    rows: list[tuple[object, ...]] = []
    for rule in PLAN_CHECKS:
        rows.append(
            (
                tag("b", rule.id.replace("_", " ")),
                rule.words,
                _verdict(broken[rule.id], rule.applies(scenario), found),
            )
        )
    wrong = sum(broken[name] for name in FIGURES)
    names = ", ".join(name.replace("_", " ") for name in FIGURES)
    words = ["recomputed, and equal to what the plan reports: ", tag("small", names)]
    if found.subject.plan.bound_usd is not None:
        words.append(f"; the bound is {STATED}, except that it may not exceed the cost")
    rows.append((tag("b", f"{len(FIGURES)} kinds of figures"), join(words), _verdict(wrong, True, found)))
    body = [tag("tr", *[tag("td", cell) for cell in row]) for row in rows]
    return tag("div", tag("table", tag("tbody", *body), class_="rules"), class_="table")


def _verdict(broken: int, applies: bool, found: Certificate) -> Markup:
    if broken:
        return tag("span", f"✗ {broken:,}", class_="fail")
    if not applies:
        return tag("span", "– not in the scenario", class_="none")
    if not found.is_complete:
        return tag("span", "not checked", class_="fail")
    return tag("span", "✓ holds", class_="pass")


def certificate_data(subject: Subject) -> dict[str, Any]:
    """Return demands and their failures for the page's search; rows refer to regions, workloads and rules."""
    found, scenario = Certificate(subject), subject.scenario
    region = {r.id: n for n, r in enumerate(scenario.regions)}
    workload = {w.id: n for n, w in enumerate(scenario.workloads)}
    rule = {r.id: n for n, r in enumerate(DEMAND_CHECKS)}
    row = {(d.region, d.workload): n for n, d in enumerate(scenario.demand)}
    failed = [[row[d], rule[r], "; ".join(words)] for (d, r), words in found.failed.items() if d in row]
    applies = found.applies()
    return {
        "rules": [[r.id, r.words] for r in DEMAND_CHECKS],
        "applies": [[int(x) for x in applies[w.id]] for w in scenario.workloads],
        "demands": [
            [region[d.region], workload[d.workload], float(f"{d.peak_rps:.5g}")] for d in scenario.demand
        ],
        "failed": sorted(failed),
        "complete": found.is_complete,
    }


def certificate_rows(subject: Subject) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield region, workload, rule, result and what the verifier says, for every demand and every rule."""
    found = Certificate(subject)
    applies = found.applies()
    for demand in subject.scenario.demand:
        for n, rule in enumerate(DEMAND_CHECKS):
            words = found.failed.get(((demand.region, demand.workload), rule.id), [])
            stated, checked = applies[demand.workload][n], "holds" if found.is_complete else "not checked"
            result = "fails" if words else checked if stated else "not in the scenario"
            yield demand.region, demand.workload, rule.id, result, "; ".join(words)
