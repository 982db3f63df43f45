"""A series in any CSV file: some columns are read, one is predicted some steps ahead."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.api import (
    Continuation,
    Data,
    DataError,
    Dataset,
    Sequences,
    Table,
    cut_series,
    hookimpl,
    hyperparameter,
    read_csv,
    root_mean_squared_errors,
)

Splits = dict[str, tuple[int, int]]
"""Of each split the first row and the row after its last, counted by the row that is read."""


@dataclass(frozen=True)
class Scale:
    """What brings a column to mean 0 and standard deviation 1."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> "Scale":
        """That of `values`; where they are all the same, the mean is taken away and nothing else."""
        mean, deviation = float(values.mean()), float(values.std())
        constant = deviation <= 1e-12 * abs(mean)  # rounding alone
        return cls(mean, 1.0 if constant else deviation)

    def scaled(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray((values - self.mean) / self.deviation)

    def restored(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(values * self.deviation + self.mean)


@dataclass(frozen=True)
class Reading:
    """How a table is read: the columns with the scale of each, and the target with its own."""

    columns: dict[str, Scale]
    target: str
    target_scale: Scale

    def inputs(self, table: Table) -> NDArray[Any]:
        """Shape (rows, columns)."""
        return np.column_stack([scale.scaled(table.numbers(name)) for name, scale in self.columns.items()])

    def targets(self, table: Table) -> NDArray[Any]:
        """Shape (rows, 1)."""
        return self.target_scale.scaled(table.numbers(self.target))[:, None]


class TableSeries(Dataset):
    """Each row of the file is a step; the input at a row is its `columns`, the target is `target` `horizon` rows later.

    The last rows test and the rows before them validate. The training rows are cut into consecutive windows; in the
    other splits the first half of each window warms the state and does not count, so that each row is predicted once,
    from at least half a window. Every column is brought to mean 0 and standard deviation 1 by the training rows alone.
    """

    name = "table"
    title = {"en": "Table (CSV)", "zh": "表格（CSV）"}
    task = "regression"
    source = "The file that is named"
    licence = "That of the file"

    file: str = hyperparameter("", en="The CSV file, in UTF-8", zh="CSV 文件（UTF-8）")
    columns: list[str] = hyperparameter(
        [], en="The columns to read; none named: all numbers", zh="输入列；不填则为全部数值列"
    )
    target: str = hyperparameter(
        "", en="The column to predict; not named: the last one read", zh="预测列；不填则为最后一个输入列"
    )
    horizon: int = hyperparameter(1, low=1, high=10_000, unit="rows", en="How far ahead to predict", zh="预测的步数")
    window: int = hyperparameter(
        24,
        low=0,
        high=100_000,
        unit="rows",
        en="Rows of a sequence; 0 is one sequence of all",
        zh="序列的行数；0 为整段",
    )
    validation_share: float = hyperparameter(
        0.15, low=0, high=0.8, en="Share of the rows that validate", zh="验证所占比例"
    )
    test_share: float = hyperparameter(0.15, low=0, high=0.8, en="Share of the rows that test", zh="测试所占比例")
    unit: str = hyperparameter("", en="The unit of the target", zh="预测量的单位")

    def load(self, seed: int) -> Data:
        """Inputs (window, N, columns), targets (window, N, 1). The same for every `seed`."""
        return self._loaded()[0]

    def load_file(self, file: str, seed: int) -> Data:
        """What `load` gives, but with all rows of another file to test, in the scale of the rows that train."""
        known, reading = self._loaded()
        other = read_csv(file)
        splits = {"test": (0, self._rows(other))}
        sequences, times = self._cut(other, reading, splits)
        baselines = self._baselines(other, reading, splits["test"])
        return replace(known, validation=None, test=sequences["test"], times=times, baselines=baselines)

    def continuation(self, seed: int, file: str | None = None) -> Continuation:
        """The rows behind the end of the file, where the target is all that is read, and is predicted one row ahead."""
        _, reading = self._loaded()
        others = [name for name in reading.columns if name != reading.target]
        if others or not reading.columns or self.horizon > 1:
            reason = f"it predicts {self.horizon} rows ahead" if not others else f"it reads {', '.join(others)} as well"
            raise DataError(
                f"the table cannot go on from the prediction of {reading.target!r} alone: {reason}",
                remedy="Train with the target as the only column, and horizon = 1",
            )
        scale = reading.columns[reading.target]
        place = 0

        def follow(prediction: NDArray[Any]) -> tuple[str, NDArray[Any], NDArray[Any]]:
            nonlocal place
            place += 1
            value = reading.target_scale.restored(prediction)
            return f"+{place}", value, scale.scaled(value)

        return Continuation(inputs=reading.inputs(read_csv(file or self.file)), follow=follow)

    def _loaded(self) -> tuple[Data, Reading]:
        if not self.file:
            raise DataError("the dataset 'table' has no file", remedy="Name a CSV file as file in [dataset]")
        table = read_csv(self.file)
        splits = self._splits(self._rows(table))
        reading = self._reading(table, splits["train"][1])
        sequences, times = self._cut(table, reading, splits)
        data = Data(
            train=sequences["train"],
            validation=sequences.get("validation"),
            test=sequences.get("test"),
            baselines=self._baselines(table, reading, splits["test"]) if "test" in splits else {},
            metric="rmse",
            inputs=len(reading.columns),
            outputs=1,
            input_names=tuple(reading.columns),
            times=times,
            unit=self.unit,
            to_units=lambda split, array: reading.target_scale.restored(array),
        )
        return data, reading

    def _rows(self, table: Table) -> int:
        """How many rows have a target: that of row r is in row r + horizon."""
        rows = len(table) - self.horizon
        if rows < 3:
            there = "1 row" if len(table) == 1 else f"{len(table)} rows"
            raise DataError(
                f"the file has {there} of data, and predicting {self.horizon} ahead takes at least {self.horizon + 3}",
                file=table.file,
                remedy="Use more rows" if self.horizon == 1 else "Use more rows or a smaller horizon",
            )
        return rows

    def _splits(self, rows: int) -> Splits:
        test, validation = round(rows * self.test_share), round(rows * self.validation_share)
        train = rows - test - validation
        if train < 1:
            raise DataError(
                f"validation_share {self.validation_share:g} and test_share {self.test_share:g} leave nothing to train",
                remedy="Set smaller shares",
            )
        splits = {"train": (0, train), "validation": (train, train + validation), "test": (train + validation, rows)}
        return {split: (first, end) for split, (first, end) in splits.items() if end > first}

    def _reading(self, table: Table, known: int) -> Reading:
        """The columns in the scale of the first `known` rows."""
        columns = tuple(self.columns) or table.numeric_names()
        if not columns:
            raise DataError("no column is numbers", file=table.file, remedy="Name a file with columns of numbers")
        target = self.target or columns[-1]
        return Reading(
            columns={name: Scale.of(table.numbers(name)[:known]) for name in columns},
            target=target,
            # The last training row is asked for a value `horizon` rows later, which is known in training too.
            target_scale=Scale.of(table.numbers(target)[: known + self.horizon]),
        )

    def _cut(self, table: Table, reading: Reading, splits: Splits) -> tuple[dict[str, Sequences], dict[str, list[str]]]:
        """The sequences of each split, and what its steps are called: the first column, where it is not read."""
        inputs, targets = reading.inputs(table)[: -self.horizon], reading.targets(table)[self.horizon :]
        try:
            sequences, rows = cut_series(inputs, targets, splits, self.window)
        except DataError as error:
            raise error.with_place(table.file) from None
        if table.names[0] in reading.columns:
            return sequences, {}
        labels = table.texts(table.names[0])[self.horizon :]
        return sequences, {split: [labels[row] for row in places.T.flat] for split, places in rows.items()}

    def _baselines(self, table: Table, reading: Reading, tested: tuple[int, int]) -> dict[str, float]:
        """The root mean squared error of the value last seen, and of the mean of the training rows."""
        values = table.numbers(reading.target)
        first, end = tested
        return root_mean_squared_errors(
            {"naive": values[first:end], "mean": reading.target_scale.mean},
            values[first + self.horizon : end + self.horizon],
        )


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [TableSeries]
