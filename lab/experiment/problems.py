"""What is wrong with an experiment: each problem by itself, and all of a file together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from lab.errors import ExperimentError
from lab.experiment.lines import KeyPath, line_of


@final
class EntryError(ExperimentError):
    """One thing that is wrong. `key` says where: `("layers", 0, "hidden")`, or a shorter path for a whole table.

    `unknown_key` says that nothing has a key of this name; otherwise its value is at fault.
    """

    def __init__(
        self, message: str, *, key: KeyPath = (), remedy: str | None = None, unknown_key: bool = False
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.key = key
        self.unknown_key = unknown_key

    @property
    def path(self) -> str:
        """The key as `--set` writes it: `layers.0.hidden`."""
        return dotted(self.key)


@final
class InvalidExperimentError(ExperimentError):
    """All that is wrong with an experiment, in the order of its lines.

    The message, place and remedy are those of the first of the `problems`, and the message says how many there are.
    """

    def __init__(self, message: str, *, problems: Sequence[EntryError] = ()) -> None:
        super().__init__(message)
        self._problems = tuple(problems)

    @property
    def problems(self) -> tuple[EntryError, ...]:
        """Each of them by itself, with its place, in the order of the lines."""
        return self._problems

    @classmethod
    def of(
        cls, problems: Sequence[EntryError], *, file: str | None = None, lines: dict[KeyPath, int] | None = None
    ) -> InvalidExperimentError:
        """One error of at least one problem, each placed by `lines` (key to line) in `file`."""
        known = lines or {}
        placed = [problem.with_place(file, line_of(problem.key, known)) for problem in problems]
        placed.sort(key=lambda problem: problem.line or 0)
        first, others = placed[0], len(placed) - 1
        more = f" (and {others} more problem{'s' if others > 1 else ''})" if others else ""
        error = cls(first.message + more, problems=placed)
        error.file, error.line, error.remedy = first.file, first.line, first.remedy
        return error


def dotted(key: KeyPath) -> str:
    """`("layers", 0, "hidden")` as `layers.0.hidden`."""
    return ".".join(map(str, key))
