"""Setup: from an experiment to its data, its architecture and its components, with everything checked that can be."""

from dataclasses import dataclass
from typing import Any, cast, final

import numpy as np

from lab.components.algorithm import Algorithm
from lab.components.cell import Cell
from lab.components.dataset import Data, Dataset
from lab.components.loss import Loss
from lab.components.metric import Metric
from lab.components.optimizer import Optimizer
from lab.components.schedule import Schedule
from lab.errors import ExperimentError
from lab.experiment.spec import Choice, Spec
from lab.model.architecture import Architecture, LayerPlan
from lab.model.blueprint import Blueprint, blueprint
from lab.registry.catalog import Catalog
from lab.training.memory import check_room


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setup:
    """An experiment made ready: its components, its data, and the network's blueprint."""

    spec: Spec
    dataset: Dataset
    data: Data
    plan: Blueprint
    algorithm: Algorithm
    optimizer: Optimizer
    schedule: Schedule
    loss: Loss
    metrics: tuple[Metric, ...]

    @property
    def steps(self) -> int:
        """T of the longest sequence of any split."""
        return max(sequences.steps for sequences in self.data.splits().values())

    @property
    def batch(self) -> int:
        """Samples that are run together, at most."""
        return min(self.spec.training.batch_size, max(s.count for s in self.data.splits().values()))


def set_up(spec: Spec, catalog: Catalog, file: str | None = None, *, known: Setup | None = None) -> Setup:
    """Load the data and trace the network. LabError where something does not fit, before memory is taken.

    With a `file` the test split is that file's (see `Dataset.load_file`). Where another setup is `known` that has the
    same data, they are not loaded again.
    """
    if known is not None and file is None and (known.spec.dataset, known.spec.seed) == (spec.dataset, spec.seed):
        dataset, data = known.dataset, known.data
    else:
        dataset = cast(Dataset, _make(catalog, "dataset", spec.dataset.plugin))
        data = dataset.load(spec.seed) if file is None else dataset.load_file(file, spec.seed)
    loss = cast(Loss, _make(catalog, "loss", spec.output.loss))
    _check_fit(spec, data, loss)
    setup = Setup(
        spec=spec,
        dataset=dataset,
        data=data,
        plan=blueprint(_architecture(spec, catalog, data, loss)),
        algorithm=cast(Algorithm, _make(catalog, "algorithm", spec.training.algorithm)),
        optimizer=cast(Optimizer, _make(catalog, "optimizer", spec.training.optimizer)),
        schedule=cast(Schedule, _make(catalog, "schedule", spec.training.schedule)),
        loss=loss,
        metrics=_metrics(data, catalog),
    )
    if any("free_run" in metric.asks() for metric in setup.metrics):
        check_stepwise(setup.plan.architecture)
    check_size(setup)
    return setup


def _architecture(spec: Spec, catalog: Catalog, data: Data, loss: Loss) -> Architecture:
    layers = tuple(
        LayerPlan(
            cell=cast(Cell, _make(catalog, "cell", layer.cell)),
            hidden=layer.hidden,
            bidirectional=layer.bidirectional,
            dropout=layer.dropout,
            bias=layer.bias,
        )
        for layer in spec.layers
    )
    return Architecture(
        inputs=data.inputs,
        encoding=spec.input.encoding,
        embedding=spec.input.size or 0,
        layers=layers,
        readout=spec.output.readout,
        dense=spec.output.hidden,
        outputs=data.outputs,
        head=loss.head,
        equation=loss.equation,
        classes=loss.target_kind == "class",
    )


def check_size(setup: Setup) -> None:
    """ExperimentError where the network does not fit into memory."""
    needed = setup.plan.bytes(setup.steps, setup.batch, np.dtype(setup.spec.dtype).itemsize)
    check_room(needed, "this network", "Make layers smaller, or set training.batch_size or the dataset's length lower")


def check_stepwise(architecture: Architecture) -> None:
    """ExperimentError where the network cannot go on step by step from its own predictions."""
    if architecture.readout == "every-step" and not any(layer.bidirectional for layer in architecture.layers):
        return
    what = "a layer of two directions" if architecture.readout == "every-step" else "its readout"
    raise ExperimentError(
        f"the network cannot go on step by step: {what} needs the whole sequence",
        remedy='Train with output.readout = "every-step" and layers in one direction',
    )


def _metrics(data: Data, catalog: Catalog) -> tuple[Metric, ...]:
    """The dataset's metrics, and of classes the accuracy besides."""
    classes = data.train.targets.dtype.kind != "f"
    names = dict.fromkeys([data.metric, *data.more_metrics, *(["accuracy"] if classes else [])])
    return tuple(cast(Metric, catalog.get("metric", name)()) for name in names)


def _make(catalog: Catalog, kind: str, choice: Choice) -> Any:
    return catalog.get(kind, choice.name)(**dict(choice.settings))


def _check_fit(spec: Spec, data: Data, loss: Loss) -> None:
    symbols = data.train.inputs.dtype.kind != "f"
    if symbols and spec.input.encoding == "features":
        raise ExperimentError(
            "the inputs are symbols, and the encoding features takes numbers",
            remedy='Set input.encoding = "one-hot" or "embedding"',
        )
    if not symbols and spec.input.encoding != "features":
        raise ExperimentError(
            f"the inputs are numbers, and the encoding {spec.input.encoding} takes symbols",
            remedy='Set input.encoding = "features"',
        )
    classes = data.train.targets.dtype.kind != "f"
    if classes != (loss.target_kind == "class"):
        kind = "classes" if classes else "real numbers"
        fitting = "cross-entropy" if classes else "mean-squared-error"
        raise ExperimentError(
            f"the targets are {kind}, which the loss {loss.name} cannot judge", remedy=f'Set output.loss = "{fitting}"'
        )
    if not data.train.per_step and spec.output.readout == "every-step":
        raise ExperimentError(
            "the dataset has one target for each sequence, and the readout every-step needs one for each step",
            remedy='Set output.readout = "last" or "mean"',
        )
    if data.train.per_step and spec.output.readout == "mean":
        raise ExperimentError(
            "the dataset has a target for each step, and the readout mean gives one for each sequence",
            remedy='Set output.readout = "every-step"',
        )
    if spec.training.carry_state and not data.train.continuous:
        raise ExperimentError(
            "the sequences of this dataset do not go on one from the other, so no state can be carried",
            remedy="Set training.carry_state = false",
        )
