"""A look at a network that learns: what probes are given of it, worked out when they ask for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.executor import Executor, Target
from lab.components.algorithm import Algorithm
from lab.components.dataset import Sequences
from lab.components.probe import Course, Rival, Series
from lab.errors import LabError
from lab.gradients.unrolled import Calculus, ThroughTime, Unrolled
from lab.model.blueprint import Block
from lab.model.network import Network
from lab.registry.catalog import Catalog
from lab.trace.graph import Var
from lab.training.batches import select
from lab.training.duel import algorithm_of, algorithms_in
from lab.training.evaluate import evaluate, in_units, measure
from lab.training.labels import sample_labels, step_labels
from lab.training.rivals import Rivals
from lab.training.series import AT_ONCE, SeriesLook
from lab.training.trainer import Trainer

Array = NDArray[Any]

MOST_STEPS: Final = 2048
"""Of longer samples the first so many steps are watched; the last, from the zero state on, where those count alone."""
MOST_BYTES: Final = 256 * 2**20
"""Of wide networks fewer steps are watched, so that the buffers of a look take no more."""
_NOTHING_ELSE: Final = Catalog(components=())
MOST_ROWS: Final = 1024
"""Steps of the split that are judged, at most: whole sequences from its beginning, one at least."""


@final
class LayerRun:
    """One block of a network that has run the samples; see `LayerLook`. `back` brings them in the order asked for."""

    def __init__(self, block: Block, executor: Executor, parameters: Mapping[str, Array], look: "NetworkLook") -> None:
        self.block, self.executor = block, executor
        self.parameters = parameters
        self.reverse = block.name.endswith(".reverse")
        self._look = look

    @cached_property
    def states(self) -> dict[str, Array]:
        """Each state after each step, (T, B, ·)."""
        names = self.block.program.traced.states
        return {name: self._in_time(self.executor.states(name)[1:]) for name in names}

    @cached_property
    def watched(self) -> dict[str, Array]:
        """The watched values, (T, B, ·)."""
        watch = self.block.program.traced.watch
        return {name: self._in_time(self.executor.value(value)) for name, value in watch.items()}

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """The limits of the watched values and states that have them."""
        limits = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
        traced = self.block.program.traced
        makers = {name: _maker(value) for name, value in {**traced.next, **traced.watch}.items()}
        return {name: limits[maker] for name, maker in makers.items() if maker in limits}

    def _in_time(self, array: Array) -> Array:
        """Values by the block's own steps, as values by the steps of the data, in the order asked for."""
        array = array.reshape(*array.shape[:2], -1)
        lengths = self._look.lengths
        if not self.reverse and lengths.min() == len(array):
            return array  # then the order is the one asked for, too
        array = array[:, self._look.back]
        steps = np.arange(len(array))[:, None]
        live = steps < lengths
        if self.reverse:
            array = np.take_along_axis(array, np.where(live, lengths - 1 - steps, steps)[..., None], axis=0)
        return np.where(live[..., None], array, array.dtype.type(0))


def _maker(value: Var) -> str:
    """The primitive that made a value, seen through what only takes parts of it."""
    while value.primitive in ("slice", "reshape"):
        value = value.inputs[0]
    return value.primitive


@final
class NetworkLook:
    """The look at the network of a trainer on some samples of a split; see `Look`.

    `take` begins a new look: what is worked out after it is of the parameters at that moment. The algorithms of
    `catalog` can be compared.
    """

    def __init__(self, trainer: Trainer, split: str, columns: Sequence[int], catalog: Catalog = _NOTHING_ELSE) -> None:
        setup = trainer.setup
        self.catalog = catalog
        self.trainer = trainer
        self.data, self.split, self.task = setup.data, split, setup.dataset.task
        self.columns = np.asarray(columns, np.intp)
        whole = select(setup.data.splits()[split], self.columns)
        fixed, one = (setup.plan.bytes(steps, whole.count, np.dtype(setup.spec.dtype).itemsize) for steps in (0, 1))
        most = max(1, min(MOST_STEPS, (MOST_BYTES - fixed) // (one - fixed)))
        counts_from = 0 if whole.counted is None else int(whole.counted.any(axis=1).argmax())
        self.first = 0 if whole.lengths is not None or counts_from < most else max(0, whole.steps - most)
        self.samples = _cut(whole, self.first, min(whole.steps, self.first + most))
        count = self.samples.count
        self.lengths = np.full(count, self.samples.steps) if self.samples.lengths is None else self.samples.lengths
        # A network runs the longest samples first; given to it in that order they keep their places.
        self.order = np.argsort(-self.lengths, kind="stable")
        self.back = np.argsort(self.order)
        self._sorted = select(self.samples, self.order)
        self.labels = tuple(sample_labels(setup.data, split, self.columns))
        last = self.first + self.samples.steps
        self.times = tuple(step_labels(setup.data, split, int(c))[self.first : last] for c in self.columns)
        self._target: Target | None = None
        self._networks: dict[tuple[str, int, int], Network] = {}
        self._series = SeriesLook(setup)
        self._rivals = Rivals(setup.spec.seed)
        self._duels: dict[str, dict[str, Rival]] = {}
        self._calculus: Calculus | None = None
        self._through_time: dict[tuple[str, int], ThroughTime] = {}
        self.take()

    def take(self) -> None:
        """Look at the parameters as they are now."""
        trainer = self.trainer
        self.update, self.epoch = trainer.update, trainer.epoch
        self.clip_norm = trainer.setup.spec.training.clip_norm
        self.flat = trainer.network.parameters.copy()
        for name in ("parameters", "layers", "outputs", "network", "_judged"):
            self.__dict__.pop(name, None)
        self._through_time.clear()
        self._duels.clear()

    @cached_property
    def parameters(self) -> dict[str, Array]:
        """All learned parameters by their full names."""
        return self.trainer.network.named(self.flat)

    @property
    def gradient(self) -> dict[str, Array]:
        """The gradient of the latest update that was kept, before clipping; empty where there is none."""
        kept = self.trainer.kept
        return {} if kept is None or kept.gradient is None else self.trainer.network.named(kept.gradient)

    @property
    def change(self) -> dict[str, Array]:
        """What that update added to the parameters; empty where there is none."""
        kept = self.trainer.kept
        return {} if kept is None or kept.change is None else self.trainer.network.named(kept.change)

    @property
    def course(self) -> Course:
        """Norms of gradients and changes since the first update, the latest that was kept included."""
        record, kept = self.trainer.record, self.trainer.kept
        if kept is None:
            return record.course
        return record.followed(kept.update, kept.gradient, kept.change, self.flat)

    @cached_property
    def network(self) -> Network:
        """The network that has run the samples, ordered by `order`, each from the zero state."""
        one = self._network(self.samples.steps, self.samples.count, "watched")
        one.begin(self._sorted.inputs, self._sorted.targets, lengths=self._sorted.lengths)
        one.forward(0, self.samples.steps)
        return one

    @cached_property
    def layers(self) -> dict[str, LayerRun]:
        """The layers from the input upwards, by name."""
        blocks = [block for layer in self.network.plan.layers for block in layer]
        executors = [executor for layer in self.network.layers for executor in layer.executors]
        return {
            block.name: LayerRun(block, executor, self._own(block), self)
            for block, executor in zip(blocks, executors, strict=True)
        }

    def _own(self, block: Block) -> dict[str, Array]:
        part = self.flat[block.start : block.start + block.size]
        return {name: place.view(part) for name, place in block.places.items()}

    @cached_property
    def outputs(self) -> Array:
        """The network's output, (T, B, K), or (B, K) where it gives one a sample."""
        network, steps = self.network, self.samples.steps
        network.judge(0, steps)
        rows = network.predictions()
        if network.plan.architecture.readout == "every-step":
            found = np.full((steps, self.samples.count, rows.outputs.shape[1]), np.nan, self.flat.dtype)
            found[rows.steps, self.order[rows.samples]] = rows.outputs
            return found
        found = np.full((self.samples.count, rows.outputs.shape[1]), np.nan, self.flat.dtype)
        found[self.order[rows.samples]] = rows.outputs
        return found

    def judged(self) -> tuple[Array, Array, float]:
        """Predictions (R, K), targets, and the dataset's metric, over the first sequences of the split."""
        return self._judged

    @cached_property
    def _judged(self) -> tuple[Array, Array, float]:
        setup = self.trainer.setup
        whole = self.data.splits()[self.split]
        count = min(whole.count, max(1, MOST_ROWS // whole.steps))
        batch = min(count, AT_ONCE)
        part = whole if count == whole.count else select(whole, np.arange(count))
        evaluation = evaluate(self._network(whole.steps, batch), part, batch)
        predictions, targets = in_units(self.data, self.split, evaluation)
        return predictions, targets, measure(self.data, self.split, evaluation, setup.metrics[0])

    def through_time(self, layer: str, sample: int) -> ThroughTime:
        """The gradients through time of a layer in a watched sample."""
        key = (layer, sample)
        if key not in self._through_time:
            self._through_time[key] = self._unrolled(sample).through_time(layer)
        return self._through_time[key]

    def jacobians(self, layer: str, sample: int, steps: Array) -> Array:
        """∂s_t/∂s_{t-1} of a layer at some steps of a watched sample, (n, S, S)."""
        own = self.lengths[sample] - 1 - steps if layer.endswith(".reverse") else steps
        return self._unrolled(sample).jacobians(layer, own)

    def _unrolled(self, sample: int) -> Unrolled:
        if self._calculus is None:
            self._calculus = Calculus(self.trainer.network.plan.architecture)
        inputs, targets = self.samples.inputs, self.samples.targets
        return Unrolled(
            self._calculus,
            self.network,
            column=int(self.back[sample]),
            length=int(self.lengths[sample]),
            target=targets[:, sample] if self.samples.per_step else targets[sample],
            symbols=inputs[:, sample] if inputs.ndim == 2 else None,
        )

    @property
    def algorithm(self) -> str:
        """The name of the algorithm that the run learns with."""
        return self.trainer.setup.algorithm.name

    @property
    def algorithms(self) -> dict[str, Mapping[str, str]]:
        """All algorithms there are, by name: their titles by language."""
        return {entry.name: entry.title for entry in self.catalog.components if entry.kind == "algorithm"}

    def duel(self, algorithms: str) -> dict[str, Rival]:
        """How near algorithms come to the exact gradient on the watched samples; see `Look`."""
        if algorithms not in self._duels:
            network = self._network(self.samples.steps, self.samples.count, "duel")
            rivals = {label: self._rival(label) for label in algorithms_in(algorithms)}
            self._duels[algorithms] = self._rivals.measure(network, self.samples, rivals, self.update)
        return self._duels[algorithms]

    def _rival(self, label: str) -> Algorithm | LabError:
        try:
            return algorithm_of(label, self.catalog, self.trainer.setup.algorithm)
        except LabError as error:
            return error

    def series(self) -> Series | None:
        """The whole series with its forecasts, if the dataset is one."""
        found = self._series.forecast(self._network)
        if found is None or self._series.judges:
            return found
        return replace(found, error=self._judged[2])

    def _network(self, steps: int, batch: int, use: str = "") -> Network:
        """A network with the parameters of this look, kept for the next; another `use` has another one."""
        plan = self.trainer.network.plan
        self._follow_target()
        assert self._target is not None
        one = self._networks.get((use, steps, batch))
        if one is None:
            one = Network(plan, steps=steps, batch=batch, dtype=self.flat.dtype, target=self._target)
            self._networks[use, steps, batch] = one
        one.parameters[:] = self.flat
        return one

    def _follow_target(self) -> None:
        target = self.trainer.compilation.beside(self._target)
        if target is not self._target:
            self._target = target
            for one in self._networks.values():
                one.use(target)


def _cut(sequences: Sequences, first: int, last: int) -> Sequences:
    """Steps first ... last - 1 of all sequences; the sequences themselves where that is all there is."""
    if (first, last) == (0, sequences.steps):
        return sequences
    lengths = sequences.lengths
    return Sequences(
        inputs=sequences.inputs[first:last],
        targets=sequences.targets[first:last] if sequences.per_step else sequences.targets,
        lengths=None if lengths is None else np.minimum(lengths, last),
        counted=None if sequences.counted is None else sequences.counted[first:last],
        allowed=None if sequences.allowed is None else sequences.allowed[first:last],
    )
