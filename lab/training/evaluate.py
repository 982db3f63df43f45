"""Evaluation: loss and metrics of a split, with the network's predictions in the units of the data."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.components.dataset import Data, Sequences
from lab.components.metric import Metric
from lab.model.network import Network, Predictions
from lab.training.batches import in_order

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Mean loss over the rows that count, and where they are: predictions, targets, step and sequence of each."""

    loss: float
    predictions: Array
    targets: Array
    steps: Array
    columns: Array


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
    )


def in_units(data: Data, split: str, evaluation: Evaluation) -> tuple[Array, Array]:
    """Predictions and targets of the rows in the units of the data, (R, K); unchanged where targets are classes."""
    sequences = data.splits()[split]
    if sequences.targets.dtype.kind != "f":
        return evaluation.predictions, evaluation.targets
    targets = sequences.targets.astype(np.float64)
    predictions = targets.copy()
    where: tuple[Array, ...] = (evaluation.columns,)
    if sequences.per_step:
        where = (evaluation.steps, evaluation.columns)
    predictions[where] = evaluation.predictions
    return data.to_units(split, predictions)[where], data.to_units(split, targets)[where]


def measure(data: Data, split: str, evaluation: Evaluation, metric: Metric) -> float:
    """The metric of the dataset, in the units of the data."""
    return metric.compute(*in_units(data, split, evaluation))
