"""A layer: one executor for each direction, and what passes between layers."""

from collections.abc import Sequence
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.executor import Executor

Array = NDArray[Any]

BELOW: Final = "below."
"""What the names of inputs begin with that are states of the layer below."""


@final
class Layer:
    """Runs a layer over (T, B, ·). In a layer of two directions the second sees each sequence from its end.

    `outputs` is what the layer hands on, `seeds` what it is given of ∂L/∂outputs; both (T, B, D). A cell that asks for
    the states of the layer `below` reads them there, and leaves their gradients in its `state_gradients`.
    """

    def __init__(self, executors: Sequence[Executor], dropout: float, below: "Layer | None" = None) -> None:
        self.executors = tuple(executors)
        self.dropout = dropout
        self.below = below
        self.state_gradients: dict[str, Array] = {}
        first = executors[0]
        shape = (first.steps, first.batch)
        self._plain = len(executors) == 1 and len(first.program.traced.outputs) == 1
        self._width = sum(self._widths())
        if self._plain:
            name = first.program.traced.outputs[0]
            self.outputs: Array = first.states(name)[1:]
            self.seeds: Array = first.seeds(name)
        else:
            self.outputs = np.zeros((*shape, self._width), first.dtype)
            self.seeds = np.zeros((*shape, self._width), first.dtype)
        self.mask: Array | None = None
        self._flip: Array | None = None

    def _widths(self) -> list[int]:
        return [e.program.traced.states[name].size for e in self.executors for name in e.program.traced.outputs]

    @property
    def input_width(self) -> int:
        """Width of the layer's input."""
        return self.executors[0].program.traced.inputs["x"].size

    def begin(self, active: Array, lengths: Array, generator: np.random.Generator | None) -> None:
        """Prepare for sequences of these lengths; a `generator` draws a dropout mask; without one all is kept."""
        for executor in self.executors:
            executor.set_active(active)
        self.mask = None
        if generator is not None and self.dropout:
            shape = (len(active), self.executors[0].batch, self._width)
            kept = generator.random(shape, np.float32) >= self.dropout
            self.mask = kept.astype(self.outputs.dtype) / self.outputs.dtype.type(1 - self.dropout)
        if len(self.executors) == 2:
            steps = np.arange(len(active))[:, None]
            ends = np.full(self.executors[0].batch, len(active), np.int64)
            ends[: len(lengths)] = lengths
            self._flip = np.where(steps < ends, ends - 1 - steps, steps)

    def set_states(self, values: Sequence[dict[str, Array]] | None) -> None:
        """Set the first states of the executors; zero where none are given."""
        for index, executor in enumerate(self.executors):
            for name in executor.program.traced.states:
                executor.states(name)[0] = 0.0
                if values is not None:
                    first = values[index][name]
                    executor.states(name)[0, : len(first)] = first

    def forward(self, inputs: Array, first: int, last: int) -> None:
        """Run steps first ... last - 1 on what the layer below hands on, (T, B, M)."""
        for executor, reverse in zip(self.executors, (False, True), strict=False):
            for name, array in [("x", inputs), *self._states_below(executor)]:
                target = executor.input(name)
                if reverse:
                    target[:last] = self._flipped(array[:last])
                elif target is not array:
                    target[first:last] = array[first:last]
            if "t" in executor.program.traced.inputs:
                executor.input("t")[...] = np.arange(executor.steps, dtype=executor.dtype)[:, None, None]
            executor.forward(first, last)
        if not self._plain:
            start = 0
            for executor, reverse in zip(self.executors, (False, True), strict=False):
                for name in executor.program.traced.outputs:
                    states = executor.states(name)[1:]
                    width = states.shape[2]
                    seen = self._flipped(states[:last]) if reverse else states[:last]
                    self.outputs[first:last, :, start : start + width] = seen[first:last]
                    start += width

    def _states_below(self, executor: Executor) -> list[tuple[str, Array]]:
        """The inputs that are states of the layer below, after the same step, (T, B, ·)."""
        if self.below is None:
            return []
        states = self.below.executors[0]
        names = (name for name in executor.program.traced.inputs if name.startswith(BELOW))
        return [(name, states.states(name.removeprefix(BELOW))[1:]) for name in names]

    def _flipped(self, array: Array) -> Array:
        assert self._flip is not None
        return np.take_along_axis(array, self._flip[: len(array), :, None], axis=0)

    def backward(self, first: int, last: int) -> None:
        """Run the adjoint from `seeds` (of outputs after dropout), and sum this window's parameter gradients."""
        if self.mask is not None:
            self.seeds[first:last] *= self.mask[first:last]
        start = 0
        for executor, reverse in zip(self.executors, (False, True), strict=False):
            if not self._plain:
                for name in executor.program.traced.outputs:
                    seeds = executor.seeds(name)
                    part = self.seeds[:last, :, start : start + seeds.shape[2]]
                    seeds[:last] = self._flipped(part) if reverse else part
                    start += seeds.shape[2]
            for name, gradient in self.state_gradients.items():
                if name in executor.program.traced.outputs:
                    gradient = gradient + executor.seeds(name)[first:last]
                executor.seeds(name)[first:last] = gradient
            executor.backward(first, last)
            executor.gradients(first, last)
        if self.below is not None:
            for name, _ in self._states_below(self.executors[0]):
                self.below.state_gradients[name.removeprefix(BELOW)] = self.input_gradient(first, last, name)

    def input_gradient(self, first: int, last: int, name: str = "x") -> Array:
        """∂L/∂ of one of the layer's inputs, (T, B, ·), for the steps of the window."""
        total = self.executors[0].input_gradient(name, first, last)
        if len(self.executors) == 2:
            total = total + self._flipped(self.executors[1].input_gradient(name, first, last))
        return total

    def final_states(self, lengths: Array) -> list[dict[str, Array]]:
        """Copies of the states after each sequence's last step."""
        samples = np.arange(len(lengths))
        return [
            {name: executor.states(name)[lengths, samples].copy() for name in executor.program.traced.states}
            for executor in self.executors
        ]
