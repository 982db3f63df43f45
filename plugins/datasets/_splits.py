"""Sequences drawn at random: the three splits, each from a stream of its own."""

from collections.abc import Callable

import numpy as np

from lab.api import Sequences


def splits(
    seed: int, drawn: Callable[[np.random.Generator, int], Sequences], train: int, validation: int, test: int
) -> tuple[Sequences, Sequences | None, Sequences]:
    """So many sequences that train, validate and test; no split to validate with where that is to have none.

    Each split is the same whatever the sizes of the others.
    """
    draws = [np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(3)]
    validates = drawn(draws[1], validation) if validation else None
    return drawn(draws[0], train), validates, drawn(draws[2], test)
