"""The trainer: a plain loop, one update at a time, that can be left, changed and gone on with between any two."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.workers import Workers, one_blas_thread
from lab.components.algorithm import Step
from lab.errors import TrainingError
from lab.model.network import QUIET, Network
from lab.training.batches import Batches
from lab.training.changes import Changes
from lab.training.compilation import Compilation
from lab.training.course import Record
from lab.training.diagnose import Diagnosis
from lab.training.evaluate import Evaluation, evaluate, measure
from lab.training.learner import NetworkLearner
from lab.training.length import ended
from lab.training.live import BATCH_SIZE, with_value
from lab.training.optimise import Updater
from lab.training.plan import LiveChange, Plan
from lab.training.setup import Setup
from lab.training.updates import updates_of
from lab.training.weights import finite_weight, load_weights

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What `advance` has done: an update, or the end of a batch or an epoch; `scalars` is what there is to record."""

    kind: Literal["update", "batch", "epoch"]
    update: int
    epoch: int
    scalars: Mapping[str, float]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """What one update did, shaped like the parameters: its gradient before clipping, and what it added to them.

    The gradient is None for a rule that follows none; `change` is None where the update was refused as not finite.
    """

    update: int
    gradient: Array | None
    change: Array | None


@final
class Trainer:
    """Trains one experiment. Close it when done (it is a context manager): threads end with it.

    Between two calls of `advance` anything may be changed. `can_save` tells where `lab.training.snapshot` can take the
    state: between batches. What follows a restored state is the same to the last bit, for one plan on one machine.
    """

    def __init__(self, setup: Setup, plan: Plan) -> None:
        spec = setup.spec
        self.setup = setup
        self.plan = plan
        self.workers = Workers(plan.threads)
        self._limits = one_blas_thread()
        self.compilation = Compilation(setup, plan)
        self.changes = Changes(plan)
        try:
            self._target = self.compilation.first()
            self.network = self._build()
            if spec.weights.file:
                load_weights(self.network, spec.weights.file)
            for name, values in spec.weights.values.items():
                self.network.set_parameter(name, values)
        except BaseException:
            self.close()
            raise
        self.learner = NetworkLearner(self.network)
        self.learner.carries = spec.training.carry_state
        self.compilation.also = self.learner.compile
        self.updater = Updater(setup.optimizer, spec.training, self.network.parameters)
        self.batches = Batches(setup.data.train, spec.training.batch_size, spec.seed, spec.training.carry_state)
        self.update = 0
        self.epoch = 0
        self.batch = 0
        self.seen = 0
        """Sequences of this epoch that were in batches already."""
        self.planned = (0, 0)
        """Of `total_updates`, those of the first epochs, which had batches of another size; and how many epochs."""
        self.losses: list[float] = []
        """Losses of the updates of this epoch."""
        self.history: list[tuple[float, float]] = []
        """Mean training loss and validation loss (NaN without a validation split) of each epoch."""
        self.best = math.inf
        self.best_parameters: Array | None = None
        self.can_save = True
        self.keep = False
        """Whether each update leaves in `kept` what it did, not only one on record: two copies of the parameters."""
        self.kept: Kept | None = None
        self.record = Record(setup.plan.places.values())
        self._loop = self._run()

    @property
    def total_updates(self) -> int:
        """How many updates the experiment asks for now, an epoch that has begun as a whole among them."""
        training = self.setup.spec.training
        if training.updates is not None:
            return max(training.updates, self.update)
        updates, epochs = self.planned
        last = max(training.epochs or 0, self.epoch + self._within)
        return updates + (last - epochs) * self.batches.count * self._by_batch

    @property
    def _within(self) -> bool:
        """Whether an epoch has begun and not ended."""
        return bool(self.losses) or self.seen > 0

    @property
    def _by_batch(self) -> int:
        return self.setup.algorithm.updates_in(self.setup.data.train.steps)

    def advance(self) -> Progress | None:
        """Make one update, or end a batch or an epoch; None when there is nothing left to do."""
        return next(self._loop, None)

    def _run(self) -> Iterator[Progress]:
        while self._goes_on():
            ahead = self.batches.epoch(self.epoch, self.seen)
            while True:
                if self.make_changes():
                    ahead = self.batches.epoch(self.epoch, self.seen)
                if self.done:
                    break
                batch = next(ahead)
                self.can_save = False
                self.learner.draw = np.random.default_rng([self.setup.spec.seed, 2, self.epoch, self.batch])
                self.learner.random = np.random.default_rng([self.setup.spec.seed, 4, self.epoch, self.batch])
                self.take_over()
                for step in updates_of(self.setup.algorithm, self.learner, batch):
                    yield self._apply(step)
                    if self.done:
                        break
                    self.take_over()
                    self.make_changes(between=False)
                if self.setup.spec.training.carry_state:
                    self.learner.end()
                self.batch += 1
                self.seen += batch.sequences.count
                self.changes.hold(self.update)
                self.can_save = True
                if self.done or self.seen >= self.batches.total:
                    break
                yield Progress(kind="batch", update=self.update, epoch=self.epoch, scalars={})
            yield self._end_epoch()

    @property
    def done(self) -> bool:
        """Whether there is no update left to make."""
        within = self._within
        losses = () if within else tuple(loss for _, loss in self.history)
        return ended(self.setup.spec.training, self.update, self.epoch, losses, within=within)

    def _goes_on(self) -> bool:
        """Whether there is another epoch, by the changes that are due now."""
        self.make_changes()
        return not self.done

    def take_over(self) -> None:
        """Go on with compiled code where it is due; a restored trainer may have passed that update already."""
        target = self.compilation.due(self.update)
        if target is not None:
            self._target = target
            self.network.use(target)

    def change(self, key: str, value: object) -> LiveChange:
        """Give a live key of `[training]` another value from the next update on; the plan keeps it.

        A batch size waits for the next batch, and for the next epoch where the state is carried. A run that is cut
        short by its epochs still ends the epoch it is in. LabError where the key is not live or the value is wrong.
        """
        return self.changes.ask(self.setup, self.update, key, value)

    def set_weight(self, name: str, value: object) -> LiveChange:
        """Set a parameter by its full name. ExperimentError where it does not fit, or is not finite.

        What was computed with the old value stays: take a checkpoint next.
        """
        self.network.set_parameter(name, finite_weight(name, value))
        self.network.refresh()
        return self.changes.by_hand(self.update, name)

    def passed_changes(self) -> None:
        """Make the changes of the plan that were made before the update that a restored trainer has come to."""
        for change in self.changes.passed(self.update):
            self._make(change)

    def make_changes(self, *, between: bool = True) -> bool:
        """Make the changes that are due, `between` two batches or within one; whether the batches are others now."""
        if not self.changes.waiting:
            return False
        resize = between and (self.seen == 0 or not self.setup.spec.training.carry_state)
        resized = [self._make(change) for change in self.changes.due(self.update, resize=resize)]
        return any(resized)

    def _make(self, change: LiveChange) -> bool:
        self.setup = with_value(self.setup, change.key, change.value)
        self.updater.training = self.setup.spec.training
        self.updater.optimizer = self.setup.optimizer
        if change.key != BATCH_SIZE:
            return False
        parameters = self.network.parameters
        self.network = self._build()
        self.network.parameters[:] = parameters
        self.network.refresh()
        self.learner.network = self.network
        self.batches = replace(self.batches, size=self.setup.spec.training.batch_size)
        left = -(-(self.batches.total - self.seen) // self.batches.size) if self.seen else 0
        self.planned = (self.update + left * self._by_batch, self.epoch + bool(self.seen))
        return True

    def _build(self) -> Network:
        spec = self.setup.spec
        return Network(
            self.setup.plan,
            steps=self.setup.steps,
            batch=self.setup.batch,
            dtype=spec.dtype,
            seed=spec.seed,
            target=self._target,
            workers=self.workers,
        )

    @QUIET
    def _apply(self, step: Step) -> Progress:
        parameters = self.network.parameters
        validation = [loss for _, loss in self.history]
        base = self.setup.spec.training.learning_rate
        rate = self.setup.schedule.rate(base, self.update, self.total_updates, validation)
        scalars = {"train.loss": step.loss, "learning_rate": rate}
        if not _finite(step):
            gradient = None if step.gradient is None else step.gradient.copy()
            self.kept = Kept(update=self.update + 1, gradient=gradient, change=None)
            raise Diagnosis(self.network, self.update + 1).error(self.learner.steps)
        keep = self.keep or self.record.wants(self.update + 1)
        before = parameters.copy() if keep else None
        self.updater.kept = np.empty_like(parameters) if keep else None
        if step.gradient is not None:
            report = self.updater.apply(parameters, step.gradient, rate, self.update + 1)
            scalars["gradient.norm"] = report.gradient_norm
        elif step.change is not None:
            parameters += step.change
        self.network.refresh()
        self.update += 1
        self.losses.append(step.loss)
        if before is not None:
            gradient = None if step.gradient is None else self.updater.kept
            self.kept = Kept(update=self.update, gradient=gradient, change=parameters - before)
            if self.record.wants(self.update):
                self.record.take(self.update, gradient, self.kept.change, parameters)
        return Progress(kind="update", update=self.update, epoch=self.epoch, scalars=scalars)

    def _end_epoch(self) -> Progress:
        if not self.losses:
            raise TrainingError(
                "an epoch made no update, for no step of any sequence has a target that counts",
                remedy="Let the dataset count some steps; with output.readout last, the last step of some sequence",
            )
        train = float(np.mean(self.losses))
        self.losses = []
        scalars = {"train.epoch_loss": train}
        validation = math.nan
        if self.setup.data.validation is not None:
            validation = self.evaluate("validation").loss
            scalars["validation.loss"] = validation
            if validation < self.best:
                self.best = validation
                self.best_parameters = self.network.parameters.copy()
        self.history.append((train, validation))
        self.epoch += 1
        self.batch = 0
        self.seen = 0
        self.can_save = True
        return Progress(kind="epoch", update=self.update, epoch=self.epoch, scalars=scalars)

    def evaluate(self, split: str) -> Evaluation:
        """Loss and predictions of a split with the parameters as they are."""
        return evaluate(self.network, self.setup.data.splits()[split], self.setup.batch)

    def keep_best(self) -> None:
        """With early stopping, go back to the parameters of the epoch with the lowest validation loss."""
        if self.setup.spec.training.early_stopping and self.best_parameters is not None:
            self.network.parameters[:] = self.best_parameters
            self.network.refresh()

    def metrics(self) -> dict[str, float]:
        """Losses of all splits, and the dataset's metric on the test split, with the parameters as they are.

        `train.loss` is the mean over the last epoch, as it was while the network learned.
        """
        result = {"train.loss": self.history[-1][0] if self.history else math.nan}
        for split in ("validation", "test"):
            if split in self.setup.data.splits():
                evaluation = self.evaluate(split)
                result[f"{split}.loss"] = evaluation.loss
                if split == "test":
                    for metric in self.setup.metrics:
                        name = metric.name.replace("-", "_")
                        result[f"test.{name}"] = measure(self.setup.data, split, evaluation, metric)
        return result

    def close(self) -> None:
        """End the threads, and give BLAS its own back."""
        self.compilation.close()
        self.workers.close()
        self._limits.restore_original_limits()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _finite(step: Step) -> bool:
    """Whether the loss and all that will change the parameters is finite."""
    vector = step.gradient if step.gradient is not None else step.change
    if not math.isfinite(step.loss):
        return False
    # The sum of squares is quick, and finite unless an entry is not or it overflows.
    return vector is None or math.isfinite(float(np.dot(vector, vector))) or bool(np.isfinite(vector).all())
