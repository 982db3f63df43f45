"""The network: encoding, layers, readout and loss over a batch of sequences, forward and back."""

from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.executor import Executor, Target
from lab.compile.workers import Workers
from lab.errors import DataError, ExperimentError, unknown
from lab.model.blueprint import Block, Blueprint
from lab.model.layer import Layer
from lab.trace.tracer import NET

Array = NDArray[Any]
States = list[list[dict[str, Array]]]

QUIET: Final = np.errstate(all="ignore")
"""Overflow is no surprise while a network learns; the trainer looks for it and says where it began."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Predictions of the rows that count, (R, ·), with their targets, losses and places (step, sample)."""

    outputs: Array
    targets: Array
    losses: Array
    steps: Array
    samples: Array


@final
class Network:
    """A network with its parameters and buffers, for up to `steps` steps and `batch` samples.

    `parameters` and `gradient` are flat vectors; `named(parameters)` gives views by name. A batch is run by `begin`,
    then `forward` and `backward` over windows of steps.
    """

    def __init__(
        self,
        plan: Blueprint,
        *,
        steps: int,
        batch: int,
        dtype: Any = np.float32,
        seed: int = 0,
        target: Target,
        workers: Workers | None = None,
    ) -> None:
        self.plan = plan
        self.steps, self.batch = steps, batch
        self.dtype = np.dtype(dtype)
        self.workers = workers or Workers(1)
        self.parameters = np.zeros(plan.size, self.dtype)
        self.gradient = np.zeros(plan.size, self.dtype)
        plan.draw(seed, self.parameters)
        self.layers: list[Layer] = []
        for blocks, layer in zip(plan.layers, plan.architecture.layers, strict=True):
            executors = [self._executor(block, target, steps, batch) for block in blocks]
            self.layers.append(Layer(executors, layer.dropout, self.layers[-1] if self.layers else None))
        rows = steps * batch if plan.architecture.readout == "every-step" else batch
        self.readout = self._executor(plan.readout, target, 1, rows)
        width = plan.architecture.width
        self._encoded = np.zeros((steps, batch, width), self.dtype)
        self._inputs = np.zeros((0, 0), np.intp)
        self._order = np.arange(batch)
        self._counted = np.zeros((steps, batch), bool)
        self._rows: tuple[Array, Array] = (np.zeros(0, np.intp), np.zeros(0, np.intp))

    def _executor(self, block: Block, target: Target, steps: int, batch: int) -> Executor:
        part = slice(block.start, block.start + block.size)
        return Executor(
            block.program,
            target,
            steps=steps,
            batch=batch,
            parameters=self.parameters[part],
            gradient=self.gradient[part],
            places=block.places,
            constants=self.plan.constants(block),
            workers=self.workers,
        )

    @property
    def executors(self) -> list[Executor]:
        """The executors of all blocks, the readout's last."""
        return [*(executor for layer in self.layers for executor in layer.executors), self.readout]

    def use(self, target: Target) -> None:
        """Go on with another target; the buffers stay as they are."""
        for executor in self.executors:
            executor.use(target)

    def named(self, flat: Array) -> dict[str, Array]:
        """Views of a flat vector by the full names of parameters."""
        return {name: place.view(flat) for name, place in self.plan.places.items()}

    @QUIET
    def set_parameter(self, name: str, value: Any) -> None:
        """Set a parameter by its full name. ExperimentError for an unknown name, another shape, too large a number."""
        views = self.named(self.parameters)
        if name not in views:
            raise ExperimentError(unknown("parameter", name, views))
        array = np.asarray(value, self.dtype)
        if np.isinf(array).any() and np.isfinite(value).all():
            raise ExperimentError(
                f"the weight {name} has a value too large for {array.dtype}, whose largest is "
                f"{np.finfo(array.dtype).max:.4g}",
                remedy="Give it a smaller one",
            )
        if array.shape != views[name].shape:
            raise ExperimentError(
                f"the weight {name} is {array.shape}, the network's is {views[name].shape}",
                remedy="Give it the network's shape, (rows, columns)",
            )
        views[name][...] = array

    @QUIET
    def begin(
        self,
        inputs: Array,
        targets: Array,
        *,
        lengths: Array | None = None,
        counted: Array | None = None,
        states: States | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        """Take a batch: inputs (T, B, M) or symbols (T, B), targets by step or by sequence.

        `states` are the first states as `final_states` gave them; with a `generator` layers drop units out.
        """
        steps, batch = inputs.shape[:2]
        lengths = np.full(batch, steps) if lengths is None else np.asarray(lengths)
        ragged = bool((lengths != steps).any())
        self._order = np.argsort(-lengths, kind="stable") if ragged else np.arange(batch)
        self._lengths = lengths[self._order]
        self._targets, self._window = targets, steps
        self._inputs = inputs if not ragged else inputs[:, self._order]
        active = (self._lengths > np.arange(steps)[:, None]).sum(axis=1)
        sorted_states = None
        if states is not None:
            sorted_states = [[{n: v[self._order] for n, v in one.items()} for one in layer] for layer in states]
        for index, layer in enumerate(self.layers):
            layer.begin(active, self._lengths, generator)
            layer.set_states(None if sorted_states is None else sorted_states[index])
        self._encode(steps, batch)
        self._choose_rows(steps, batch, counted)
        self.refresh()

    @property
    def lengths(self) -> Array:
        """The lengths of the batch's sequences (B,), in the order in which they are run: longest first."""
        return self._lengths

    @property
    def order(self) -> Array:
        """Where in the batch as it was given each sequence stands, in the order in which they are run (B,)."""
        return self._order

    @property
    def symbols(self) -> Array:
        """The symbols of the batch, (T, B), or its inputs (T, B, M), in the order in which they are run."""
        return self._inputs

    def put_input(self, step: int, inputs: Array) -> None:
        """Replace the inputs of a step not yet run, (B, M) or symbols (B,), in the array the batch was begun with."""
        self._inputs[step] = inputs[self._order]
        self._encode(*self._inputs.shape[:2])
        self.refresh()

    def refresh(self) -> None:
        """Take note of changed parameters."""
        for executor in self.executors:
            executor.refresh()
        if self.plan.architecture.encoding == "embedding":
            steps, batch = self._inputs.shape[:2]
            self._encoded[:steps, :batch] = self.named(self.parameters)["input.E"][self._inputs]

    def _encode(self, steps: int, batch: int) -> None:
        encoding = self.plan.architecture.encoding
        self._encoded[:, batch:] = 0
        self._encoded[steps:] = 0
        if encoding == "features":
            self._encoded[:steps, :batch] = self._inputs
        elif encoding == "one-hot":
            self._encoded[:steps, :batch] = 0
            np.put_along_axis(self._encoded[:steps, :batch], self._inputs[..., None], 1, axis=2)
        if len(self._lengths) and self._lengths.min() < steps and encoding != "embedding":
            self._encoded[:steps, :batch] *= (self._lengths > np.arange(steps)[:, None])[..., None]

    def _choose_rows(self, steps: int, batch: int, counted: Array | None) -> None:
        live = self._lengths > np.arange(steps)[:, None]
        if self.plan.architecture.readout == "last":
            live = self._lengths - 1 == np.arange(steps)[:, None]
        elif counted is not None:
            live = live & counted[:, self._order]
        if self.plan.architecture.readout == "every-step" and self._targets.shape[:2] != (steps, batch):
            raise DataError(
                "the readout every-step needs a target for each step", remedy="Set output.readout to last or mean"
            )
        self._counted = live

    @QUIET
    def forward(self, first: int, last: int) -> None:
        """Run the layers over steps first ... last - 1."""
        below = self._encoded
        for layer in self.layers:
            layer.forward(below, first, last)
            below = layer.outputs
            if layer.mask is not None:
                below = below[: len(layer.mask)] * layer.mask

    def _top(self) -> Array:
        layer = self.layers[-1]
        return layer.outputs if layer.mask is None else layer.outputs[: len(layer.mask)] * layer.mask

    @QUIET
    def judge(self, first: int, last: int) -> float | None:
        """Run the readout on the rows of the window that count; their mean loss, or None where there are none."""
        if self.plan.architecture.readout == "mean":
            steps = np.full(len(self._lengths), last - 1)
            samples = np.arange(len(self._lengths))
            weights = self._counted[first:last].astype(self.dtype)
            self._shares = weights / np.maximum(weights.sum(axis=0), 1)
        else:
            steps, samples = np.nonzero(self._counted[first:last])
            steps = steps + first
        self._rows = (steps, samples)
        rows = self._read(self._top())
        count = len(rows)
        if not count:
            return None
        self.readout.set_active(np.array([count]))
        self.readout.input("x")[0, :count] = rows
        target = self.readout.input("target")
        target[0, :count] = self._target_rows(steps, samples).reshape(count, -1)
        self.readout.forward()
        return float(self.readout.states("loss")[1, :count].sum(dtype=np.float64) / count)

    @property
    def judged(self) -> int:
        """How many targets the last `judge` took the mean over."""
        return len(self._rows[0])

    def _target_rows(self, steps: Array, samples: Array) -> Array:
        samples = self._order[samples]
        by_step = (
            self._targets.shape[:2] == self._inputs.shape[:2]
            and self._targets.ndim > 1
            and (self.plan.architecture.classes == (self._targets.ndim == 2))
        )
        return self._targets[steps, samples] if by_step else self._targets[samples]

    def _read(self, values: Array) -> Array:
        """Of values (T, B, ·) the rows that the readout reads, (R, ·)."""
        steps, samples = self._rows
        if self.plan.architecture.readout == "mean":
            last = int(steps[0]) + 1
            window = values[last - len(self._shares) : last, : len(samples)]
            return np.asarray(np.einsum("tb,tbd->bd", self._shares, window))
        return np.asarray(values[steps, samples])

    @QUIET
    def seed(self, first: int, last: int, loss_from: int | None = None) -> float | None:
        """The mean loss over steps `loss_from` (or first) ... last - 1, and its gradient as far as the top layer.

        That of the readout's parameters is left in `gradient`, and the seeds of the top layer are set. None where no
        step of the window counts; both are then left alone.
        """
        start = first if loss_from is None else loss_from
        loss = self.judge(start, last)
        if loss is None:
            return None
        count = len(self._rows[0])
        self.readout.seeds("loss")[0, :count] = 1.0 / count
        self.readout.backward()
        self.readout.gradients()
        seeds = self.layers[-1].seeds
        seeds[first:last] = 0
        into = self.readout.input_gradient("x")[0, :count]
        steps, samples = self._rows
        if self.plan.architecture.readout == "mean":
            seeds[start:last, : len(self._lengths)] = self._shares[..., None] * into
        else:
            seeds[steps, samples] = into
        return loss

    def by_step(self, rows: Array, first: int, last: int) -> Array:
        """Values of the rows of the last `judge`, (R, ·), at the steps first ... last - 1 they belong to, (T, B, ·)."""
        if self.plan.architecture.readout == "mean":
            return np.asarray(self._shares[..., None] * rows)
        steps, samples = self._rows
        found = np.zeros((last - first, len(self._lengths), rows.shape[1]), rows.dtype)
        found[steps - first, samples] = rows
        return found

    @QUIET
    def backward(self, first: int, last: int, loss_from: int | None = None) -> float | None:
        """Set `gradient` to that of the mean loss over steps `loss_from` (or first) ... last - 1; return that loss.

        Nothing flows back beyond `first`. None where no step of the window counts; the gradient is then left alone.
        """
        loss = self.seed(first, last, loss_from)
        if loss is None:
            return None
        for index in reversed(range(len(self.layers))):
            layer = self.layers[index]
            layer.backward(first, last)
            if index:
                self.layers[index - 1].seeds[first:last] = layer.input_gradient(first, last)
        if self.plan.architecture.encoding == "embedding":
            self._embedding_gradient(first, last)
        return loss

    def _embedding_gradient(self, first: int, last: int) -> None:
        gradient = self.named(self.gradient)["input.E"]
        gradient[...] = 0
        batch = self._inputs.shape[1]
        into = self.layers[0].input_gradient(first, last)[:, :batch]
        live = self._lengths > np.arange(first, last)[:, None]
        np.add.at(gradient, self._inputs[first:last][live], into[live])

    def predictions(self) -> Predictions:
        """What the readout said in the last `judge`, in the order of the batch as it was given."""
        count = len(self._rows[0])
        steps, samples = self._rows
        output = self.readout.value(self.readout.program.traced.watch["output"])[0, :count]
        return Predictions(
            outputs=np.array(output),
            targets=self._target_rows(steps, samples),
            losses=self.readout.states("loss")[1, :count, 0].copy(),
            steps=steps,
            samples=self._order[samples],
        )

    def read(self) -> Array:
        """What the head read of the top layer in the last `judge`, (R, D), the rows as in `predictions`."""
        if not self.fed:
            return self._read(self._top())
        layer = self.plan.architecture.layers[-1]
        names = layer.cell.outputs or layer.cell.states[:1]
        (executor,) = self.layers[-1].executors
        return np.concatenate([self._read(executor.states(name)[1:]) for name in names], axis=1)

    @property
    def fed(self) -> bool:
        """Whether the last layer reads the network's output of the step before."""
        return NET in self.layers[-1].executors[0].program.traced.states

    def feed(self, step: int, outputs: Array) -> None:
        """Give the net input of the head after a step another value, (B, K), by which a cell is then fed.

        The sequences are as in the batch that was given; those that have ended keep theirs.
        """
        live = self._lengths > step
        state = self.layers[-1].executors[0].states(NET)[step + 1]
        state[: len(live)][live] = outputs[self._order][live]

    def final_states(self) -> States:
        """The states after each sequence's last step, in the order of the batch as it was given."""
        back = np.argsort(self._order)
        return [
            [{name: value[back] for name, value in one.items()} for one in layer.final_states(self._lengths)]
            for layer in self.layers
        ]
