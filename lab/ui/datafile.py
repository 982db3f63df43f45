"""A look into a file of data: what it is, what its columns are, and the experiment that would read it."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, final

from lab.components.files import data_file, read_text
from lab.components.tables import Table, number, read_csv
from lab.errors import DataError
from lab.ui.blank import blank
from lab.ui.words import Text

Task = Literal["table", "characters"]
"""The plugin that reads the file."""

_TABLE_ENDINGS: Final = (".csv", ".tsv", ".tab", ".dat")
_SHOWN: Final = 2000
"""Characters of a text that are shown."""
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
    english = " ".join(_sentence(part) for part in (error.message, error.remedy) if part)
    remedy = next((zh for en, zh in _REMEDIES if error.remedy and error.remedy.startswith(en)), "")
    chinese = _sentence(_chinese(error.message)) + remedy
    if error.line is None:
        return Text(english, chinese)
    return Text(f"Line {error.line}: {english}", f"第 {error.line} 行：{chinese}")


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


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "。", "？")) else text + ("。" if text[-1] > "\u2fff" else ".")


def _chinese(message: str) -> str:
    for pattern, words in _MESSAGES:
        found = re.fullmatch(pattern, message)
        if found is not None:
            return found.expand(words)
    return message


# What the readers of files say, in Chinese. A message that is not here is shown as it is.
_MESSAGES: Final[Sequence[tuple[str, str]]] = (
    (r"there is no such file", "没有这个文件"),
    (r"this is (?:a folder|not a plain file), and a file of data is needed", "这不是普通文件，需要一个数据文件"),
    (r"the file cannot be (?:reached|read): (.*)", r"无法读取文件：\1"),
    (r"the file is empty", "文件是空的"),
    (r"the file has (\S+) MiB, more than the (\S+) MiB.*", r"文件有 \1 MiB，超过可读入内存的 \2 MiB"),
    (r"the file is in UTF-16", "文件是 UTF-16 编码"),
    (r"the file is not UTF-8: byte (\S+) is no part of a character", r"文件不是 UTF-8 编码：字节 \1 不属于任何字符"),
    (r"there is a NUL character", "含有 NUL 字符，不是文本文件"),
    (r"this row has (\d+) cells?, not (\d+) as the rows before it", r"此行有 \1 个单元格，而前面各行有 \2 个"),
    (r"this is not CSV: (.*)", r"这不是 CSV：\1"),
    (r"there are only empty lines", "只有空行"),
    (r"two columns are called '(.*)'", r"有两列都叫“\1”"),
    (r"there are names of columns and no rows", "只有列名，没有数据行"),
    (r"column '(.*)' has an empty cell, .*", r"列“\1”有空单元格"),
    (r"column '(.*)' has '(.*)', which is not a finite number", r"列“\1”中的“\2”不是有限的数"),
    (r"no column is numbers", "没有数值列"),
    (
        r"the file has (\d+) rows? of data, and predicting (\d+) ahead takes at least (\d+)",
        r"文件有 \1 行数据，而预测 \2 行之后至少需要 \3 行",
    ),
    (r"a window of (\d+) steps is longer than the (\d+) steps of the data", r"窗口 \1 步比数据的 \2 步还长"),
    (r"the text has (\d+) characters, too few to set a tenth apart", r"文本只有 \1 个字符，不够分出十分之一"),
    (
        r"validation_share (\S+) and test_share (\S+) leave nothing to train",
        r"验证比例 \1 与测试比例 \2 没有给训练留下数据",
    ),
    (r"a split has no steps", "有一部分没有数据"),
)

_REMEDIES: Final[Sequence[tuple[str, str]]] = (
    ("Did you mean", ""),
    ("Name one file", "请选择一个文件。"),
    ("Name a file with data", "请选择有数据的文件。"),
    ("Cut out the part", "请只保留需要的部分。"),
    ("Check its permissions", "请检查其权限。"),
    ("Save it as UTF-8", "请另存为 UTF-8。"),
    ("Name a file of text", "请选择 UTF-8 文本文件。"),
    ("Make all rows equally long", "请使各行一样长；含分隔符的单元格要加引号。"),
    ("Check the quotation marks", "请检查引号。"),
    ("Rename one", "请给其中一列改名。"),
    ("Add rows of data", "请添加数据行。"),
    ("Write a number with a decimal point", "请改为用小数点书写的数，或删去该行。"),
    ("Name a file with columns", "请选择有数值列的文件。"),
    ("Use more rows or a smaller horizon", "请增加行数或减小预测步数。"),
    ("Set window to at most", "请减小窗口，或设为 0 使用整段。"),
    ("Name a longer text", "请选择更长的文本。"),
    ("Set smaller shares", "请减小比例。"),
    ("Use more data", "请增加数据，或增大这一部分的比例。"),
)

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
