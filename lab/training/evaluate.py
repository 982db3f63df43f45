"""Evaluation: loss and metrics of a split, with the network's predictions in the units of the data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.components.dataset import Data, Sequences
from lab.components.metric import Metric
from lab.model.network import Network, Predictions
from lab.training.batches import in_order
from lab.training.forecast import free_run

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Mean loss over the rows that count, and where they are: predictions, targets, step and sequence of each.

    `network` is the one that was evaluated, on all or the first of the sequences of a split.
    """

    loss: float
    predictions: Array
    targets: Array
    steps: Array
    columns: Array
    network: Network
    sequences: Sequences


def evaluate(network: Network, sequences: Sequences, batch_size: int) -> Evaluation:
    """Run all sequences forward, each from the zero state, `batch_size` at a time, nothing dropped."""
    parts: list[Predictions] = []
    columns: list[Array] = []
    for chosen, batch in in_order(sequences, batch_size):
        network.begin(batch.inputs, batch.targets, lengths=batch.lengths, counted=batch.counted)
        network.forward(0, batch.steps)
        if network.judge(0, batch.steps) is not None:
            parts.append(network.predictions())
            columns.append(chosen[parts[-1].samples])
    return Evaluation(
        loss=float(np.concatenate([part.losses for part in parts]).mean(dtype=np.float64)),
        predictions=np.concatenate([part.outputs for part in parts]),
        targets=np.concatenate([part.targets for part in parts]),
        steps=np.concatenate([part.steps for part in parts]),
        columns=np.concatenate(columns),
        network=network,
        sequences=sequences,
    )


def in_units(data: Data, split: str, evaluation: Evaluation) -> tuple[Array, Array]:
    """Predictions and targets of the rows in the units of the data, (R, K); unchanged where targets are classes.

    They are unchanged too where not the whole split was evaluated: units are known for whole splits alone.
    """
    sequences = data.splits()[split]
    if sequences.targets.dtype.kind != "f" or evaluation.sequences.count < sequences.count:
        return evaluation.predictions, evaluation.targets
    targets = sequences.targets.astype(np.float64)
    predictions = targets.copy()
    where: tuple[Array, ...] = (evaluation.columns,)
    if sequences.per_step:
        where = (evaluation.steps, evaluation.columns)
    predictions[where] = evaluation.predictions
    return data.to_units(split, predictions)[where], data.to_units(split, targets)[where]


def measure(data: Data, split: str, evaluation: Evaluation, metric: Metric) -> float:
    """A metric, in the units of the data, given what it asks for."""
    offered: Mapping[str, Callable[[], Any]] = {
        "predictions": lambda: in_units(data, split, evaluation)[0],
        "targets": lambda: in_units(data, split, evaluation)[1],
        "steps": lambda: evaluation.steps,
        "columns": lambda: evaluation.columns,
        "allowed": lambda: _allowed(evaluation),
        "free_run": lambda: in_units(data, split, replace(evaluation, predictions=_free(evaluation)))[0],
        "step_time": lambda: data.step_time,
    }
    return metric.compute(**{name: offered[name]() for name in metric.asks()})


def _allowed(evaluation: Evaluation) -> Array:
    """Which classes are right at each row, (R, K): the target, or those that are 1, where nothing else is said."""
    allowed = evaluation.sequences.allowed
    if allowed is not None:
        return allowed[evaluation.steps, evaluation.columns]
    if evaluation.targets.ndim > 1:
        return evaluation.targets > 0.5
    return np.asarray(evaluation.targets[:, None] == np.arange(evaluation.predictions.shape[1]))


def _free(evaluation: Evaluation) -> Array:
    """What the network says at each row where it reads its own predictions from the first step that counts, (R, K)."""
    steps, columns = evaluation.steps, evaluation.columns
    sequences, batch = evaluation.sequences, evaluation.network.batch
    first, last = int(steps.min()), int(steps.max()) + 1
    parts = [
        free_run(evaluation.network, sequences, np.arange(start, min(start + batch, sequences.count)), first, last)
        for start in range(0, sequences.count, batch)
    ]
    return np.asarray(np.concatenate(parts, axis=1)[steps - first, columns])
