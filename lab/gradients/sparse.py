"""The influence matrix of a whole network where only some of its entries are kept: units reached within n steps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.gradients.linear import LinearLayer
from lab.gradients.steps import Steps
from lab.gradients.structure import learned, structure

Array = NDArray[Any]

AT_ONCE: Final = 32
"""Steps that are linearised together; more would only take more memory."""


def _joined(layers: Sequence[LinearLayer], sizes: Sequence[int]) -> tuple[Array, Array, Array]:
    """The layers as one network: A (T, B, S, S) of all states, and all left and right sides of factors side by side.

    What a layer does to the layers above at the same step is a part of it. Lefts are (T, B, S, ·), rights (T, B, ·).
    """
    steps, batch = layers[0].transition.shape[:2]
    dtype, total, start = layers[0].transition.dtype, sum(sizes), 0
    transition = np.zeros((steps, batch, total, total), dtype)
    widths = [sum(factor.left.shape[3] for factor in layer.factors) for layer in layers]
    left = np.zeros((steps, batch, total, sum(widths)), dtype)
    rights: list[Array] = []
    column, under = 0, slice(0, 0)
    for layer, size in zip(layers, sizes, strict=True):
        own = slice(start, start + size)
        transition[:, :, own, own] = layer.transition
        if layer.below is not None:
            transition[:, :, own] += layer.below @ transition[:, :, under]
            left[:, :, own] = layer.below @ left[:, :, under]
        for factor in layer.factors:
            left[:, :, own, column : column + factor.left.shape[3]] = factor.left
            column += factor.left.shape[3]
            if factor.right is not None:
                rights.append(factor.right)
        start, under = start + size, own
    return transition, left, np.concatenate([*rights, np.ones((steps, batch, 1), dtype)], axis=2)


def _entries(layers: Sequence[LinearLayer], columns: int) -> tuple[Array, Array]:
    """Which left and right sides make ∂s/∂ of each column, (F, K) each: one line for each time a weight is read.

    The last left side is one that is zero, the last right side one that is 1.
    """
    lefts = sum(factor.left.shape[3] for layer in layers for factor in layer.factors)
    rights = sum(factor.right.shape[2] for layer in layers for factor in layer.factors if factor.right is not None)
    met: list[tuple[Array, Array]] = []
    times = np.zeros(columns, int)
    left = right = 0
    for layer in layers:
        for factor in layer.factors:
            height = factor.left.shape[3]
            width = 1 if factor.right is None else factor.right.shape[2]
            one, other = np.indices((width, height))[::-1] if factor.swapped else np.indices((height, width))
            place = np.arange(columns)[layer.columns][factor.columns]
            line = times[place].max()
            if line == len(met):
                met.append((np.full(columns, lefts), np.full(columns, rights)))
            met[line][0][place] = left + one.reshape(-1)
            met[line][1][place] = rights if factor.right is None else right + other.reshape(-1)
            times[place] += 1
            left += height
            right += 0 if factor.right is None else width
    return np.stack([one for one, _ in met]), np.stack([other for _, other in met])


def pattern(layers: Sequence[LinearLayer], units: Sequence[Array], trained: Array, reach: int) -> Array:
    """Which states each weight entry reaches within `reach` steps, (S, K); the first is the one that reads it.

    `layers` are as `structure` gives them, `trained` says which entries are learned at all, `units` which unit each
    state of each layer belongs to: all states of a unit are reached together.
    """
    transition, left, _ = _joined([_marked(layer) for layer in layers], [len(one) for one in units])
    ends = np.cumsum([one.max() + 1 for one in units])
    unit = np.concatenate([one + end for one, end in zip(units, [0, *ends], strict=False)])
    step, acts = np.any(transition, axis=(0, 1)).astype(np.float32), np.any(left, axis=(0, 1))
    lefts, _ = _entries(layers, len(trained))
    acts = np.pad(acts, ((0, 0), (0, 1)))
    at_once: Array = np.logical_or.reduce(acts[:, lefts], axis=1) & trained
    found = _whole_units(at_once, unit)
    for _ in range(reach - 1):
        further = _whole_units(found | (step @ found.astype(np.float32) > 0), unit)
        if (further == found).all():
            break
        found = further
    return found


def _whole_units(found: Array, unit: Array) -> Array:
    by_unit = np.zeros((unit.max() + 1, found.shape[1]), bool)
    np.logical_or.at(by_unit, unit, found)
    whole: Array = by_unit[unit]
    return whole


def _marked(layer: LinearLayer) -> LinearLayer:
    """1 where something is not zero: sums of these are zero only where nothing is."""
    below = None if layer.below is None else (layer.below != 0).astype(float)
    factors = [replace(factor, left=(factor.left != 0).astype(float)) for factor in layer.factors]
    return replace(layer, transition=(layer.transition != 0).astype(float), below=below, factors=factors)


@final
class _Block:
    """Groups of columns, those of a group with the same states: `rows` (G, R) and `columns` (G, C), filled up with
    one more than there are.

    The rest are places in flat arrays, found once: `within` of A (G, R, R), and in `made` those of left sides (G, R, C)
    and right sides (G, C), by lines of `_entries`.
    """

    def __init__(self, rows: Array, columns: Array, states: int, lefts: Array, rights: Array) -> None:
        self.rows, self.columns = rows, columns
        self.within = rows[:, :, None] * (states + 1) + rows[:, None, :]
        filler = lefts[0, -1]
        self.made = [
            (rows[:, :, None] * (filler + 1) + one[columns][:, None, :], other[columns])
            for one, other in zip(lefts, rights, strict=True)
            if (one[columns] != filler).any()
        ]


def _blocks(kept: Array, lefts: Array, rights: Array) -> list[_Block]:
    """The columns by their pattern; groups of about the same size are in one block."""
    states, columns = kept.shape
    packed = np.packbits(kept, axis=0)
    _, group = np.unique(packed, axis=1, return_inverse=True)
    group = group.reshape(-1)
    order = np.argsort(group, kind="stable")
    bins: dict[tuple[int, ...], list[tuple[Array, Array]]] = {}
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        rows = np.flatnonzero(kept[:, members[0]])
        if len(rows):
            key = tuple(int(np.ceil(np.log2(len(one)) * 4)) for one in (rows, members))
            bins.setdefault(key, []).append((rows, members))
    return [
        _Block(
            _filled([rows for rows, _ in one], states),
            _filled([members for _, members in one], columns),
            states,
            lefts,
            rights,
        )
        for one in bins.values()
    ]


def _filled(lists: Sequence[Array], filler: int) -> Array:
    found = np.full((len(lists), max(map(len, lists))), filler)
    for line, entries in zip(found, lists, strict=True):
        line[: len(entries)] = entries
    return found


@final
class SparseInfluence:
    """J_t = mask ⊙ (A_t J_{t-1} + ∂s_t/∂w) of the whole network, stored without what is masked.

    Kept are the entries reached within `reach` steps. Arrays are in the order in which the network runs the batch.
    """

    def __init__(self, steps: Steps, reach: int) -> None:
        self.steps, self.reach = steps, reach
        layers, trained = structure(steps), learned(steps)
        self.pattern = pattern(layers, [layer.vector.units for layer in steps.layers], trained, reach)
        lefts, rights = _entries(layers, len(trained))
        filler = sum(factor.left.shape[3] for layer in layers for factor in layer.factors)
        lefts = np.concatenate([lefts, np.full((len(lefts), 1), filler)], axis=1)
        rights = np.concatenate([rights, np.zeros((len(rights), 1), int)], axis=1)
        self._blocks = _blocks(self.pattern, lefts, rights)
        self._influence: list[Array] = []

    @property
    def numbers(self) -> int:
        """Numbers kept for one sequence."""
        return sum(block.rows.size * block.columns.shape[1] for block in self._blocks)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of what is stored of J, (B, groups, states, columns), by blocks."""
        return {
            f"sparse.{self.reach}.{index}": (self.steps.batch, *block.rows.shape, block.columns.shape[1])
            for index, block in enumerate(self._blocks)
        }

    def begin(self, kept: Mapping[str, Array] | None) -> None:
        """Begin a batch with J as it is `kept` of the batch before, or with zero."""
        dtype = self.steps.network.dtype
        self._influence = [
            np.zeros(shape, dtype) if kept is None else kept[name] for name, shape in self.shapes.items()
        ]

    @property
    def kept(self) -> dict[str, Array]:
        """J for a batch that goes on from here."""
        return dict(zip(self.shapes, self._influence, strict=True))

    def advance(self, first: int, last: int, signals: Sequence[Array], *, more: bool = True) -> Array:
        """The gradient of all weights by steps first ... last - 1, one layer after the other; J moves on.

        `signals` are ∂L/∂s_t of the top layer, (T, B, S), or nothing where nothing but J is asked for.
        """
        size = sum(self.steps.columns)
        total = np.zeros(size + 1, self.steps.network.dtype)
        for start in range(first, last, AT_ONCE):
            stop = min(start + AT_ONCE, last)
            layers = self.steps.linearise(start, stop)
            transition, left, right = _joined(layers, self.steps.sizes)
            # One state and one left side more, which are zero: entries that only fill up are taken from there.
            transition = np.pad(transition, ((0, 0), (0, 0), (0, 1), (0, 1)))
            left = np.pad(left, ((0, 0), (0, 0), (0, 1), (0, 1)))
            seeds = np.zeros((stop - start, *transition.shape[1:3]), transition.dtype)
            if signals:
                top = signals[0]
                seeds[:, :, -1 - top.shape[2] : -1] = top[start - first : stop - first]
            for step in range(stop - start):
                self._step(transition[step], left[step], right[step], seeds[step], total)
        return total[:size]

    def _step(self, transition: Array, left: Array, right: Array, seeds: Array, total: Array) -> None:
        flat, lefts = transition.reshape(len(transition), -1), left.reshape(len(left), -1)
        for place, block in enumerate(self._blocks):
            following = np.take(flat, block.within, axis=1) @ self._influence[place]
            for one, other in block.made:
                now = np.take(lefts, one, axis=1)
                now *= np.take(right, other, axis=1)[:, :, None, :]
                following += now
            self._influence[place] = following
            part = np.take(seeds, block.rows, axis=1)
            if part.any():
                total[block.columns] += np.einsum("bgr,bgrc->gc", part, following)
