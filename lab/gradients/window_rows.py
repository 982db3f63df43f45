"""Values of a layer's step for all rows (step, sample) of a window at once, from what its executor keeps anyway."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.arrays import to_host
from lab.compile.executor import Executor
from lab.compile.program import Location, Program, When
from lab.compile.storage import Storage
from lab.trace.graph import Leaf, Literal, Var
from lab.trace.rules.evaluate import EVALUATE

Array = NDArray[Any]

_ENTRYWISE: Final[dict[str, np.ufunc]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
}


@final
class Formulas:
    """Values to be computed together: what they begin with, and the rest in order. Made once."""

    def __init__(self, program: Program, roots: Sequence[Var]) -> None:
        self.roots = tuple(roots)
        storage = Storage(dict(program.buffers), dict(program.kept))
        self.kept: list[tuple[Var, Location]] = []
        """Values that the executor keeps for all steps, and where."""
        self.leaves: list[Var] = []
        made: list[Var] = []
        seen: set[int] = set()
        stack = list(roots)
        while stack:
            value = stack.pop()
            if value.number in seen:
                continue
            seen.add(value.number)
            where = storage.locate(value) if value.batched else None
            if where is not None and where.when in (When.NOW, When.NEXT):
                self.kept.append((value, where))
            elif isinstance(value.origin, (Leaf, Literal)):
                self.leaves.append(value)
            else:
                made.append(value)
                stack.extend(value.inputs)
        made.sort(key=lambda value: value.number)
        self.made = [(value, tuple(v.number for v in value.inputs), _entrywise(value)) for value in made]
        """Values to compute, the numbers of their operands, and the function where it is a simple one."""
        self.fixed: dict[int, Array] = {}
        """Arrays of what no parameter and no step changes, once they are computed."""
        plain = {value.number for value in self.leaves if value.is_literal()}
        for value in made:
            if all(operand.number in plain for operand in value.inputs):
                plain.add(value.number)
        self.unchanging = plain
        self.room: dict[int, Array] = {}
        """Arrays that are used again for every window: new ones would cost more than what is written to them."""


def _entrywise(value: Var) -> np.ufunc | None:
    function = _ENTRYWISE.get(value.primitive)
    simple = value.batched and all(operand.shape or not operand.batched for operand in value.inputs)
    return function if function is not None and simple and len(value.inputs) == function.nin else None


@final
@dataclass(slots=True, eq=False)
class WindowRows:
    """Steps first ... last - 1 of the first `batch` samples of an executor after its forward scan; row t B + b.

    `given` are arrays of other leaves, such as cotangents; `arrays` are those that were computed, by number: they are
    good until the next window is computed. `program` is that of the executor, or one made of the same architecture.
    """

    program: Program
    executor: Executor
    first: int
    last: int
    batch: int
    given: dict[Var, Array] = field(default_factory=dict)
    arrays: dict[int, Array] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """R, the rows."""
        return (self.last - self.first) * self.batch

    def values(self, formulas: Formulas) -> list[Array]:
        """The arrays of the roots, (R, ·), or (·) of what is the same in all rows."""
        arrays, dtype = self.arrays, self.executor.dtype
        for value, where in formulas.kept:
            if value.number not in arrays:
                arrays[value.number] = self._kept(value, where)
        for value in formulas.leaves:
            if value.number not in arrays:
                arrays[value.number] = self._leaf(value)
        arrays.update(formulas.fixed)
        for value, inputs, function in formulas.made:
            if value.number in arrays:
                continue
            operands = tuple(arrays[number] for number in inputs)
            if function is not None:
                arrays[value.number] = function(*operands, out=self._room(value, formulas.room))
            else:
                array = EVALUATE[value.primitive](value, operands)
                arrays[value.number] = array.astype(dtype) if value.primitive == "iota" else array
                if value.number in formulas.unchanging:
                    formulas.fixed[value.number] = arrays[value.number]
        return [arrays[root.number] for root in formulas.roots]

    def _room(self, value: Var, room: dict[int, Array]) -> Array:
        found = room.get(value.number)
        if found is None or len(found) != self.count:
            found = room[value.number] = np.empty((self.count, *value.shape), self.executor.dtype)
        return found

    def full(self, value: Var) -> Array:
        """An array that was computed, in all rows, (R, *shape)."""
        return np.broadcast_to(self.arrays[value.number], (self.count, *value.shape))

    def _kept(self, value: Var, where: Location) -> Array:
        shift = int(where.when is When.NEXT)
        array = self.executor.buffers[where.buffer][self.first + shift : self.last + shift, : self.batch]
        # Most of what is made of it is elementwise, and twice as fast where rows lie one behind the other.
        part = to_host(array).reshape(-1, where.full)[:, where.start : where.start + where.width]
        return np.ascontiguousarray(part).reshape(self.count, *value.shape)

    def _leaf(self, value: Var) -> Array:
        if isinstance(value.origin, Literal):
            return np.asarray(value.origin.value, self.executor.dtype)
        if value in self.given:
            return self.given[value]
        assert isinstance(value.origin, Leaf)
        leaf = self.executor.program.traced.parameters[value.origin.name]
        return to_host(self.executor.leaves[leaf])
