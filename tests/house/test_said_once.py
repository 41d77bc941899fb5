"""What many files need is said in one of them."""

from __future__ import annotations

import ast
from pathlib import Path

import siteopt

PACKAGE = Path(siteopt.__file__).parent
ARRAYS = PACKAGE / "arrays.py"


def names_bound(source: str) -> set[str]:
    """Names that a file assigns anywhere in it."""
    names = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def test_types_of_arrays_are_declared_once() -> None:
    types = names_bound(ARRAYS.read_text(encoding="utf-8"))
    assert types >= {"Floats", "Indices", "Flags"}
    again = {
        str(path.relative_to(PACKAGE)): found
        for path in PACKAGE.rglob("*.py")
        if path != ARRAYS and (found := names_bound(path.read_text(encoding="utf-8")) & types)
    }
    assert again == {}


def test_a_second_declaration_is_noticed() -> None:
    assert names_bound("if True:\n    Floats = NDArray[np.float64]\n") == {"Floats"}
