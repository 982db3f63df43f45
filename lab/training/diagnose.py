"""Diagnosis: where in the network the first value was that is not finite."""

from typing import final

import numpy as np

from lab.compile.executor import Executor
from lab.errors import NotFiniteError
from lab.model.network import QUIET, Network
from lab.trace.graph import Var, reachable
from lab.trace.printer import describe


@final
class Diagnosis:
    """Looks for the first value that is not finite in the batch that a network has just run."""

    def __init__(self, network: Network, update: int) -> None:
        self.network = network
        self.update = update

    @QUIET
    def error(self, steps: int) -> NotFiniteError:
        """The error that names update, layer and equation; `steps` is how many steps the batch has."""
        start = f"the loss or its gradient is not finite at update {self.update}"
        for name, array in self.network.named(self.network.parameters).items():
            if not np.isfinite(array).all():
                return NotFiniteError(f"{start}: the parameter {name} was not finite before it", remedy=_REMEDY)
        for block, executor in zip(self.network.plan.blocks, self.network.executors, strict=True):
            count = 1 if executor is self.network.readout else steps
            found = self._first(executor, count)
            if found is not None:
                step, value = found
                line = value.source
                equation = line.text if line is not None and line.text else describe(value)
                place = f"in {block.name}" if executor is self.network.readout else f"in {block.name} at step {step}"
                return NotFiniteError(
                    f"{start}: first {place}, in the equation  {equation}",
                    file=line.file if line is not None else None,
                    line=line.line if line is not None else None,
                    remedy=_REMEDY,
                )
        return NotFiniteError(
            f"{start}: every value of the network was finite: the gradient overflowed", remedy=_REMEDY
        )

    @staticmethod
    def _first(executor: Executor, steps: int) -> tuple[int, Var] | None:
        """The earliest step with a value that is not finite, and the first equation of it."""
        traced = executor.program.traced
        best: tuple[int, Var] | None = None
        for value in reachable([*traced.next.values(), *traced.watch.values()]):
            if not value.batched:
                continue
            array = executor.value(value, 0, steps)
            bad = ~np.isfinite(array.reshape(steps, -1)).all(axis=1)
            if bad.any():
                step = int(bad.argmax())
                if best is None or step < best[0]:
                    best = (step, value)
        return best


_REMEDY = (
    "Lower training.learning_rate, set or lower training.clip_norm (1 is usual), or resume from the last checkpoint"
)
