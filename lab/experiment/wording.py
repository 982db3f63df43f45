"""What pydantic found wrong, in words that fit an experiment file."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from lab.errors import nearest

_PHRASES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda limits: "is missing",
    "bool_type": lambda limits: "must be true or false",
    "int_type": lambda limits: "must be a whole number",
    "int_from_float": lambda limits: "must be a whole number",
    "float_type": lambda limits: "must be a number",
    "finite_number": lambda limits: "must be a finite number",
    "string_type": lambda limits: "must be text",
    "tuple_type": lambda limits: "must be a list",
    "literal_error": lambda limits: f"must be {limits['expected']}",
    "greater_than_equal": lambda limits: f"must be at least {_number(limits['ge'])}",
    "less_than_equal": lambda limits: f"must be at most {_number(limits['le'])}",
    "less_than": lambda limits: f"must be below {_number(limits['lt'])}",
    "too_short": lambda limits: "must not be empty",
    "string_too_short": lambda limits: "must not be empty",
    "too_long": lambda limits: f"must be at most {limits['max_length']} characters long",
    "string_too_long": lambda limits: f"must be at most {limits['max_length']} characters long",
    "value_error": lambda limits: str(limits["error"]),
}


_PLAIN = ("missing", "too_short", "string_too_short")
"""What says nothing more where the value is shown."""


def wording(path: str, detail: ErrorDetails) -> str:
    """One sentence that names the key, what it must be, and what it is instead."""
    kind, value, limits = detail["type"], detail["input"], detail.get("ctx", {})
    phrase = _PHRASES.get(kind)
    text = f"{path} {phrase(limits)}" if phrase else f"{path}: {detail['msg']}"
    if kind not in _PLAIN and not isinstance(value, dict):
        text += f", not {shown(value)}"
    if kind == "literal_error" and isinstance(value, str):
        guess = nearest(value, limits["expected"].replace(" or ", ", ").replace("'", "").split(", "))
        text += f"; did you mean {guess!r}?" if guess else ""
    return text


def shown(value: object) -> str:
    """A value as a file writes it, shortened where it is long."""
    return str(value).lower() if isinstance(value, bool) else reprlib.repr(value)


def _number(value: float) -> str:
    return f"{value:,}".replace(",", " ") if isinstance(value, int) else f"{value:g}"
