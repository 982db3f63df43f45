"""Support: which entries of a weight can be other than zero, where constants say so (a mask that it is multiplied by).

Products compute for each run of results only the run of entries that can matter.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lab.trace.graph import Leaf, Literal, Var

Array = NDArray[Any]

MOST_BANDS: Final = 8
"""Products that one is taken apart into."""


def support_of(value: Var, constants: Mapping[Var, Array]) -> Array | None:
    """True where an entry can be other than zero, in the value's shape; None where nothing is known of any."""
    if isinstance(value.origin, Leaf) and value in constants:
        return np.not_equal(constants[value], 0)
    if isinstance(value.origin, Literal):
        return np.asarray(value.origin.value != 0)
    parts = [support_of(operand, constants) for operand in value.inputs]
    known = [part for part in parts if part is not None]
    if not known:
        return None
    match value.primitive:
        case "mul":
            return np.broadcast_to(np.logical_and.reduce(np.broadcast_arrays(*known)), value.shape)
        case "concat":
            whole = zip(parts, value.inputs, strict=True)
            return np.concatenate([np.ones(one.shape, bool) if part is None else part for part, one in whole])
        case "transpose":
            return np.transpose(known[0])
        case _:
            return None


def spans(support: Array, starts: Array) -> Array:
    """For rows from each start to the next one, (n,): first and last entry that any of them can have, (n, 2).

    `support` is (rows, entries). Rows without any entry are said to have the first, so that no span is empty.
    """
    columns = np.logical_or.reduceat(support, starts, axis=0)
    columns[~columns.any(axis=1), 0] = True
    return np.stack([columns.argmax(axis=1), columns.shape[1] - columns[:, ::-1].argmax(axis=1)], axis=1)


def bands(support: Array) -> list[tuple[int, int, int, int]]:
    """Runs of rows and the run of entries that they can have: row, end of rows, entry, end of entries."""
    rows = len(support)
    each = spans(support, np.arange(rows))
    starts = np.flatnonzero(np.r_[True, (each[1:] != each[:-1]).any(axis=1)])
    if len(starts) > MOST_BANDS:
        starts = np.arange(0, rows, -(-rows // MOST_BANDS))
    ends = [*starts[1:], rows]
    return [
        (int(start), int(end), int(first), int(last))
        for start, end, (first, last) in zip(starts, ends, spans(support, starts), strict=True)
    ]
