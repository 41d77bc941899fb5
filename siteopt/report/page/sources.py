"""The section on figures: those of the catalogue that this plan depends on, with range, confidence and source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.formatting import counted
from siteopt.report.page.markup import Markup, section, table, tag
from siteopt.report.params import select_figures
from siteopt.scenario.catalogue import load_catalogue
from siteopt.scenario.hardware import accelerator_numbers

if TYPE_CHECKING:
    from siteopt.report.page.subject import Subject
    from siteopt.report.params import Figure

#: Weakest first, because those are the ones to question.
CONFIDENCE = ("low", "medium", "high")
#: Figures of the catalogue that no plan depends on.
UNUSED = {"rental_usd_per_h", "memory_gb"}


def sources_section(subject: Subject) -> Markup:
    """Build the section: figures of the catalogue that the scenario uses, the weakest first, and those it replaces."""
    used = _used(subject)
    own = _own(subject)
    notes = [tag("p", _scenario_figures(subject), class_="note")]
    if own:
        sentence = f"The scenario puts its own figures in place of the catalogue's: {', '.join(own)}."
        notes.append(tag("p", sentence, class_="note"))
    if not used:
        lead = "Every figure is the scenario's own; none comes from the built-in catalogue."
        return section("sources", "The figures and their sources", *notes, lead=lead)
    rows = sorted(used, key=lambda figure: CONFIDENCE.index(figure.fact.confidence))
    sources = list(dict.fromkeys(figure.fact.source for figure in rows))
    cells = [_row(figure, sources) for figure in rows]
    low = sum(figure.fact.confidence == "low" for figure in rows)
    lead = (
        f"This plan depends on {counted(len(rows), 'figure')} of the built-in catalogue, the weakest first:"
        f" {low} are ranges to try, not facts."
    )
    columns = ("Of", "Figure", ">Value", ">Range", "Unit", "Confidence", ">Date", ">Source")
    numbered = tag("ol", *[tag("li", source) for source in sources], class_="sources")
    listing = tag("details", tag("summary", f"The {counted(len(sources), 'source')}"), numbered)
    return section(
        "sources", "The figures and their sources", table(columns, cells), listing, *notes, lead=lead
    )


def _row(figure: Figure, sources: list[str]) -> list[object]:
    fact = figure.fact
    has_range = fact.low is not None or fact.high is not None
    span = " to ".join(f"{end:,.6g}" for end in fact.range) if has_range else ""
    confidence = tag("span", fact.confidence, class_=f"confidence {fact.confidence}")
    source = tag("span", f"[{sources.index(fact.source) + 1}]", title=fact.source)
    name = figure.name.replace("_", " ")
    return [figure.title, name, f"{fact.value:,.6g}", span, fact.unit, confidence, fact.date, source]


def _used(subject: Subject) -> list[Figure]:
    """Return the figures of accelerators, models and engines with which some workload may be served."""
    catalogue, scenario = load_catalogue(), subject.scenario
    replaced = {
        (entry.id, key) for entry in scenario.accelerators for key in entry.model_dump(exclude_none=True)
    }
    replaced |= {(entry.id, key) for entry in scenario.models for key in entry.model_dump(exclude_none=True)}
    accelerators, models, engines = _names(subject)
    known = {name: entry.id for entry in catalogue.accelerators for name in (entry.id, *entry.aliases)}
    wanted = {("accelerators", known[name]) for name in accelerators if name in known}
    for name in models:
        if not any(entry.id == name and entry.params_b is not None for entry in scenario.models):
            wanted.add(("models", catalogue.model(name).id))
    wanted |= {("engines", engine) for engine in engines}
    return [
        figure
        for figure in select_figures(catalogue)
        if (figure.group, figure.entry) in wanted
        and (figure.entry, figure.name) not in replaced
        and figure.name not in UNUSED
    ]


def _names(subject: Subject) -> tuple[list[str], list[str], list[str]]:
    """Return the accelerators and models that workloads name, and ids of the engines looked up for them."""
    catalogue, scenario = load_catalogue(), subject.scenario
    accelerators: dict[str, None] = {}
    models: dict[str, None] = {}
    engines: dict[str, None] = {}
    for workload in scenario.workloads:
        if workload.model is None:
            continue
        models[workload.model] = None
        for name in workload.accelerators:
            accelerators[name] = None
            engine = catalogue.engine(workload.engine, accelerator_numbers(scenario, name)["family"])
            engines[f"{engine.engine}-{engine.family}"] = None
    return list(accelerators), list(models), list(engines)


def _own(subject: Subject) -> list[str]:
    """List the figures of the scenario that replace the catalogue's, with their values."""
    entries = [
        *((entry.id, entry.model_dump(exclude_none=True)) for entry in subject.scenario.accelerators),
        *((entry.id, entry.model_dump(exclude_none=True)) for entry in subject.scenario.models),
    ]
    return [
        f"{name} {key.replace('_', ' ')} {f'{value:,.12g}' if isinstance(value, float) else value}"
        for name, stated in entries
        for key, value in stated.items()
        if key != "id"
    ]


def _scenario_figures(subject: Subject) -> str:
    scenario = subject.scenario
    return (
        f"Sites, prices, designs, demand and rules are the planner's own: {counted(len(scenario.sites), 'site')},"
        f" {counted(len(scenario.designs), 'design')}, {counted(len(scenario.demand), 'demand')} as the scenario file"
        " states them; it names no sources, so this page cannot either."
    )
