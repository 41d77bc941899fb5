"""A figure with its source, and things made of such figures: what the catalogue is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from collections.abc import Iterator

Confidence = Literal["high", "medium", "low"]
Text = Annotated[str, Field(min_length=1)]


class Frozen(BaseModel):
    """Base of the catalogue's objects: validated strictly, immutable; unknown keys are rejected."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True, strict=True
    )


class Fact(Frozen):
    """A figure that can be checked."""

    value: float
    low: float | None = None
    """Lower end of the range; absent where there is none."""
    high: float | None = None
    """Upper end of the range; absent where there is none."""
    unit: Text
    source: Text
    date: Annotated[str, Field(pattern=r"^(19|20)\d\d(-\d\d|-H[12]|-Q[1-4])?$")]
    confidence: Confidence

    @model_validator(mode="after")
    def _in_range(self) -> Fact:
        low, high = self.range
        if not low <= self.value <= high:
            raise ValueError(f"needs low <= value <= high: {low:g}, {self.value:g}, {high:g}")
        return self

    @property
    def range(self) -> tuple[float, float]:
        """Low and high; the value itself where an end is absent."""
        return (
            self.value if self.low is None else self.low,
            self.value if self.high is None else self.high,
        )


class Entry(Frozen):
    """Something with facts as attributes."""

    def facts(self) -> Iterator[tuple[str, Fact]]:
        """Yield every fact with its path inside the entry, in the order of the file."""
        for name in type(self).model_fields:
            yield from _walk(name, getattr(self, name))


def _walk(path: str, value: Any) -> Iterator[tuple[str, Fact]]:
    if isinstance(value, Fact):
        yield path, value
    elif isinstance(value, Entry):
        yield from ((f"{path}.{name}", fact) for name, fact in value.facts())
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(f"{path}.{key}", item)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _walk(f"{path}[{index}]", item)
