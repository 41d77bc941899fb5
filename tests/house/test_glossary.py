"""The glossary of CONTRIBUTING.md: every word once, and each found where it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = (
    (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Words\n")[2].partition("\n## ")[0]
)
#: Word, meaning, place; the place is empty where a word is reserved.
ROWS = [
    row
    for row in re.findall(r"^\| ([^|]+) \| ([^|]+) \| (?:`([^`]+)`)? ?\|$", GLOSSARY, re.MULTILINE)
    if row[0] != "word"
]
PLACES = [(word, ROOT / place) for words, _, place in ROWS if place for word in words.split(", ")]


def test_every_word_is_told_once() -> None:
    words = [word for words, _, _ in ROWS for word in words.split(", ")]
    assert len(words) > 40
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(("word", "place"), PLACES)
def test_a_word_is_used_where_the_glossary_says(word: str, place: Path) -> None:
    text = place.read_text(encoding="utf-8").lower()
    assert word.lower() in " ".join(text.replace("_", " ").split())
