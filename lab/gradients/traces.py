"""Eligibility traces: each weight's influence on its own unit, carried forward in time.

J_t = D_t J_{t-1} + ∂s_t/∂w, where D_t has only what each unit owes to itself: m numbers a weight, for m states a unit.
A window of steps is taken at once. What its losses owe to its own steps is found by taking them back through D alone,
what they owe to earlier steps by J as it was before the window: both together are Σ_t (∂L/∂s_t) J_t. What a weight does
at a step to other units than its own is credited at that step, and not carried on.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.targets.numba import NumbaTarget
from lab.gradients.diagonal import sweep
from lab.gradients.layer_traces import LayerTraces
from lab.gradients.steps import Steps

Array = NDArray[Any]

AT_ONCE: Final = 128
"""Steps that are taken at once; more would only take more memory."""


@final
class Traces:
    """The traces of all layers over a batch. Arrays are in the order in which the network runs it.

    `products` says whether a unit reaches itself through its own recurrent weight as well, or by what it carries alone.
    """

    def __init__(self, steps: Steps, *, products: bool) -> None:
        self.steps = steps
        self.layers = [LayerTraces(steps, depth, products=products) for depth in range(len(steps.layers))]
        self._name = f"traces.{'products' if products else 'carry'}"
        self._influence: list[list[Array] | None] = [None] * len(self.layers)

    @property
    def carries(self) -> list[bool]:
        """Whether anything of a unit goes on from step to step, for each layer."""
        return [layer.step.carries for layer in self.layers]

    def compile(self, target: NumbaTarget, dtype: np.dtype[Any]) -> None:
        """Compile ahead of need what windows compute (this may run in a thread while another target trains)."""
        sweep(np.zeros((1, 1, 1, 1), dtype), np.zeros((1, 1, 1), dtype), compiled=True)
        for layer in self.layers:
            layer.local.compile(target, dtype)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of J, (B, ...), by layers and families of weights."""
        return {
            name: shape
            for depth, layer in enumerate(self.layers)
            for name, shape in zip(self._names(depth), layer.shapes(), strict=True)
        }

    def begin(self, kept: Mapping[str, Array] | None) -> None:
        """Begin a batch with J as it is `kept` of the batch before, or with none."""
        self._influence = [
            None if kept is None else [kept[name] for name in self._names(depth)] for depth in range(len(self.layers))
        ]

    @property
    def kept(self) -> dict[str, Array]:
        """J for a batch that goes on from here."""
        return {
            name: array
            for depth, influence in enumerate(self._influence)
            for name, array in zip(self._names(depth), influence or (), strict=True)
        }

    def _names(self, depth: int) -> list[str]:
        return [f"{self._name}.{depth}.{index}" for index in range(len(self.layers[depth].families))]

    def advance(self, first: int, last: int, signals: Sequence[Array], *, more: bool) -> Array:
        """The gradient of all weights by steps first ... last - 1, one layer after the other; J moves on if `more`.

        `signals` are ∂L/∂s_t of each layer, (T, B, S), or of the top layer alone: then those of the layers below are
        what reaches them through the layers above at the same step. None of them: nothing but J is asked for.
        """
        total = np.zeros(sum(self.steps.columns), self.steps.network.dtype)
        for start in range(first, last, AT_ONCE):
            stop = min(start + AT_ONCE, last)
            part = [signal[start - first : stop - first] for signal in signals]
            self._window(start, stop, part, total, more=more or stop < last)
        return total

    def _window(self, first: int, last: int, signals: Sequence[Array], total: Array, *, more: bool) -> None:
        below: Array | None = None
        for depth in reversed(range(len(self.layers))):
            traces, influence = self.layers[depth], self._influence[depth]
            window = traces.window(first, last)
            if signals:
                given = signals[depth] if len(signals) == len(self.layers) else signals[0] if below is None else below
                own = total[traces.layer.columns]
                window.add(given, influence, own)
                inputs = traces.at_once(window.rows, given, own)
                if depth:
                    below = self.steps.handed_down(depth, first, last, inputs)
                elif traces.layer.embedding and "x" in inputs:
                    self.steps.add_embedding(first, last, inputs["x"], own)
            if more:
                self._influence[depth] = window.carried(influence)
