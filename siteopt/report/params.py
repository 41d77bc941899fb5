"""The catalogue as tables and as JSON: every figure with range, unit, source, date and confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from siteopt.formatting import counted, percent
from siteopt.report.tables import add_row, say, table
from siteopt.scenario.catalogue import Accelerator, Catalogue, Engine, LanguageModel, Parameter, WorkloadClass
from siteopt.scenario.names import similar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from siteopt.scenario.facts import Entry, Fact

GROUPS = tuple(Catalogue.model_fields)
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """One fact of the catalogue, and where in the catalogue it belongs.

    Attributes
    ----------
    group : str
        ``accelerators``, ``models``, ``engines``, ``workloads`` or ``parameters``.
    entry : str
        Id of the accelerator, model, engine, workload or parameter that it is a figure of.
    title : str
        Heading of the table in which it is shown.
    about : str
        What else is known of the entry, in words.
    name : str
        The figure's name in the catalogue, such as ``memory_gb``.
    fact : Fact
    """

    group: str
    entry: str
    title: str
    about: str
    name: str
    fact: Fact

    @property
    def text(self) -> str:
        """Everything in which a word is looked for, folded to one case."""
        fact = self.fact
        parts = (self.group, self.entry, self.title, self.about, self.name)
        return " ".join((*parts, fact.unit, fact.source, fact.date, fact.confidence)).casefold()

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as a JSON object."""
        key = {"group": self.group, "entry": self.entry, "about": self.about, "figure": self.name}
        return key | self.fact.model_dump(mode="json")


def select_figures(catalogue: Catalogue, words: Sequence[str] = (), group: str | None = None) -> list[Figure]:
    """Return the figures that contain every word, in the order of the catalogue.

    Parameters
    ----------
    catalogue : Catalogue
    words : sequence of str
        Looked for in ids, names, units, sources, dates and confidence, ignoring case; without words, all match.
    group : str, optional
        One of ``GROUPS``; by default all of them.
    """
    wanted = [word.casefold() for word in words]
    return [
        figure
        for name in GROUPS
        if group in (None, name)
        for entry in getattr(catalogue, name)
        for figure in _figures(name, entry)
        if all(word in figure.text for word in wanted)
    ]


def suggestions(catalogue: Catalogue, words: Sequence[str]) -> list[str]:
    """Return ids of the catalogue that resemble words which were not found."""
    ids = {figure.entry.casefold(): figure.entry for figure in select_figures(catalogue)}
    near = [id for word in words for id in similar(word.casefold(), ids, 3, cutoff=0.5)]
    return list(dict.fromkeys(ids[id] for id in near))


def figures_document(figures: Sequence[Figure]) -> dict[str, Any]:
    """Return the JSON document of ``siteopt params --json``."""
    return {"schema_version": SCHEMA_VERSION, "figures": [figure.to_dict() for figure in figures]}


def print_figures(console: Console, figures: Sequence[Figure]) -> None:
    """Print one table for each accelerator, model and engine, and one for each group of the rest.

    Sources are numbered under each table, because most figures of a table share a few long ones.
    """
    tables: dict[tuple[str, str], list[Figure]] = {}
    for figure in figures:
        tables.setdefault((figure.group, figure.title), []).append(figure)
    for n, rows in enumerate(tables.values()):
        if n:
            console.print()
        _print_section(console, rows)
    low = sum(figure.fact.confidence == "low" for figure in figures)
    say(console, f"\n{counted(len(figures), 'figure')}; {low:,} of low confidence: ranges to try, not facts.")


def _print_section(console: Console, rows: Sequence[Figure]) -> None:
    first = rows[0]
    one_entry = first.group in ("accelerators", "models", "engines")
    say(console, f"{first.group}: {first.title}", "bold")
    if one_entry and first.about:
        say(console, first.about, "dim")
    sources = list(dict.fromkeys(row.fact.source for row in rows))
    out = table("figure", ">value", ">range", "unit", "confidence", ">date", ">source")
    for row in rows:
        fact = row.fact
        has_range = fact.low is not None or fact.high is not None
        span = " to ".join(map(_number, fact.range)) if has_range else ""
        label = row.name if one_entry else row.about
        figures = (_number(fact.value), span, fact.unit, fact.confidence, fact.date)
        add_row(out, label, *figures, f"[{sources.index(fact.source) + 1}]")
    console.print(out)
    for n, source in enumerate(sources, 1):
        say(console, f"[{n}] {source}", "dim")


def _number(value: float) -> str:
    return f"{value:,.12g}"


def _figures(group: str, entry: Entry) -> Iterator[Figure]:
    """Yield all figures of an entry, named as a person would look for them."""
    match entry:
        case Accelerator():
            words = (entry.vendor, f"family {entry.family}", entry.memory_type, f"launched {entry.launch}")
            about = _about(*words, f"{entry.cooling}-cooled", _aliases(entry.aliases))
            yield from (Figure(group, entry.id, entry.id, about, name, fact) for name, fact in entry.facts())
        case LanguageModel():
            fixed = f"published in {entry.fixed_precision}" if entry.fixed_precision else ""
            about = _about(f"{entry.attention} attention", fixed, _aliases(entry.aliases))
            yield from (Figure(group, entry.id, entry.id, about, name, fact) for name, fact in entry.facts())
        case Engine():
            id = f"{entry.engine}-{entry.family}"
            title = f"{entry.engine} on {entry.family}"
            yield from (Figure(group, id, title, _fit(entry), name, fact) for name, fact in entry.facts())
        case WorkloadClass():
            for objective, (name, fact) in zip(entry.objectives, entry.facts(), strict=True):
                limit = f"{entry.id} {objective.metric} p{100 * objective.percentile:g}"
                yield Figure(group, entry.id, "latency limits by class", limit, name, fact)
        case Parameter():
            yield Figure(group, entry.id, entry.group, entry.name, "value", entry.fact)


def _about(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _aliases(aliases: Sequence[str]) -> str:
    return f"also {', '.join(aliases)}" if aliases else ""


def _fit(engine: Engine) -> str:
    """Say how far off the fitted constants were on measurements held out of the fit."""
    fit = engine.fit
    if fit is None:
        return ""
    text = f"fitted on {counted(fit.rows, 'measured row')}"
    if fit.held_out_median_error is None or fit.held_out_mean_error is None:
        return text
    off = f"median {percent(fit.held_out_median_error)}, mean {percent(fit.held_out_mean_error)}"
    return f"{text}; time per token off by {off} on {fit.held_out_rows:,} held out"
