"""One layer's eligibility traces over a window of steps."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.gradients.diagonal import sweep
from lab.gradients.fused_rows import FusedRows
from lab.gradients.local_step import DenseStep, LocalStep, Piece
from lab.gradients.pullback import parts_of
from lab.gradients.steps import Steps
from lab.gradients.window_rows import Formulas, WindowRows
from lab.trace.graph import Var

Array = NDArray[Any]


@final
class Family:
    """Pieces of weights whose influence J is one array, (B, m, q, D, C).

    All belong to the same units; each of the q `members` has pieces that share ∂s/∂ of their rows, one for each of the
    `rights`, which have C numbers together (1 for a piece that is multiplied with nothing).
    """

    def __init__(self, names: tuple[str, ...], size: int, rights: tuple[Var | None, ...], *, direct: bool) -> None:
        self.names, self.size, self.rights, self.direct = names, size, rights, direct
        self.members: list[list[int]] = []
        self.widths = [1 if right is None else right.size for right in rights]

    def right(self, rows: WindowRows) -> Array:
        """What the rows of the pieces are multiplied with, (R, C)."""
        found = np.ones((rows.count, sum(self.widths)), rows.executor.dtype)
        start = 0
        for right, width in zip(self.rights, self.widths, strict=True):
            if right is not None:
                found[:, start : start + width] = rows.arrays[right.number]
            start += width
        return found


def _families(step: LocalStep) -> list[Family]:
    """The pieces of a step, those with the same left side together, and of these those with the same right sides."""
    found: dict[tuple[Any, ...], Family] = {}
    members: dict[tuple[Any, ...], list[int]] = {}
    for index, piece in enumerate(step.pieces):
        if not step.dense and all(one is None for one in piece.left):
            continue
        key: tuple[Any, ...] = (piece.names, piece.use.place in step.direct, _numbers(piece.left))
        if step.dense:
            key += (index,)
        # A second piece with the same left and right sides is a member of its own.
        while any(step.pieces[other].use.right is piece.use.right for other in members.get(key, ())):
            key += ("again",)
        members.setdefault(key, []).append(index)
    for (names, direct, *_), group in members.items():
        group.sort(key=lambda index: _numbers([step.pieces[index].use.right]))
        rights = tuple(step.pieces[index].use.right for index in group)
        size = step.size_of(step.pieces[group[0]])
        family = found.setdefault((names, direct, _numbers(rights)), Family(names, size, rights, direct=direct))
        family.members.append(group)
    return list(found.values())


def _numbers(values: Any) -> tuple[int, ...]:
    return tuple(-1 if value is None else value.number for value in values)


@final
class LayerTraces:
    """J of one layer, and what a window of its steps makes of it."""

    def __init__(self, steps: Steps, depth: int, *, products: bool) -> None:
        self.steps, self.depth = steps, depth
        self.layer = steps.layers[depth]
        pullback, program = self.layer.pullback, self.layer.block.program
        self.step = LocalStep(pullback, products=products)
        self.families = _families(self.step)
        self._dense = DenseStep(self.step) if self.step.dense else None
        self._pulls = {place: pullback.weights[place] for place in sorted(self.step.direct)}
        outers = [outer.right for pull in self._pulls.values() for outer in pull.outers]
        below = list(pullback.inputs.values()) if depth or self.layer.embedding else []
        rights = [right for family in self.families for right in family.rights if right is not None]
        self.local = FusedRows(program, [*self.step.roots(), *rights])
        self._at_once = Formulas(program, [*outers, *parts_of(self._pulls.values()), *below])

    def shapes(self) -> list[tuple[int, ...]]:
        """The shapes of J, by families."""
        batch = self.steps.batch
        return [(batch, len(f.names), len(f.members), f.size, sum(f.widths)) for f in self.families]

    def window(self, first: int, last: int) -> "LayerWindow":
        """Steps first ... last - 1 as they were run."""
        executor = self.steps.executor(self.depth)
        program = self.layer.block.program
        # Where its values are is read from a program made of the same architecture.
        assert program.kept == executor.program.kept
        rows = WindowRows(program, executor, first, last, self.steps.batch)
        return LayerWindow(self, rows)

    def linear(self, rows: WindowRows) -> tuple[Mapping[tuple[str, str], Array], list[list[Array | None]]]:
        """∂s^a_t/∂s^b_{t-1}, (R, D), by states, and for each piece ∂s^a_t/∂ of its rows."""
        self.local.values(rows)
        if self._dense is not None:
            return self._dense.values(self.steps.passage(self.depth, rows.first, rows.last), rows.count)
        arrays = rows.arrays
        transition = {key: arrays[value.number] for key, value in self.step.transition.items()}
        lefts = [[None if v is None else arrays[v.number] for v in piece.left] for piece in self.step.pieces]
        return transition, lefts

    def at_once(self, rows: WindowRows, cotangents: Array, total: Array) -> dict[str, Array]:
        """Add what the weights do to all units at the same step to `total`; ∂L/∂ of the inputs there, (T, B, ·).

        `cotangents` are those of the states after each step, (T, B, S); nothing goes to steps before.
        """
        pullback = self.layer.pullback
        if not self._at_once.roots:
            return {}
        for name, array in self.layer.vector.split(cotangents.reshape(rows.count, -1)).items():
            rows.given[pullback.arriving[name]] = array
        rows.values(self._at_once)
        live = self.steps.live(rows.first, rows.last).reshape(-1)
        for place, pull in self._pulls.items():
            part = total[self.layer.own[str(place)]].reshape(pull.weight.shape)
            for outer in pull.outers:
                left, right = (rows.full(one)[live] for one in (outer.left, outer.right))
                part += right.T @ left if outer.swapped else left.T @ right
            for value in pull.rows:
                part += rows.full(value)[live].sum(axis=0)
        steps = rows.last - rows.first
        found = {}
        for name, value in pullback.inputs.items():
            if value.number in rows.arrays:
                array = np.where(live[:, None], rows.full(value).reshape(rows.count, -1), 0)
                found[name] = array.reshape(steps, rows.batch, -1)
        return found


@final
class LayerWindow:
    """A layer's steps of a window, linear and unit by unit."""

    def __init__(self, traces: LayerTraces, rows: WindowRows) -> None:
        self.traces, self.rows = traces, rows
        self._compiled = rows.executor.target.name == "numba"
        found, self._lefts = traces.linear(rows)
        live = traces.steps.live(rows.first, rows.last).reshape(-1)
        self._ended = None if live.all() else ~live
        self._transition = {names: self._stacked(names, size, found) for size, names in traces.step.groups.items()}

    def _stacked(self, names: tuple[str, ...], size: int, found: Mapping[tuple[str, str], Array]) -> Array:
        """D of the units of some states, (m, m, T, B D)."""
        states, rows = len(names), self.rows
        total = np.zeros((states, states, rows.count, size), rows.executor.dtype)
        for to, after in enumerate(names):
            for of, before in enumerate(names):
                if (after, before) in found:
                    total[to, of] = found[after, before]
            if self._ended is not None:
                total[to, :, self._ended] = 0
                total[to, to, self._ended] = 1
        return total.reshape(states, states, rows.last - rows.first, -1)

    def add(self, cotangents: Array, influence: list[Array] | None, total: Array) -> None:
        """Add Σ_t (∂L/∂s_t) J_t to the gradient of the layer's weights; `cotangents` are ∂L/∂s_t, (T, B, S)."""
        swept: dict[tuple[str, ...], tuple[Array, Array, Array]] = {}
        for names in self._transition:
            alone = self._by_state(names, cotangents)
            through = alone.copy()
            before = sweep(self._transition[names], through, compiled=self._compiled)
            swept[names] = alone, through, before
        for place, family in enumerate(self.traces.families):
            alone, through, before = swept[family.names]
            # What is done at once to all units is added whole elsewhere.
            credit = self._credit(family, through - alone if family.direct else through)
            found = credit.swapaxes(1, 2) @ family.right(self.rows)
            if influence is not None:
                shape = (len(family.names), self.rows.batch, family.size)
                found += np.einsum("mbd,bmqdc->qdc", before.reshape(shape), influence[place])
            self._into_weights(family, found, total)

    def carried(self, influence: list[Array] | None) -> list[Array]:
        """J after the window."""
        steps, batch = self.rows.last - self.rows.first, self.rows.batch
        found = []
        for place, (family, shape) in enumerate(zip(self.traces.families, self.traces.shapes(), strict=True)):
            right = family.right(self.rows).reshape(steps, batch, -1).swapaxes(0, 1)[:, None]
            following = np.zeros(shape, self.rows.executor.dtype)
            transition = self._transition[family.names]
            for state in range(len(family.names)):
                back = np.zeros(transition.shape[1:], transition.dtype)
                back[state, -1] = 1
                before = sweep(transition, back, compiled=self._compiled)
                credit = self._credit(family, back).reshape(-1, steps, batch, family.size)
                following[:, state] = credit.transpose(2, 0, 3, 1) @ right
                if influence is not None:
                    before = before.reshape(len(family.names), batch, family.size)
                    following[:, state] += np.einsum("mbd,bmqdc->bqdc", before, influence[place])
            found.append(following)
        return found

    def _by_state(self, names: tuple[str, ...], cotangents: Array) -> Array:
        """Cotangents (T, B, S) of some states, (m, T, B D)."""
        states = self.traces.layer.vector.parts
        parts = [cotangents[:, :, states[name]].reshape(len(cotangents), -1) for name in names]
        return np.stack(parts)

    def _credit(self, family: Family, through: Array) -> Array:
        """Cotangents of the rows of the pieces, (q, R, D), from those of the states, (m, T, B D)."""
        count, size = self.rows.count, family.size
        total = np.empty((len(family.members), count, size), through.dtype)
        for place, member in zip(total, family.members, strict=True):
            terms = zip(self._lefts[member[0]], through.reshape(len(through), count, size), strict=True)
            present = [(left, array) for left, array in terms if left is not None]
            np.multiply(*present[0], out=place)
            for left, array in present[1:]:
                place += left * array
        if self._ended is not None:
            total[:, self._ended] = 0
        return total

    def _into_weights(self, family: Family, found: Array, total: Array) -> None:
        layer = self.traces.layer
        for index, member in enumerate(family.members):
            start = 0
            for number, width in zip(member, family.widths, strict=True):
                piece: Piece = self.traces.step.pieces[number]
                weight = layer.pullback.weights[piece.use.place].weight
                part = total[layer.own[str(piece.use.place)]].reshape(weight.shape)
                rows, array = slice(piece.start, piece.start + family.size), found[index, :, start : start + width]
                if piece.use.right is None:
                    part[rows] += array[:, 0]
                elif piece.use.swapped:
                    part[:, rows] += array.T
                else:
                    part[rows] += array
                start += width
