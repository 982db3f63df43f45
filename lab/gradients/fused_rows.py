"""Elementwise values of a step for all rows of a window in compiled loops, where the network runs on `numba`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.program import Direction, Extent, Program
from lab.compile.schedule import is_barrier, schedule
from lab.compile.storage import Storage
from lab.compile.targets.numba import NumbaTarget
from lab.compile.targets.numba_source import NumbaSource
from lab.gradients.window_rows import Formulas, WindowRows
from lab.trace.graph import Var

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Loops:
    """The loops in one precision, and what is computed beside them."""

    source: NumbaSource
    text: str
    sizes: Array
    numbers: Array
    others: Formulas


@final
class FusedRows:
    """Values of a window, in loops that write nothing but the `roots`; on other targets value by value.

    What needs more than loops over entries, such as a product, makes all of them go value by value.
    """

    def __init__(self, program: Program, roots: Sequence[Var]) -> None:
        self.program = program
        self._plain = Formulas(program, roots)
        storage = Storage(dict(program.buffers), dict(program.kept))
        fixed = frozenset(storage.where)
        fused = [root for root in roots if root.batched and storage.locate(root) is None]
        self._places = {root: storage.home(root, self._room_of(storage)) for root in dict.fromkeys(fused)}
        storage.settle(self._room_of(storage))
        steps = schedule(storage, storage.stores, (), fixed)
        self._fits = bool(fused) and not any(is_barrier(value) for value, _, _ in Formulas(program, fused).made)
        self._laid_out = replace(program, buffers=storage.buffers)
        self._direction = Direction(steps, dict(storage.where))
        self._others = [root for root in roots if root not in self._places]
        self._loops: dict[bool, _Loops] = {}
        self._room: dict[str, Array] = {}

    @staticmethod
    def _room_of(storage: Storage) -> Any:
        return lambda value: storage.allocate(f"l{value.number}", Extent.SEQUENCE, value.size)

    def values(self, rows: WindowRows) -> None:
        """Leave the roots in the arrays of the rows; they are good until the next window is computed."""
        target = rows.executor.target
        if not self._fits or not isinstance(target, NumbaTarget):
            rows.values(self._plain)
            return
        loops = self._made(rows.executor.dtype)
        rows.values(loops.others)
        arrays = [self._array(rows, what) for what in loops.source.arguments.values()]
        steps, active = rows.last - rows.first, rows.executor.active[rows.first : rows.last]
        scan = target.function(loops.text)
        scan(0, steps, 0, rows.batch, rows.batch, active, loops.sizes, loops.numbers, *arrays)
        for root, place in self._places.items():
            array = self._room[place.buffer].reshape(rows.count, place.full)
            rows.arrays[root.number] = array[:, place.start : place.start + place.width]

    def compile(self, target: NumbaTarget, dtype: np.dtype[Any]) -> None:
        """Compile the loops ahead of need (this may run in a thread while another target trains)."""
        if self._fits:
            target.compile_source(self._made(dtype).source, dtype)

    def _made(self, dtype: np.dtype[Any]) -> "_Loops":
        single = dtype == np.float32
        if single not in self._loops:
            source = NumbaSource(self._laid_out, self._direction, backward=False, single=single)
            text, graph = source.text(), self.program.traced.graph
            weights = [graph.vars[what[0]] for what in source.arguments.values() if not isinstance(what, str)]
            self._loops[single] = _Loops(
                source,
                text,
                np.array([*source.sizes, 0], np.int64),
                np.array([*source.numbers, 0], dtype),
                Formulas(self.program, [*self._others, *weights]),
            )
        return self._loops[single]

    def _array(self, rows: WindowRows, what: str | tuple[int, str]) -> Array:
        if not isinstance(what, str):
            return np.ascontiguousarray(rows.arrays[what[0]], rows.executor.dtype).reshape(-1)
        if what in self.program.buffers:
            ahead = self.program.buffers[what].extent is Extent.STATES
            return rows.executor.buffers[what][rows.first : rows.last + ahead]
        shape = (rows.last - rows.first, rows.batch, self._laid_out.buffers[what].width)
        if what not in self._room or self._room[what].shape != shape:
            self._room[what] = np.zeros(shape, rows.executor.dtype)
        return self._room[what]
