"""A mirror: host copies of what is read and written outside an executor whose own arrays live on a device."""

from collections.abc import Iterable, Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.arrays import to_host
from lab.compile.program import Extent, Program

Array = NDArray[Any]


@final
class Mirror:
    """Copies between host and device at fixed points, so that callers see NumPy arrays alone.

    Parameters go to the device when the executor is refreshed, inputs and first states ahead of the scan, ∂L/∂outputs
    ahead of the adjoint scan; states come back after the scan, the gradient after its sums. `parameters` and `gradient`
    are the caller's flat vectors, `device_parameters` and `device_gradient` their copies.
    """

    def __init__(self, xp: Any, parameters: Array, gradient: Array) -> None:
        self.xp = xp
        self.parameters, self.gradient = parameters, gradient
        self.device_parameters: Array = xp.asarray(parameters)
        self.device_gradient: Array = xp.zeros(gradient.shape, gradient.dtype)
        self.buffers: dict[str, Array] = {}
        self._device: Mapping[str, Array] = {}
        self._inputs: tuple[str, ...] = ()
        self._states: tuple[str, ...] = ()
        self._seeds: tuple[str, ...] = ()

    def bind(self, program: Program, buffers: Mapping[str, Array]) -> dict[str, Array]:
        """Make host copies of the buffers of inputs, states and ∂L/∂outputs, and return them."""
        self._device = buffers
        self._inputs = tuple(program.traced.inputs)
        self._states = tuple(f"s_{name}" for name in program.traced.states)
        self._seeds = tuple(f"g_{name}" for name in program.adjoint.seeds)
        assert all(program.buffers[name].extent is Extent.STATES for name in self._states)
        for name in (*self._inputs, *self._states, *self._seeds):
            self.buffers[name] = np.zeros(buffers[name].shape, self.parameters.dtype)
        return self.buffers

    def refresh(self) -> None:
        """Parameters have changed."""
        self.device_parameters[...] = self.xp.asarray(self.parameters)

    def before_forward(self, first: int, last: int) -> None:
        """Inputs of all steps so far, for a layer that runs from the end writes earlier ones anew; the first states."""
        self._send(self._inputs, 0, last)
        self._send(self._states, first, first + 1)

    def after_forward(self, first: int, last: int) -> None:
        """The states of a window of steps."""
        for name in self._states:
            self.buffers[name][first + 1 : last + 1] = to_host(self._device[name][first + 1 : last + 1])

    def before_backward(self, first: int, last: int) -> None:
        """∂L/∂outputs of a window of steps."""
        self._send(self._seeds, first, last)

    def after_gradients(self) -> None:
        """The sums are made."""
        self.gradient[...] = to_host(self.device_gradient)

    def _send(self, names: Iterable[str], first: int, last: int) -> None:
        for name in names:
            self._device[name][first:last] = self.xp.asarray(self.buffers[name][first:last])
