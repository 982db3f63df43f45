"""Predictions as a table for people: each row that counts, with what was asked and what the network said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.training.evaluate import Evaluation, in_units
from lab.training.setup import Setup

Array = NDArray[Any]
Cell = str | int | float


@final
@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of cells under the names of their columns; numbers are in the units of the data."""

    names: tuple[str, ...]
    cells: Sequence[tuple[Cell, ...]]


def predicted(setup: Setup, split: str, evaluation: Evaluation) -> Rows:
    """The predictions of a split beside their targets, sequence after sequence, step after step.

    Real targets in the units of the data; of a class its name, and the probabilities of the predicted and the right
    one. What a dataset calls its steps stands in the column `time`; sequences and steps count from 0.
    """
    order = np.lexsort((evaluation.steps, evaluation.columns))
    names, places = _places(setup, split, evaluation.steps[order], evaluation.columns[order])
    predictions, targets = (array[order] for array in in_units(setup.data, split, evaluation))
    more, values = _classes(setup, predictions, targets) if targets.ndim == 1 else _numbers(predictions, targets)
    return Rows((*names, *more), [(*place, *value) for place, value in zip(places, values, strict=True)])


def _places(setup: Setup, split: str, steps: Array, columns: Array) -> tuple[list[str], list[tuple[Cell, ...]]]:
    sequences = setup.data.splits()[split]
    names: list[str] = []
    parts: list[Sequence[Cell]] = []
    if sequences.count > 1 or not sequences.per_step:
        names.append("sequence")
        parts.append(columns.tolist())
    if sequences.per_step:
        names.append("step")
        parts.append(steps.tolist())
    labels = setup.data.times.get(split, ())
    if len(labels) == sequences.steps * sequences.count:
        names.append("time")
        parts.append([str(labels[place]) for place in columns * sequences.steps + steps])
    elif len(labels) == sequences.steps:
        names.append("time")
        parts.append([str(labels[step]) for step in steps])
    return names, list(zip(*parts, strict=True))


def _numbers(predictions: Array, targets: Array) -> tuple[list[str], list[tuple[Cell, ...]]]:
    count = targets.shape[1]
    endings = [""] if count == 1 else [f" {place + 1}" for place in range(count)]
    names = [f"{kind}{ending}" for kind in ("target", "prediction") for ending in endings]
    return names, [tuple(map(float, row)) for row in np.concatenate([targets, predictions], axis=1)]


def _classes(setup: Setup, predictions: Array, targets: Array) -> tuple[list[str], list[tuple[Cell, ...]]]:
    symbols = setup.data.symbols if setup.dataset.task == "next-symbol" else ()
    best, rows = predictions.argmax(axis=1), np.arange(len(targets))
    cells = zip(targets, best, predictions[rows, best], predictions[rows, targets], strict=True)
    names = ["target", "prediction", "probability", "probability of the target"]
    return names, [
        (
            symbols[target] if symbols else int(target),
            symbols[guess] if symbols else int(guess),
            float(share),
            float(right),
        )
        for target, guess, share, right in cells
    ]
