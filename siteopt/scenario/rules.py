"""The planner's own rules: linear in what is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, Strict, model_validator

from siteopt.scenario.quantities import Id, SchemaModel, Text, Tier

if TYPE_CHECKING:
    from siteopt.scenario.places import Site

Coefficient = Annotated[float, Strict(), Field(ge=-1e6, le=1e6)]
#: Keys by which a term selects sites; it has exactly one of them.
SELECTIONS = ("sites", "zone", "tier", "jurisdiction", "design")


class RuleTerm(SchemaModel):
    """What a rule counts: the open sites of a selection, each times a coefficient."""

    sites: Annotated[tuple[Id, ...], Field(min_length=1)] | None = None
    """These sites."""
    zone: Id | None = None
    """Sites of a grid zone."""
    tier: Tier | None = None
    """Sites of a tier."""
    jurisdiction: Id | None = None
    """Sites in a jurisdiction."""
    design: Id | None = None
    """Sites where this design stands."""
    of: Literal["open"] = "open"
    """``open``: 1 for a site that is open, whether it exists already or is built."""
    coefficient: Coefficient = 1.0

    @model_validator(mode="after")
    def _one_of(self) -> RuleTerm:
        if sum(getattr(self, key) is not None for key in SELECTIONS) != 1:
            raise ValueError(f"give exactly one of {', '.join(map(repr, SELECTIONS))}")
        return self

    def counts(self, site: Site, design: str) -> bool:
        """Whether the term counts a site with this design on it."""
        if self.sites is not None:
            return site.id in self.sites
        selected = ((self.zone, site.zone), (self.tier, site.tier), (self.jurisdiction, site.jurisdiction))
        return any(wanted is not None and wanted == has for wanted, has in selected) or self.design == design


class LinearRule(SchemaModel):
    """A rule of the planner's own: a sum of terms is at most, at least, or equal to a value.

    "Exactly five", "at most one of these two", "A only if B": anything linear in which sites are open.
    """

    id: Id
    words: Text = ""
    """The rule in the planner's words, for plans, explanations and conflicts."""
    terms: Annotated[tuple[RuleTerm, ...], Field(min_length=1)]
    sense: Literal["<=", ">=", "=="]
    value: Annotated[float, Strict(), Field(ge=-1e9, le=1e9)]

    def weight(self, site: Site, design: str) -> float:
        """Return what a site with a design on it adds to the sum."""
        return sum(term.coefficient for term in self.terms if term.counts(site, design))
