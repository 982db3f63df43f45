"""Target `numpy`: the program as generated NumPy calls; ready at once, on any machine."""

from collections.abc import Callable
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.executor import Executor
from lab.compile.program import Program
from lab.compile.targets.numpy_source import NumpySource
from lab.trace.graph import Var
from lab.trace.rules.evaluate import EVALUATE

Array = NDArray[Any]
Scan = Callable[[int, int], None]


def numpy_source(program: Program) -> tuple[str, str]:
    """The source of both directions."""
    return (
        NumpySource(program, program.forward, backward=False).text(),
        NumpySource(program, program.backward, backward=True).text(),
    )


@final
class NumpyTarget:
    """Makes scanners that run generated NumPy source."""

    name = "numpy"
    xp = np

    def scanner(self, executor: Executor) -> "NumpyScanner":
        """Generate and bind the code for an executor."""
        return NumpyScanner(executor)


@final
class NumpyScanner:
    """Both scans of one executor."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self._makers: list[Callable[..., Scan]] = []
        for direction, source in zip(("forward", "backward"), numpy_source(executor.program), strict=True):
            scope: dict[str, Any] = {}
            exec(compile(source, f"<numpy {direction}>", "exec"), scope)  # noqa: S102 (our own text, from a checked graph)
            self._makers.append(scope["make"])
        program = executor.program
        self._vars: dict[int, Var] = {v.number: v for v in program.traced.graph.vars}
        self._scratch: dict[tuple[tuple[int, ...], int], Array] = {}
        self.rebind()

    def refresh(self) -> None:
        """Weights are bound as views or refreshed in place: nothing to do."""

    def rebind(self) -> None:
        """Make the views again, each of the samples that are active in its step."""
        self._scans = [
            make(self._view, self._scratch_view, self._weight, self._matrix, self._rule) for make in self._makers
        ]

    def forward(self, first: int, last: int) -> None:
        """Run the forward scan."""
        self._scans[0](first, last)

    def backward(self, first: int, last: int) -> None:
        """Run the adjoint scan."""
        self._scans[1](first, last)

    def _view(self, buffer: str, when: str, start: int, width: int, shape: tuple[int, ...]) -> list[Array]:
        array = self.executor.buffers[buffer][..., start : start + width]
        views = []
        for t, rows in enumerate(self.executor.active):
            index = {"NOW": t, "NEXT": t + 1, "ARRIVING": t & 1, "LEAVING": 1 - (t & 1)}
            entry = array if when == "SCRATCH" else array[index[when]]
            views.append(entry[:rows].reshape(rows, *shape))
        return views

    def _scratch_view(self, shape: tuple[int, ...], index: int) -> list[Array]:
        key = (shape, index)
        if key not in self._scratch:
            self._scratch[key] = np.empty((self.executor.batch, *shape), self.executor.dtype)
        return [self._scratch[key][:rows] for rows in self.executor.active]

    def _weight(self, number: int) -> Array:
        return self.executor.weight(self._vars[number])

    def _matrix(self, number: int, transposed: bool) -> Array:
        weight = self._weight(number)
        return weight if transposed else weight.T

    def _rule(self, number: int) -> Callable[[tuple[Array, ...]], Array]:
        value = self._vars[number]
        return lambda operands: EVALUATE[value.primitive](value, operands)
