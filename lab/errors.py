"""Errors a person can act on: what went wrong, where, and what to do about it."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Sequence
from typing import Self

_LISTED_NAMES = 12
"""Up to so many known names are listed where none is close; more would hide the message."""


class LabError(Exception):
    """What went wrong, where, and what to do about it.

    Every error that RNN Lab raises on purpose is of this kind. `message` says what went wrong in one sentence, `file`
    and `line` (counted from 1) say where, if that is known, and `remedy` says what to do. `str` gives them as one
    paragraph, `FILE:LINE: message remedy`. The error can be copied and pickled: it survives the way from a worker.
    """

    def __init__(
        self, message: str, *, file: str | None = None, line: int | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.remedy = remedy

    @property
    def place(self) -> str:
        """`FILE:LINE`, `FILE`, `line LINE`, or nothing where neither is known."""
        if self.file is not None and self.line is not None:
            return f"{self.file}:{self.line}"
        if self.file is not None:
            return self.file
        return "" if self.line is None else f"line {self.line}"

    def __str__(self) -> str:
        text = _ended(self.message) + " " + _ended(self.remedy) if self.remedy else self.message
        return f"{self.place}: {text}" if self.place else text

    @property
    def problems(self) -> Sequence[LabError]:
        """Each thing that is wrong by itself: this error alone, unless it gathers several."""
        return (self,)

    def with_place(self, file: str | None, line: int | None = None) -> Self:
        """The same error at another place; the cause and the traceback stay with it."""
        moved = copy.copy(self)
        moved.file = file
        moved.line = line
        moved.__cause__ = self.__cause__
        moved.__suppress_context__ = self.__suppress_context__
        return moved.with_traceback(self.__traceback__)


class TraceError(LabError):
    """The equations of a cell cannot be traced."""


class ShapeError(TraceError):
    """Shapes or types of values do not fit together."""


class HyperparameterError(LabError):
    """A hyperparameter is declared wrongly, or was given a value outside its declaration."""


class PluginError(LabError):
    """A plugin, or a component in it, cannot be used."""


class ExperimentError(LabError):
    """An experiment file, or a change to one, says something that cannot be."""


class DataError(LabError):
    """A file of data, or the sequences made from it, cannot be used."""


class StoreError(LabError):
    """The store of runs, or a checkpoint in it, cannot be read or written."""


class StoreBusyError(StoreError):
    """Another process uses the store: the same may be asked again."""


class TargetError(LabError):
    """A target cannot compile or run a program."""


class TrainingError(LabError):
    """Training cannot start or cannot go on."""


class NotFiniteError(TrainingError):
    """A value that has to be finite is not."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be, or None where none is close.

    Case and the difference between `-` and `_` do not count. A beginning that only one known name has is close to it
    (`airline` to `airline-passengers`). Among equally close names the alphabetically first is taken.
    """
    plain: dict[str, str] = {}
    for candidate in sorted(known):
        plain.setdefault(_plain(candidate), candidate)
    wanted = _plain(name)
    close = difflib.get_close_matches(wanted, plain, n=1)
    if close:
        return plain[close[0]]
    beginning = [candidate for candidate in plain if len(wanted) >= 3 and candidate.startswith(wanted)]
    return plain[beginning[0]] if len(beginning) == 1 else None


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """The message for a name that is not known: `unknown cell 'lsmt'; did you mean 'lstm'?`.

    Where no known name is close, the known names are listed if there are few enough to be read.
    """
    names = sorted(known)
    guess = nearest(name, names)
    if guess is not None:
        return f"unknown {kind} {name!r}; did you mean {guess!r}?"
    if not names:
        return f"unknown {kind} {name!r}; there is none"
    if len(names) <= _LISTED_NAMES:
        return f"unknown {kind} {name!r}; known: {', '.join(names)}"
    return f"unknown {kind} {name!r}; it is like none of the {len(names)} known names"


def _plain(name: str) -> str:
    return name.casefold().replace("_", "-")


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "…", ";", ":")) else sentence + "."
