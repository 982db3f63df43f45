"""A look into a file of data: what it is, what its columns are, and the experiment that would read it."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, final

from lab.components.files import data_file, read_text
from lab.components.tables import Table, number, read_csv
from lab.errors import DataError
from lab.ui.blank import blank
from lab.ui.translation import spoken
from lab.ui.words import Text

Task = Literal["table", "characters"]
"""The plugin that reads the file."""

_TABLE_ENDINGS: Final = (".csv", ".tsv", ".tab", ".dat")
_SHOWN: Final = 2000
"""Characters of a text that are shown."""
_LINE: Final = Text("Line {line}: {words}", "第 {line} 行：{words}")
_EXACT: Final = 5_000_000
"""So many characters are looked at for the number of different ones."""


@final
@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: `numbers` of its cells are finite numbers; `line` is that of the first that is none."""

    name: str
    rows: int
    numbers: int
    line: int | None
    cell: str
    """The first cell that is no number."""

    @property
    def numeric(self) -> bool:
        """Whether it is meant to be numbers: more than half of it is."""
        return 2 * self.numbers > self.rows

    @property
    def usable(self) -> bool:
        """Whether a network can read it: all of it is numbers."""
        return self.numbers == self.rows


@final
@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What was found in a file: a table with its columns, or a text."""

    file: str
    task: Task
    table: Table | None = None
    columns: tuple[Column, ...] = ()
    beginning: str = ""
    characters: int = 0
    symbols: int = 0

    @property
    def usable(self) -> tuple[str, ...]:
        """The columns that a network can read."""
        return tuple(column.name for column in self.columns if column.usable)


def look(file: str, task: Task | None = None) -> Look:
    """Look into a file, as what it seems to be or as what `task` says. DataError where nothing can be made of it."""
    path = data_file(file)
    if (task or _guess(path)) == "table":
        return _look_at_table(str(path))
    text = read_text(str(path))
    return Look(str(path), "characters", None, (), text[:_SHOWN], len(text), len(set(text[:_EXACT])))


def beginning(file: str) -> str:
    """The first lines of a file that cannot be used, to see why; nothing where they are not text."""
    try:
        with data_file(file, limit=1 << 62).open("rb") as stream:
            return stream.read(_SHOWN).decode("utf-8-sig").replace("\0", "")
    except (DataError, OSError, UnicodeDecodeError):
        return ""


def experiment_text(look: Look, settings: Mapping[str, object], encoding: str = "one-hot") -> str:
    """The text of an experiment that reads the file with these settings of its dataset."""
    values: dict[str, object] = {
        "name": _one_line(Path(look.file).stem) or "Own data",
        "name_zh": None,
        "dataset.plugin": look.task,
        "dataset.file": look.file,
        **{f"dataset.{name}": value for name, value in settings.items()},
        **_NETWORKS[look.task],
    }
    if look.task == "characters":
        values |= {"input.encoding": encoding, "input.size": 16 if encoding == "embedding" else None}
    return blank(values)


def in_words(error: DataError) -> Text:
    """What is wrong with a file and what helps, with the line, in both languages."""
    words = spoken(error)
    return words if error.line is None else _LINE.with_(line=error.line, words=words)


def _look_at_table(file: str) -> Look:
    table = read_csv(file)
    return Look(file, "table", table, tuple(_column(table, name) for name in table.names))


def _column(table: Table, name: str) -> Column:
    cells = table.texts(name)
    wrong = [place for place, cell in enumerate(cells) if not _finite(cell)]
    line = table.lines[wrong[0]] if wrong else None
    return Column(name, len(cells), len(cells) - len(wrong), line, cells[wrong[0]] if wrong else "")


def _finite(cell: str) -> bool:
    value = number(cell)
    return value is not None and math.isfinite(value)


def _guess(path: Path) -> Task:
    """A table by its ending, or by a number behind a delimiter in each of its first lines."""
    if path.suffix.lower() in _TABLE_ENDINGS:
        return "table"
    try:
        with path.open("rb") as stream:
            lines = stream.read(4096).decode("utf-8", errors="replace").splitlines()[1:6]
    except OSError:
        return "characters"
    numbers = [any(_finite(cell) for cell in re.split(r"[,;\t]", line)) for line in lines if line.strip()]
    return "table" if numbers and all(numbers) else "characters"


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)[:200].strip()


_NETWORKS: Final[Mapping[Task, Mapping[str, object]]] = {
    "table": {"layers.0.cell": "lstm", "training.epochs": 200, "training.early_stopping": 30},
    "characters": {
        "layers.0.cell": "gru",
        "layers.0.hidden": 128,
        "training.learning_rate": 0.004,
        "training.batch_size": 32,
        "training.carry_state": True,
        "training.epochs": 10,
    },
}
"""What the network for a task has beside the defaults of a new experiment."""
