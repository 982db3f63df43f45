"""Batches: which sequences are run together, and in what order."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.components.algorithm import Batch
from lab.components.dataset import Sequences

Array = NDArray[Any]


def select(sequences: Sequences, columns: Array) -> Sequences:
    """Some of the sequences, in the order of `columns`."""
    by_step = sequences.per_step
    return Sequences(
        inputs=sequences.inputs[:, columns],
        targets=sequences.targets[:, columns] if by_step else sequences.targets[columns],
        lengths=None if sequences.lengths is None else sequences.lengths[columns],
        counted=None if sequences.counted is None else sequences.counted[:, columns],
        continuous=sequences.continuous,
        allowed=None if sequences.allowed is None else sequences.allowed[:, columns],
    )


@final
@dataclass(frozen=True, slots=True)
class Batches:
    """The batches of one epoch. Shuffled, or, where the state is carried, as parallel streams in their own order.

    The order follows from `seed` and the number of the epoch alone, so a resumed run meets the same batches.
    """

    sequences: Sequences
    size: int
    seed: int
    carry: bool = False

    @property
    def count(self) -> int:
        """Batches in an epoch."""
        if self.carry:
            return max(1, self.sequences.count // self.streams)
        return -(-self.sequences.count // self.size)

    @property
    def streams(self) -> int:
        """Sequences in a batch where the state is carried."""
        return min(self.size, self.sequences.count)

    @property
    def total(self) -> int:
        """Sequences in all batches of an epoch."""
        return self.count * self.streams if self.carry else self.sequences.count

    def columns(self, epoch: int, seen: int = 0) -> list[Array]:
        """The sequences of each batch of an epoch, but for the first `seen` sequences, which were in batches before."""
        if self.carry:
            # Stream k reads the k-th part of the series from its beginning; a remainder is left out.
            starts = np.arange(self.streams) * self.count
            return [starts + index for index in range(seen // self.streams, self.count)]
        total = self.sequences.count
        order = np.random.default_rng([self.seed, 1, epoch]).permutation(total)
        return [order[first : first + self.size] for first in range(seen, total, self.size)]

    def epoch(self, number: int, seen: int = 0) -> Iterator[Batch]:
        """The batches of an epoch that follow after `seen` sequences."""
        for index, columns in enumerate(self.columns(number, seen)):
            continued = self.carry and (index > 0 or seen > 0)
            yield Batch(sequences=select(self.sequences, columns), continued=continued)


def in_order(sequences: Sequences, size: int) -> Iterator[tuple[Array, Sequences]]:
    """All sequences in their order, `size` at a time, with their columns."""
    for first in range(0, sequences.count, size):
        columns = np.arange(first, min(first + size, sequences.count))
        yield columns, select(sequences, columns)
