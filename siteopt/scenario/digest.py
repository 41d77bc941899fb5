"""A fingerprint of a scenario, by which a plan knows whether the file that it was made for has changed."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siteopt.scenario.schema import Scenario


def scenario_sha256(scenario: Scenario) -> str:
    """Return the SHA-256 of a scenario with its CSV tables; layout and keys at their defaults do not matter."""
    text = scenario.model_dump_json(by_alias=True, exclude_defaults=True)
    return sha256(text.encode("utf-8")).hexdigest()
