"""In which line of a TOML file each key stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

KeyPath = tuple[str | int, ...]
"""Keys and, for the tables of an array of tables, indices from 0: `("layers", 0, "hidden")`."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BRACKETS = re.compile(r"\[*")
_KEY = re.compile(r"""[ \t]*([A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*')[ \t]*""")
_TOKEN = re.compile(
    "|".join(
        (
            r'"""(?:\\[\s\S]|[^\\])*?"""+',  # up to two quotes may stand before the closing three
            r"'''[\s\S]*?'''+",
            r'"(?:\\.|[^"\\])*"',
            r"'[^']*'",
            r"#[^\n]*",
            r"[\[\]{}\n]",
            r"""[^"'#\[\]{}\n]+""",
        )
    )
)


def lines_of(text: str) -> dict[KeyPath, int]:
    """The line, from 1, of every key and every table header of `text`, which must be valid TOML.

    A table that no header names stands where its first key does. What is written inside a value (an inline table, a
    list) is not in the result: its line is that of the key.
    """
    found: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    line, counted = 1, 0
    for position, keys, brackets in _statements(text):
        line += text.count("\n", counted, position)
        counted = position
        path: KeyPath = () if brackets else table
        for key in keys[:-1]:
            path = _newest((*path, key), counts)
            found.setdefault(path, line)
        path = (*path, keys[-1])
        found.setdefault(path, line)
        if brackets == 2:
            counts[path] = counts.get(path, 0) + 1
        if brackets:
            table = path = _newest(path, counts)
        found.setdefault(path, line)
    return found


def line_of(path: KeyPath, lines: dict[KeyPath, int]) -> int | None:
    """The line of `path`, or of the nearest table or key around it; None where not even that is written down."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _newest(path: KeyPath, counts: dict[KeyPath, int]) -> KeyPath:
    """What a header means by `path` where it is an array of tables: the table begun last."""
    return (*path, counts[path] - 1) if path in counts else path


def _statements(text: str) -> Iterator[tuple[int, list[str], int]]:
    """Each header and assignment: where it begins, its keys, and how many brackets are round it."""
    position = _after(_BLANK, text, 0)
    while position < len(text):
        start = position
        brackets = _after(_BRACKETS, text, position) - position
        keys, position = _keys(text, position + brackets)
        yield start, keys, brackets
        position = text.find("\n", position) if brackets else _after_value(text, position + 1)
        position = len(text) if position < 0 else _after(_BLANK, text, position)


def _keys(text: str, position: int) -> tuple[list[str], int]:
    keys: list[str] = []
    while match := _KEY.match(text, position):
        keys.append(_unquoted(match[1]))
        position = match.end()
        if not text.startswith(".", position):
            break
        position += 1
    return keys, position


def _unquoted(key: str) -> str:
    if key[0] not in "\"'":
        return key
    (name,) = tomllib.loads(f"{key} = 0")
    return name


def _after_value(text: str, position: int) -> int:
    """The end of the line in which the value that begins at `position` ends."""
    depth = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or (depth == 0 and match[0] == "\n"):
            break
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        position = match.end()
    return position


def _after(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return position if match is None else match.end()
