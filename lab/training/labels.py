"""What samples and their steps are called."""

from collections.abc import Sequence
from typing import Any, Final

from numpy.typing import NDArray

from lab.components.dataset import Data

MOST_SAMPLES: Final = 8
"""Samples watched at a time."""
HANDFUL: Final = 6
"""Samples watched where nobody has chosen others, if there are so many."""


def watched_split(data: Data) -> str:
    """The split whose samples are watched: the first there is of test, validation and train."""
    return next(split for split in ("test", "validation", "train") if split in data.splits())


def sample_labels(data: Data, split: str, columns: Sequence[int] | NDArray[Any]) -> list[str]:
    """What samples of a split are called: by the times that they span, if the dataset says them, or by number."""
    times = [step_labels(data, split, int(column)) for column in columns]
    if data.splits()[split].count == 1 or not all(times) or len(set(map(tuple, times))) < len(times):
        return [str(int(column)) for column in columns]
    return [f"{one[0]} – {one[-1]}" for one in times]


def step_labels(data: Data, split: str, column: int) -> list[str]:
    """What the steps of a sample are called; empty where the dataset does not say."""
    sequences, labels = data.splits()[split], data.times.get(split, ())
    if len(labels) == sequences.steps * sequences.count:
        labels = labels[column * sequences.steps : (column + 1) * sequences.steps]
    elif len(labels) != sequences.steps:
        return []
    return [str(label) for label in labels]
