"""What the text of an experiment says, also where some of it is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from lab.errors import ExperimentError
from lab.experiment.file import Document, read_file, read_text
from lab.experiment.lines import KeyPath, lines_of
from lab.experiment.problems import EntryError, InvalidExperimentError, dotted
from lab.experiment.repair import repaired, written, written_at
from lab.experiment.resolve import Components
from lab.experiment.values import values_of


@final
@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A text and what was found in it.

    `document` is None where anything is wrong; `shown` is then what is left without that, with defaults in its place,
    and None where nothing can be made of the text; `values` are those of `shown`. `tables` are the keys as they are
    written, `components` what the text was read with.
    """

    text: str
    document: Document | None
    shown: Document | None
    problems: tuple[EntryError, ...]
    tables: dict[str, Any]
    values: Mapping[str, object]
    components: Components

    def adds_to(self, other: "Reading") -> tuple[EntryError, ...]:
        """The problems that another reading does not have."""
        known = {(problem.key, problem.message) for problem in other.problems}
        return tuple(problem for problem in self.problems if (problem.key, problem.message) not in known)


def read(text: str, components: Components, file: Path | None = None) -> Reading:
    """Read a text. Whatever is wrong with it is in the result; nothing is raised."""
    problems: tuple[EntryError, ...] = ()
    document: Document | None = None
    try:
        document = read_text(text, components, file=file)
    except InvalidExperimentError as error:
        problems = error.problems
    shown = document or repaired(text, components, file=file)
    values = {} if shown is None else values_of(shown.spec)
    return Reading(text, document, shown, problems, written(text), values, components)


def read_path(path: Path, components: Components) -> tuple[Reading, bool]:
    """Read a file, and say whether its text could be decoded as it must be.

    Raises ExperimentError where there is no text to be had: no such file, no permission, too large.
    """
    try:
        return read(read_file(path, components).text, components, path), True
    except InvalidExperimentError:
        return read(path.read_bytes().decode("utf-8-sig"), components, path), True
    except ExperimentError as error:
        if not isinstance(error.__cause__, UnicodeDecodeError):
            raise
        reading = read(_guessed(path.read_bytes()), components, path)
        problem = EntryError(error.message, remedy="Check the text, and save it under another name")
        placed = problem.with_place(str(path), error.line)
        return replace(reading, document=None, problems=(placed, *reading.problems)), False


def at(problems: tuple[EntryError, ...], key: KeyPath) -> EntryError | None:
    """The first problem of a key, or None."""
    return next((problem for problem in problems if problem.key == key), None)


def is_written(reading: Reading, key: KeyPath) -> bool:
    """Whether the key stands in the text."""
    try:
        written_at(reading.tables, key)
    except KeyError:
        return False
    return True


def gone(before: str, after: str, edited: str) -> tuple[str, ...]:
    """The keys that an edit took out beside the one that was edited; not those that have another name now."""
    if edited == "layers" or (edited.count(".") == 1 and edited.startswith("layers.")):
        return ()
    try:
        old, new = lines_of(before), lines_of(after)
    except ValueError:
        return ()
    ends = {(*key[:-1], str(key[-1]).partition(".")[2]) for key in new}
    lost = [key for key in old if key not in new and key not in ends]
    return tuple(dotted(key) for key in lost if dotted(key) != edited)


def stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a file is written; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _guessed(content: bytes) -> str:
    """A text in another encoding: that of Chinese Windows if it can be, else with marks for what cannot be read."""
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError:
        return content.decode("utf-8-sig", errors="replace")
