"""Quantities of the scenario file: numbers with their range, and the base of everything that holds them.

Ranges are wide enough for any real planner and narrow enough to catch a wrong unit.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict

Tier = Literal["device", "enclosure", "micro", "regional", "hyperscale"]
Status = Literal["candidate", "existing", "forced", "forbidden"]
Sizing = Literal["linear", "utilisation", "tail"]
Metric = Literal["ttft", "tpot", "e2e"]
Precision = Literal["bf16", "fp8", "fp4"]
Cooling = Literal["air", "liquid"]
Mode = Literal["hybrid", "central", "edge"]

#: One request in 30 years.
LEAST_RPS = 1e-9


def _readable(text: str) -> str:
    """Return a text in Unicode's composed form; what no file and no terminal can show is refused."""
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs"):
            raise ValueError(f"holds U+{ord(character):04X}, a control character or half of one; take it out")
    return unicodedata.normalize("NFC", text)


def _nothing_or_enough(rps: float) -> float:
    """Return a rate; what lies between nothing and the least that is meant is refused."""
    if 0.0 < rps < LEAST_RPS:
        raise ValueError(f"should be at least {LEAST_RPS:g}, not {rps:g}; check the unit")
    return rps


Text = Annotated[str, Strict(), AfterValidator(_readable)]
Id = Annotated[str, Strict(), Field(min_length=1, max_length=200), AfterValidator(_readable)]
Latitude = Annotated[float, Strict(), Field(ge=-90, le=90)]
Longitude = Annotated[float, Strict(), Field(ge=-180, le=180)]
Mw = Annotated[float, Strict(), Field(ge=0, le=1e6)]
Usd = Annotated[float, Strict(), Field(ge=0, le=1e13)]
UsdPerUnit = Annotated[float, Strict(), Field(ge=0, le=1e9)]
Ms = Annotated[float, Strict(), Field(ge=0, le=1e8)]
# The least that is meant is far below any real figure, and keeps ratios of figures within floating point.
PositiveMs = Annotated[float, Strict(), Field(ge=1e-6, le=1e8)]
Positive = Annotated[float, Strict(), Field(ge=1e-9, le=1e9)]
Rate = Annotated[float, Strict(), Field(ge=0, le=1e9), AfterValidator(_nothing_or_enough)]
NonNegative = Annotated[float, Strict(), Field(ge=0, le=1e9)]
Fraction = Annotated[float, Strict(), Field(ge=1e-6, le=1)]
Share = Annotated[float, Strict(), Field(ge=0, le=1)]
Years = Annotated[float, Strict(), Field(ge=0.5, le=100)]
Count = Annotated[int, Strict(), Field(ge=1, le=1_000_000)]
Flag = Annotated[bool, Strict()]


class SchemaModel(BaseModel):
    """Base of the scenario's objects: frozen, and unknown keys are errors.

    A key that is silently ignored is a wrong answer.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True, populate_by_name=True
    )
