"""Files that the commands are tried on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.documents.small_document import small_document
from support.documents.small_document_plan import hand_made_plan

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """The small document as a file."""
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(small_document()))
    return path


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """The hand-made plan as a file."""
    path = tmp_path / "hand.json"
    path.write_text(json.dumps(hand_made_plan()))
    return path
