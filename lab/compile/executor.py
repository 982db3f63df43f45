"""The executor: a program with its buffers at a capacity of T steps and B samples, run by a target."""

from collections.abc import Mapping
from typing import Any, Final, Protocol, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.after import After
from lab.compile.arrays import to_host
from lab.compile.layout import Place, parameters_of, view_of
from lab.compile.mirror import Mirror
from lab.compile.program import Extent, Program
from lab.compile.support import support_of
from lab.compile.window import Span, Window
from lab.compile.workers import Workers
from lab.trace.graph import Var
from lab.trace.rules.evaluate import evaluate

Array = NDArray[Any]


MOST_WINDOWS: Final = 256
"""Windows whose work is kept ready; a longer sequence cut into more windows prepares them again."""


class Scanner(Protocol):
    """What a target makes of a program for one executor."""

    def refresh(self) -> None:
        """Parameters have changed."""

    def rebind(self) -> None:
        """The number of active samples by step has changed."""

    def forward(self, first: int, last: int) -> None:
        """Run steps first ... last - 1."""

    def backward(self, first: int, last: int) -> None:
        """Run the adjoint of steps last - 1 ... first."""


class Target(Protocol):
    """Turns programs into scanners; `xp` is the array module (numpy, or what stands for it) of its arrays."""

    @property
    def name(self) -> str: ...
    @property
    def xp(self) -> Any: ...
    def scanner(self, executor: "Executor") -> Scanner: ...


@final
class Executor:
    """Runs a program forward and back over arrays (T, B, ·).

    Samples are ordered by length, longest first: `active[t]` of them take part in step t. `parameters` and `gradient`
    are the cell's part of the flat vectors, placed by `places`; `constants` are the parameters that are not learned.
    `ended` (T, B) says which do not, and is None while all do.
    All arrays but `active` live where the target computes: make them with `xp`, read them with `to_host`. Given NumPy
    parameters for a target with another array module, callers see NumPy arrays alone, copies kept by a mirror.
    """

    def __init__(
        self,
        program: Program,
        target: Target,
        *,
        steps: int,
        batch: int,
        parameters: Array,
        gradient: Array,
        places: Mapping[str, Place],
        constants: Mapping[str, Array] | None = None,
        workers: Workers | None = None,
    ) -> None:
        self.program = program
        self.steps, self.batch = steps, batch
        self.dtype = parameters.dtype
        self.places = places
        self.workers = workers or Workers(1)
        self.target, self.xp = target, target.xp
        self._mirror: Mirror | None = None
        if self.xp is not np and isinstance(parameters, np.ndarray):
            self._mirror = Mirror(self.xp, parameters, gradient)
            parameters, gradient = self._mirror.device_parameters, self._mirror.device_gradient
        self.gradient = gradient
        extents = {
            Extent.SEQUENCE: (steps, batch),
            Extent.STATES: (steps + 1, batch),
            Extent.SCRATCH: (batch,),
            Extent.CARRY: (2, batch),
        }
        self.buffers: dict[str, Array] = {
            name: self.xp.zeros((*extents[buffer.extent], buffer.width), self.dtype)
            for name, buffer in program.buffers.items()
        }
        self._outside = self.buffers if self._mirror is None else self._mirror.bind(program, self.buffers)
        self.active = np.full(steps, batch, np.int64)
        self.ended: Array | None = None
        self.leaves = self._leaves(parameters, constants or {})
        self.weights: dict[int, Array] = {}
        self._made: list[Var] = []
        self._constants = {program.traced.parameters[name]: array for name, array in (constants or {}).items()}
        self._bind_weights(parameters)
        self.after = After(program)
        self.gradients_by_name = {name: place.view(gradient) for name, place in places.items()}
        self._carries = [self.buffers[b.name] for b in program.buffers.values() if b.extent is Extent.CARRY]
        self._windows: dict[tuple[int, int], Window] = {}
        self.scanner = target.scanner(self)

    def _leaves(self, parameters: Array, constants: Mapping[str, Array]) -> dict[Var, Array]:
        leaves = self.program.traced.parameters
        learned = {leaves[name]: place.view(parameters) for name, place in self.places.items()}
        return learned | {leaves[name]: self.xp.asarray(array, self.dtype) for name, array in constants.items()}

    def _bind_weights(self, parameters: Array) -> None:
        for weight in self.program.weights:
            view = self.leaves.get(weight)
            if view is None:
                view = view_of(weight, self.places, parameters)
            if view is None:
                view = self.xp.zeros(weight.shape, self.dtype)
                self._made.append(weight)
            self.weights[weight.number] = view

    def weight(self, value: Var) -> Array:
        """The array of a value of parameters or literals alone; it stays the same array from update to update."""
        if value.number not in self.weights:
            array = evaluate([value], self.leaves, self.dtype)[value]
            self.weights[value.number] = self.xp.array(array, self.dtype, order="C")
            if parameters_of(value):
                self._made.append(value)
        return self.weights[value.number]

    def support(self, weight: Var) -> Array | None:
        """Where entries of a weight can be other than zero, or None where constants say nothing of it."""
        return support_of(weight, self._constants)

    def use(self, target: Target) -> None:
        """Go on with another target of the same array module; the buffers stay as they are."""
        self.target = target
        self.scanner = target.scanner(self)
        self.refresh()

    def refresh(self) -> None:
        """Take note of new parameters: call before the first step of every update."""
        if self._mirror is not None:
            self._mirror.refresh()
        if self._made:
            arrays = evaluate(self._made, self.leaves, self.dtype)
            for value in self._made:
                self.weights[value.number][...] = arrays[value]
        self.scanner.refresh()

    def set_active(self, active: Array) -> None:
        """Set how many samples take part in each step (not increasing over time); what lies beyond is cleared."""
        now = np.zeros_like(self.active)
        now[: len(active)] = active
        if (now == self.active).all():
            return
        samples = np.arange(self.batch)
        ended = samples >= now[:, None]
        stale = ended & (samples < self.active[:, None])
        self.active[:] = now
        if stale.any():
            self._clear(self.buffers, self.xp.asarray(stale))
            if self._mirror is not None:
                self._clear(self._outside, stale)
        self.ended = self.xp.asarray(ended) if ended.any() else None
        self.scanner.rebind()

    def _clear(self, arrays: Mapping[str, Array], stale: Array) -> None:
        """Clear what is kept of steps and samples (T, B) that no longer take part."""
        for name, array in arrays.items():
            if self.program.buffers[name].extent in (Extent.SEQUENCE, Extent.STATES):
                array[-self.steps :][stale] = 0

    def input(self, name: str) -> Array:
        """The buffer (T, B, ·) of an input, to be filled."""
        return self._outside[name]

    def states(self, name: str) -> Array:
        """The buffer (T + 1, B, ·) of a state; entry 0 is the first state, to be set."""
        return self._outside[f"s_{name}"]

    def seeds(self, name: str) -> Array:
        """The buffer (T, B, ·) of ∂L/∂ of an output, to be filled."""
        return self._outside[f"g_{name}"]

    def first_gradient(self, name: str, first: int = 0) -> Array:
        """∂L/∂ of the state before step `first`, (B, ·), after `backward`."""
        return self._seen(self.buffers[f"c_{name}"][1 - (first & 1)])

    def window(self, first: int, last: int | None) -> Window:
        """The work of a window of steps that is outside the scan, made once and kept."""
        key = (first, self.steps if last is None else last)
        if key not in self._windows:
            if len(self._windows) >= MOST_WINDOWS:
                del self._windows[next(iter(self._windows))]
            self._windows[key] = Window(self, *key)
        return self._windows[key]

    def forward(self, first: int = 0, last: int | None = None) -> None:
        """Run steps first ... last - 1 from the state kept at `first`."""
        window = self.window(first, last)
        if self._mirror is not None:
            self._mirror.before_forward(first, window.span.last)
        window.project()
        self.scanner.forward(first, window.span.last)
        if self._mirror is not None:
            self._mirror.after_forward(first, window.span.last)

    def backward(self, first: int = 0, last: int | None = None) -> None:
        """Run the adjoint of steps last - 1 ... first; nothing arrives from beyond `last`."""
        last = self.steps if last is None else last
        if self._mirror is not None:
            self._mirror.before_backward(first, last)
        for array in self._carries:
            array[...] = 0
        self.scanner.backward(first, last)

    def gradients(self, first: int = 0, last: int | None = None) -> None:
        """Sum the parameter gradients of steps first ... last - 1 into the flat gradient (which is overwritten)."""
        self.window(first, last).sum_gradients()
        if self._mirror is not None:
            self._mirror.after_gradients()

    def value(self, value: Var, first: int = 0, last: int | None = None) -> Array:
        """Any value of the step for all steps, (T, B, ·): kept ones are views, others are computed from those kept."""
        span = Span(self, first, self.steps if last is None else last)
        return self._seen(span.evaluated(value).reshape(span.last - first, self.batch, *value.shape))

    def _seen(self, array: Array) -> Array:
        """An array as callers see it."""
        return array if self._mirror is None else to_host(array)

    def input_gradient(self, name: str, first: int = 0, last: int | None = None) -> Array:
        """∂L/∂ of an input, (T, B, ·), after `backward`."""
        return self.value(self.program.adjoint.inputs[name], first, last)
