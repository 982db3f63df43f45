"""A long series cut into windows: which row of it stands where in the sequences of a split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.components.dataset import Sequences
from lab.errors import DataError


def cut_series(
    inputs: NDArray[Any], targets: NDArray[Any], splits: Mapping[str, tuple[int, int]], window: int
) -> tuple[dict[str, Sequences], dict[str, NDArray[np.intp]]]:
    """The sequences of each split of a series, and which row of the series each of their steps is, shape (T, N).

    `inputs` (R, ...) and `targets` (R, ...) are the series, `splits` gives the first row of each split and the row
    after its last. The split "train" starts at row 0 and is cut by `training_rows`, the others by `evaluation_rows`.
    """
    sequences: dict[str, Sequences] = {}
    places: dict[str, NDArray[np.intp]] = {}
    for split, (first, end) in splits.items():
        if split == "train":
            rows = training_rows(end, window)
            sequences[split] = Sequences(inputs=inputs[rows], targets=targets[rows], continuous=True)
        else:
            rows, counted = evaluation_rows(first, end, window)
            sequences[split] = Sequences(inputs=inputs[rows], targets=targets[rows], counted=counted)
        places[split] = rows
    return sequences, places


def training_rows(end: int, window: int) -> NDArray[np.intp]:
    """Rows 0 to `end` - 1 as consecutive windows, shape (T, N): column n + 1 goes on where column n ends.

    The oldest rows that do not fill a window are left out, since the latest are nearest to what is to be predicted.
    A `window` of 0 makes one column of all rows. DataError where the window is longer than the rows.
    """
    length = _length(0, end, window)
    count = end // length
    return np.arange(end - count * length, end).reshape(count, length).T


def evaluation_rows(first: int, end: int, window: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Windows in which each of the rows `first` to `end` - 1 counts once: the rows, and whether they count, (T, N).

    The first half of a window warms the state on the rows before those that count, so every prediction has seen at
    least `window` // 2 rows where the series has them. A `window` of 0 makes one column of all rows from 0, so that the
    state is warmed on everything before `first`. Read column after column, the rows that count are in order.
    """
    length = _length(first, end, window)
    if window == 0:
        starts, counted_from = np.zeros(1, np.intp), np.array([first])
        stride = end - first
    else:
        stride = length - length // 2
        counted_from = np.arange(first, end, stride)
        starts = np.clip(counted_from - length // 2, 0, end - length)
    rows = starts + np.arange(length)[:, None]
    return rows, (rows >= counted_from) & (rows < counted_from + stride)


def _length(first: int, end: int, window: int) -> int:
    """The steps of a column."""
    if first >= end:
        raise DataError("a split has no steps", remedy="Use more data, or give this split a larger share")
    if window > end:
        raise DataError(
            f"a window of {window} steps is longer than the {end} steps of the data",
            remedy=f"Set window to at most {end}, or to 0 for one sequence of all steps",
        )
    return window or end
