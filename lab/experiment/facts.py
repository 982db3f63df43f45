"""What an experiment says, as flat facts: `training.learning_rate` 0.01. By them runs are listed and found."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

_LONGEST = 80
"""Characters of a text that is kept; longer ones are for people, not for looking up."""
_LEFT_OUT = frozenset(("weights", "note", "note_zh", "version"))
_LENGTHS = ("training.epochs", "training.updates")
"""A run has one of these: the other goes where one is set."""


def facts(experiment: str) -> dict[str, Any]:
    """All numbers, flags and short texts of an experiment by their key; nothing for a text that is no TOML."""
    try:
        tables = tomllib.loads(experiment)
    except tomllib.TOMLDecodeError:
        return {}
    return dict(_flat({name: value for name, value in tables.items() if name not in _LEFT_OUT}, ""))


def facts_json(experiment: str) -> str:
    """The same as the database keeps it."""
    return json.dumps(facts(experiment), ensure_ascii=False, default=str)


def with_changes(known: Mapping[str, Any], plan: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as the changes of a run's plan left them: what it has now, or ended with. Weights are no facts."""
    found = dict(known)
    for change in plan.get("changes", ()):
        if change["key"].startswith("weights."):
            continue
        key = f"training.{change['key']}"
        for other in _LENGTHS if key in _LENGTHS else ():
            found.pop(other, None)
        found[key] = change["value"]
    return found


def _flat(value: object, key: str) -> Iterator[tuple[str, Any]]:
    match value:
        case Mapping():
            for name, inner in value.items():
                yield from _flat(inner, f"{key}.{name}" if key else str(name))
        case list() if all(isinstance(one, Mapping) for one in value):
            for place, inner in enumerate(value):
                yield from _flat(inner, f"{key}.{place}")
        case bool() | int() | float():
            yield key, value
        case str() if len(value) <= _LONGEST:
            yield key, value
        case _:
            return
