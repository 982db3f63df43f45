"""Experiment files: read with every problem found and placed, and kept with the text they were read from."""

from __future__ import annotations

import re
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import final

from lab.errors import ExperimentError
from lab.experiment.lines import line_of, lines_of
from lab.experiment.problems import EntryError, InvalidExperimentError
from lab.experiment.resolve import Components, resolve
from lab.experiment.spec import Spec
from lab.experiment.write import text_of

MAX_BYTES = 1_000_000
"""No experiment is larger; what is larger is some other file."""

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@final
@dataclass(frozen=True, slots=True)
class Document:
    """An experiment as someone wrote it (`text`, with comments and order) and as what it says (`spec`).

    A change makes another document, so that going back is going back to the old one. `file` is where it was read from.
    """

    text: str
    spec: Spec
    file: Path | None = None

    def line(self, *key: str | int) -> int | None:
        """The line of a key or of what is around it: `line("layers", 0, "hidden")`; None for what is not written."""
        return line_of(key, lines_of(_plain_line_ends(self.text)))


def document_of(spec: Spec) -> Document:
    """The document that says `spec` and has no other text than that."""
    return Document(text_of(spec), spec)


def read_file(path: Path, components: Components) -> Document:
    """Read the experiment file at `path`.

    Raises ExperimentError where it cannot be read, and InvalidExperimentError, with all `problems`, where it is wrong.
    """
    return read_text(_text(path), components, file=path)


def read_text(text: str, components: Components, *, file: Path | None = None) -> Document:
    """Read an experiment from its text; `file` is named in errors. Raises InvalidExperimentError."""
    place = None if file is None else str(file)
    tables = _tables(text, place)
    found = resolve(tables, components)
    if isinstance(found, Spec):
        return Document(text, found, file)
    raise InvalidExperimentError.of(found, file=place, lines=lines_of(_plain_line_ends(text)))


def _text(path: Path) -> str:
    try:
        size, mode = path.stat().st_size, path.stat().st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
            raise ExperimentError(f"the experiment file is {what}", file=str(path), remedy="Name a TOML file")
        if size > MAX_BYTES:
            raise ExperimentError(
                f"the file has {size:,} bytes; an experiment file has at most {MAX_BYTES:,}".replace(",", " "),
                file=str(path),
                remedy="Name an experiment file; data and weights are files of their own, which it names",
            )
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        message = "there is no such experiment file"
        raise ExperimentError(message, file=str(path), remedy="Check the name and the folder") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ExperimentError(f"the experiment file cannot be read: {reason}", file=str(path)) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExperimentError(
            f"the file is not UTF-8 text (byte {error.start + 1} is 0x{content[error.start]:02x})",
            file=str(path),
            line=content.count(b"\n", 0, error.start) + 1,
            remedy="Save it as UTF-8",
        ) from error


def _tables(text: str, file: str | None) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _PLACE.search(str(error))
        reason = str(error)[: match.start()] if match else str(error)
        line = int(match[1]) if match and match[1] else text.count("\n") + 1
        column = f", column {match[2]}" if match and match[2] else ""
        message, remedy = f"this is not TOML: {reason[:1].lower()}{reason[1:]}{column}", _syntax_remedy(text, line)
    except ValueError:
        # Python reads no whole number of more than some thousand digits.
        line = next((n for n, row in enumerate(text.split("\n"), 1) if re.search(r"[0-9_]{4000}", row)), 1)
        message, remedy = "a number has too many digits", None
    except RecursionError:
        line, message, remedy = 1, "lists or tables are nested too deeply", None
    raise _placed(EntryError(message, remedy=remedy), file, line)


def _placed(problem: EntryError, file: str | None, line: int) -> InvalidExperimentError:
    error = InvalidExperimentError(problem.message, problems=[problem.with_place(file, line)])
    error.remedy = problem.remedy
    return error.with_place(file, line)


def _syntax_remedy(text: str, line: int) -> str:
    """What is most often wrong with a line that is not TOML."""
    rows = text.split("\n")
    row = rows[line - 1].strip() if line <= len(rows) else ""
    key, equals, value = row.partition("=")
    bare = value.strip().split("#")[0].strip()
    if equals and re.fullmatch(r"[^\W\d][\w .:/\\-]*", bare):
        lower = bare.lower()
        return f"Write {key.strip()} = {lower}" if lower in ("true", "false") else f'Write {key.strip()} = "{bare}"'
    if row.startswith("[") and row.count("[") != row.count("]"):
        return "Close the brackets of the header"
    return 'Write key = value, text in "quotes", and tables as [name]'


def _plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n")
