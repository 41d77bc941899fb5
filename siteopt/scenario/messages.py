"""What pydantic finds wrong with a scenario, in the words of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.scenario.json_text import short, unknown_key
from siteopt.scenario.known_keys import is_table, keys_at

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

#: What its kinds of error expect instead.
EXPECTED = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number that fits in 64 bits",
    "string_type": "a string",
    "string_unicode": "a string of whole characters",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


def path_of(location: tuple[int | str, ...]) -> str:
    """Write a location as ``sites[3].headroom_mw``."""
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def message(detail: ErrorDetails) -> str:
    """Say what is wrong and what would be right."""
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    match kind:
        case "missing":
            return "required key is missing"
        case "extra_forbidden":
            return _unknown_key(detail)
        case "literal_error":
            return f"should be {context['expected']}, not {short(value)}"
        case "value_error":
            return str(context["error"])
        case "finite_number":
            return f"should be a finite number, not {short(value)}"
        case "greater_than_equal" if value <= 0 < context["ge"] < 1e-5:
            return f"should be greater than 0, not {short(value)}"
        case "greater_than_equal" if 0 < context["ge"] < 1e-5:
            return f"should be at least {context['ge']:g}, not {short(value)}; check the unit"
        case "greater_than_equal":
            return f"should be at least {context['ge']:,.12g}, not {short(value)}"
        case "greater_than":
            return f"should be greater than {context['gt']:,.12g}, not {short(value)}"
        case "less_than_equal":
            hint = "are lat and lon swapped?" if detail["loc"][-1] == "lat" else "check the unit"
            return f"should be at most {context['le']:,.12g}, not {short(value)}; {hint}"
        case "less_than":
            return f"should be less than {context['lt']:g}, not {short(value)}"
        case "too_short":
            return "should not be empty"
        case "string_too_short":
            return "should not be an empty string"
        case "float_type" if isinstance(value, int) and not isinstance(value, bool):
            return f"should be a number that fits a float, not {short(value)}"
        case "string_too_long":
            return f"should have at most {context['max_length']} characters, not {len(value)}"
        case "tuple_type" if is_table(detail["loc"]):
            return f'should be a list or {{"file": "name.csv"}}, not {short(value)}'
        case _ if kind in EXPECTED:
            return f"should be {EXPECTED[kind]}, not {short(value)}"
    return f"{detail['msg']}, not {short(value)}"


def _unknown_key(detail: ErrorDetails) -> str:
    """Report an unknown key, with the known one that it resembles."""
    key = str(detail["loc"][-1])
    return unknown_key(key, keys_at(detail["loc"][:-1]).known)
