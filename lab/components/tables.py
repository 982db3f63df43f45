"""Tables of numbers from CSV files, with errors that name the line."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from lab.components.files import read_text
from lab.errors import DataError, unknown

_DELIMITERS = ",;\t"
_SIZE_LIMIT = 64 * 2**20
"""Bytes. Cells are kept as texts, which take about ten times their size in the file."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The cells of a CSV file as texts, by row; every row has one cell for each name."""

    file: str
    names: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]  # of each row in the file, counted from 1

    def __len__(self) -> int:
        return len(self.rows)

    def texts(self, name: str) -> list[str]:
        """The cells of column `name`; DataError with the nearest name where there is no such column."""
        place = self._place(name)
        return [row[place] for row in self.rows]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Column `name` as finite numbers, shape (rows,); DataError with the line of the first cell that is none."""
        texts = self.texts(name)
        values = np.empty(len(texts))
        for index, text in enumerate(texts):
            value = number(text)
            if value is None or not math.isfinite(value):
                raise DataError(
                    f"column {name!r} has {repr(text) if text else 'an empty cell'}, which is not a finite number",
                    file=self.file,
                    line=self.lines[index],
                    remedy="Write a number with a decimal point, or remove the row",
                )
            values[index] = value
        return values

    def numeric_names(self) -> tuple[str, ...]:
        """The columns that are meant to be numbers: more than half of whose cells are."""
        counts = {name: sum(number(text) is not None for text in self.texts(name)) for name in self.names}
        return tuple(name for name, count in counts.items() if 2 * count > len(self.rows))

    def _place(self, name: str) -> int:
        if name not in self.names:
            raise DataError(unknown("column", name, self.names), file=self.file, line=1)
        return self.names.index(name)


def read_csv(file: str, *, limit: int = _SIZE_LIMIT) -> Table:
    """The table in a CSV file in UTF-8, whose cells are set apart by commas, semicolons or tabs.

    The first row names the columns unless a cell of it is a number; then they are called `column 1` and so on. Empty
    lines are passed over where there are several columns. DataError, with the line, for a row of another length, a name
    that occurs twice, or no rows.
    """
    text = read_text(file, limit=limit)
    rows, lines = _cells(file, text)
    if not rows:
        raise DataError("there are only empty lines", file=file, remedy="Name a file with data in it")
    if any(number(cell) is not None for cell in rows[0]):
        names = tuple(f"column {place + 1}" for place in range(len(rows[0])))
    else:
        names = tuple(cell or f"column {place + 1}" for place, cell in enumerate(rows[0]))
        twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
        if twice is not None:
            raise DataError(f"two columns are called {twice!r}", file=file, line=lines[0], remedy="Rename one")
        rows, lines = rows[1:], lines[1:]
    if not rows:
        raise DataError("there are names of columns and no rows", file=file, line=1, remedy="Add rows of data")
    return Table(file=file, names=names, rows=rows, lines=lines)


def number(text: str) -> float | None:
    """The number that `text` is (NaN and infinity are numbers too), or None."""
    try:
        return float(text)
    except ValueError:
        return None


def _cells(file: str, text: str) -> tuple[list[tuple[str, ...]], list[int]]:
    first = text.strip().partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text.rstrip("\n ") + "\n"), delimiter=max(_DELIMITERS, key=first.count), strict=True
    )
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not cells and rows and len(rows[0]) == 1:
                cells = [""]  # in a single column, an empty line is a value that is missing
            if cells in ([], [""]) and not (rows and len(rows[0]) == 1):
                continue
            if rows and len(cells) != len(rows[0]):
                here = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
                raise DataError(
                    f"this row has {here}, not {len(rows[0])} as the rows before it",
                    file=file,
                    line=reader.line_num,
                    remedy="Make all rows equally long; a cell with the delimiter in it stands in quotation marks",
                )
            rows.append(tuple(cells))  # unlike lists, millions of them cost the garbage collector nothing
            lines.append(reader.line_num)
    except csv.Error as error:
        raise DataError(
            f"this is not CSV: {error}", file=file, line=reader.line_num, remedy="Check the quotation marks"
        ) from error
    return rows, lines
