"""The whole series of a dataset that is one, with the network's forecasts of it, in the unit of the data."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.components.probe import Series
from lab.model.network import Network
from lab.training.evaluate import evaluate, in_units
from lab.training.labels import step_labels
from lab.training.setup import Setup

Array = NDArray[Any]
Networks = Callable[[int, int], Network]
"""Gives a network, with the parameters as they are, for so many steps and samples."""

MOST_ROWS: Final = 20_000
"""Steps that are run for a forecast; of a longer series only the last splits that stay below, or none."""
AT_ONCE: Final = 32
"""Sequences that are run together."""
MOST_BYTES: Final = 512 * 2**20
"""What the buffers for that may take; there is no forecast of the whole where they would take more."""
MOST_LABELS: Final = 5_000
MOST_LAG: Final = 60
"""A baseline that repeats the series is looked for up to so many steps before."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What does not change while a network learns: the parts of the series by split, and the baselines."""

    splits: tuple[str, ...]
    at_once: bool
    truth: Array
    starts: dict[str, int]
    labels: list[str]
    baselines: dict[str, Array] = field(default_factory=dict)


@final
class SeriesLook:
    """Forecasts of a whole series, one step after another; there are none where the dataset is not one.

    A series has one real target for each step, and training sequences that go on one from the other. Where each split
    is one sequence from the beginning of the series, one run through the longest of them makes all forecasts.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self._known: _Known | None = None
        train = setup.data.train
        self._is_one = train.continuous and train.per_step and train.targets.dtype.kind == "f"
        self._is_one = self._is_one and setup.data.outputs == 1 and bool(self._splits())
        self.judges = set(setup.metrics[0].asks()) <= {"predictions", "targets"}
        """Whether predictions and targets are all that the dataset's metric asks for; there is no error otherwise."""

    def forecast(self, networks: Networks) -> Series | None:
        """The series with the forecasts of a network; None where the dataset is not a series, or too long a one."""
        if not self._is_one:
            return None
        known, forecast = self._run(networks)
        first = known.starts.get("test")
        tested = slice(len(forecast) if first is None else first, None)
        pair = forecast[tested], known.truth[tested]
        return Series(
            position=np.arange(len(forecast)),
            truth=known.truth,
            forecast=forecast,
            validation_from=known.starts.get("validation"),
            test_from=first,
            labels=known.labels,
            baselines=known.baselines,
            error=float("nan") if first is None else self._error(*pair),
        )

    def _splits(self) -> tuple[str, ...]:
        """The splits from the end of the series whose steps are few enough; all of them, or the last ones."""
        found: list[str] = []
        rows = 0
        for split, sequences in reversed(self.setup.data.splits().items()):
            rows += sequences.steps * sequences.count
            batch = min(sequences.count, AT_ONCE)
            needed = self.setup.plan.bytes(sequences.steps, batch, np.dtype(self.setup.spec.dtype).itemsize)
            if rows > MOST_ROWS or needed > MOST_BYTES:
                break
            found.insert(0, split)
        return tuple(found)

    def _run(self, networks: Networks) -> tuple[_Known, Array]:
        splits = self._splits() if self._known is None else self._known.splits
        at_once = self._nested(splits) if self._known is None else self._known.at_once
        run = self._all_at_once if at_once else self._one_by_one
        truth, forecast, starts, labels = run(networks, splits)
        if self._known is None:
            shown = labels if len(labels) <= MOST_LABELS else []
            baselines = self._baselines(truth, starts.get("test"))
            self._known = _Known(splits, at_once, truth, starts, shown, baselines)
        return self._known, forecast

    def _nested(self, splits: tuple[str, ...]) -> bool:
        """Whether each split is one sequence that the last one begins with, read in one direction."""
        data, plan = self.setup.data, self.setup.plan
        last = data.splits()[splits[-1]].inputs
        return not any(layer.bidirectional for layer in plan.architecture.layers) and all(
            one.count == 1 and one.lengths is None and np.array_equal(one.inputs, last[: one.steps])
            for one in (data.splits()[split] for split in splits)
        )

    def _all_at_once(
        self, networks: Networks, splits: tuple[str, ...]
    ) -> tuple[Array, Array, dict[str, int], list[str]]:
        data, last = self.setup.data, splits[-1]
        sequences = data.splits()[last]
        network = networks(sequences.steps, 1)
        network.begin(sequences.inputs, sequences.targets)
        network.forward(0, sequences.steps)
        network.judge(0, sequences.steps)
        made = network.predictions().outputs.astype(np.float64).reshape(sequences.targets.shape)
        truth, forecast = (
            data.to_units(last, array)[:, 0, 0] for array in (sequences.targets.astype(np.float64), made)
        )
        starts = {}
        for split in splits:
            counted = data.splits()[split].counted
            starts[split] = 0 if counted is None else int(counted[:, 0].argmax())
        return truth, forecast, starts, step_labels(data, last, 0)

    def _one_by_one(
        self, networks: Networks, splits: tuple[str, ...]
    ) -> tuple[Array, Array, dict[str, int], list[str]]:
        data = self.setup.data
        truths: list[Array] = []
        forecasts: list[Array] = []
        starts: dict[str, int] = {}
        labels: list[str] = []
        for split in splits:
            sequences = data.splits()[split]
            batch = min(sequences.count, AT_ONCE)
            evaluation = evaluate(networks(sequences.steps, batch), sequences, batch)
            order = np.lexsort((evaluation.steps, evaluation.columns))
            predictions, targets = in_units(data, split, evaluation)
            starts[split] = sum(len(part) for part in truths)
            truths.append(targets[order, 0])
            forecasts.append(predictions[order, 0])
            if self._known is None:
                named = [step_labels(data, split, column) for column in range(sequences.count)]
                places = zip(evaluation.columns[order].tolist(), evaluation.steps[order].tolist(), strict=True)
                labels += [named[column][step] for column, step in places] if all(named) else []
        truth = np.concatenate(truths)
        return truth, np.concatenate(forecasts), starts, labels if len(labels) == len(truth) else []

    def _baselines(self, truth: Array, test_from: int | None) -> dict[str, Array]:
        """The dataset's baselines that are the series some steps before: those whose stated error that gives."""
        found: dict[str, Array] = {}
        if test_from is None:
            return found
        for name, stated in self.setup.data.baselines.items():
            for lag in range(1, min(MOST_LAG, test_from) + 1):
                shifted = np.concatenate([np.full(lag, np.nan), truth[:-lag]])
                reached = self._error(shifted[test_from:], truth[test_from:])
                if np.isclose(reached, stated, rtol=1e-6, atol=0):
                    found[name] = shifted
                    break
        return found

    def _error(self, forecast: Array, truth: Array) -> float:
        if not self.judges:
            return float("nan")
        known = {"predictions": forecast[:, None], "targets": truth[:, None]}
        metric = self.setup.metrics[0]
        return metric.compute(**{name: known[name] for name in metric.asks()})
