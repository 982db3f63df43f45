"""Finding runs by words and by what their experiments say: `lstm lr<0.01 airline`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

from lab.experiment.runs import Run

_CONDITION = re.compile(r"([A-Za-z_][\w.\-]*)(<=|>=|!=|<|>|=)(.+)", re.DOTALL)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_SHORT = {"lr": "learning_rate", "batch": "batch_size", "clip": "clip_norm"}
_SEARCHED = ("name_zh", "layers.0.cell", "dataset.plugin", "training.optimizer", "training.algorithm")


@final
@dataclass(frozen=True, slots=True)
class Query:
    """A filter. Words must all occur in a run's name, note, id, state, cell or dataset; conditions must all hold.

    A condition is `key<number`, `key=value` and the like; `key` is the end of a key of the experiment file, of a
    metric, or `epochs`, `updates`, `seconds`; `lr`, `batch` and `clip` are short for the usual ones.
    """

    words: tuple[str, ...]
    conditions: tuple[tuple[str, str, str], ...]

    @classmethod
    def read(cls, text: str) -> Query:
        """The filter that a text says; a condition that is not finished yet is left out."""
        words: list[str] = []
        conditions: list[tuple[str, str, str]] = []
        for part in text.split():
            match = _CONDITION.fullmatch(part)
            if match:
                conditions.append((_SHORT.get(match[1], match[1]).replace("-", "_"), match[2], match[3]))
            elif not re.fullmatch(r"[\w.\-]+[<>=!]+", part):
                words.append(part.casefold())
        return cls(tuple(words), tuple(conditions))

    def holds(self, run: Run, searched: str | None = None) -> bool:
        """True for a run that is meant; `searched` is its `text_of`, where that is at hand."""
        if self.words:
            text = text_of(run) if searched is None else searched
            if not all(word in text for word in self.words):
                return False
        return all(_compare(run, *condition) for condition in self.conditions)


def text_of(run: Run) -> str:
    """What words are looked for in."""
    known = (str(run.facts[key]) for key in _SEARCHED if key in run.facts)
    return " ".join((str(run.number), run.name, run.note, run.id, run.state, *known)).casefold()


def _compare(run: Run, key: str, sign: str, value: str) -> bool:
    found = _values(run, key)
    if sign in ("=", "!="):
        return any(_same(one, value) for one in found) == (sign == "=")
    try:
        number = float(value)
    except ValueError:
        return False
    return any(isinstance(one, int | float) and _COMPARE[sign](one, number) for one in found)


def _values(run: Run, key: str) -> list[Any]:
    if key in ("epochs", "updates", "seconds"):
        return [getattr(run, key)]
    known = {**run.facts, **run.metrics}
    return [value for name, value in known.items() if name == key or name.endswith(f".{key}")]


def _same(found: object, value: str) -> bool:
    if isinstance(found, bool):
        return str(found).casefold() == value.casefold()
    if isinstance(found, int | float):
        try:
            return float(value) == found
        except ValueError:
            return False
    return str(found).casefold() == value.casefold()
