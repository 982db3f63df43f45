"""What the commands print: results on stdout, everything else on stderr."""

import csv
import json
import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from lab.errors import LabError

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH = 400
"""Columns of text that goes into a file or a pipe."""


def make_safe() -> None:
    """Let a terminal that lacks a character show a question mark in its place, not an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def console(stream: TextIO) -> "Console":
    """Rich's view of a stream, with a width that does not cut tables in files and pipes."""
    from rich.console import Console

    return Console(file=stream, width=None if stream.isatty() else _WIDTH, highlight=False, markup=False)


def say(text: str = "") -> None:
    """One line of a result."""
    print(text)


def note(text: str) -> None:
    """One line that is not part of the result."""
    print(text, file=sys.stderr, flush=True)


def complain(error: LabError) -> None:
    """Why a command cannot do what it was asked for: a line for each thing that is wrong."""
    for problem in error.problems:
        note(f"Error: {problem}")


def say_json(value: Any) -> None:
    """One line of JSON, plain ASCII."""
    print(json.dumps(value, allow_nan=False), flush=True)


def error_json(error: LabError) -> dict[str, Any]:
    """An error as plain JSON values; several of an experiment stand in `problems` besides."""
    problems = error.problems
    several = {"problems": [error_json(one) for one in problems]} if len(problems) > 1 else {}
    return {"message": error.message, "file": error.file, "line": error.line, "remedy": error.remedy} | several


def say_table(names: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[int] = ()) -> None:
    """A table of cells as they are; the columns numbered in `right` are aligned to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for place, name in enumerate(names):
        table.add_column(Text(name), justify="right" if place in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console(sys.stdout).print(table)


def write_csv(stream: TextIO, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table as CSV; numbers with all their digits."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([repr(cell) if isinstance(cell, float) else cell for cell in row] for row in rows)


def number(value: object) -> str:
    """A number for people: four digits that count."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def duration(seconds: float) -> str:
    """`0:07`, `12:30`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def command_line(*words: str) -> str:
    """What a person types to call this program again, with these words."""
    script = Path(sys.argv[0])
    if script.name != "main.py":
        return shlex.join(["rnn-lab", *words])
    python = Path(sys.executable)
    here = Path.cwd()
    shown = [
        str(one.relative_to(here)) if one.is_relative_to(here) else str(one) for one in (python, script.absolute())
    ]
    # A bare name would be looked for on the PATH.
    shown[0] = shown[0] if os.sep in shown[0] else os.path.join(".", shown[0])
    return shlex.join([*shown, *words])
