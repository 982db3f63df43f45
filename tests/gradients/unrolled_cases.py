"""Networks of all kinds that have run a few samples, for the tests of calculus on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.api import Cell, fixed, glorot, hyperparameter, orthogonal, tanh, uniform
from lab.compile.targets.numpy import NumpyTarget
from lab.gradients.unrolled import Calculus, Unrolled
from lab.model.architecture import Architecture, LayerPlan
from lab.model.blueprint import blueprint
from lab.model.network import Network
from lab.registry.catalog import Catalog
from tests.targets.cells import Fed, Gated

Array = NDArray[Any]
STEPS, BATCH, HIDDEN = 7, 2, 4


class Nudged(Cell):
    """An Elman cell whose last inputs are added to its state, or its net input: ∂L/∂ of them is ∂L/∂ of that."""

    name = "nudged"
    states = ("h",)
    net: bool = hyperparameter(False, en="Add them to the net input")

    def parameters(self, inputs, hidden):
        nudge = np.concatenate([np.zeros((hidden, inputs - hidden)), np.eye(hidden)], axis=1)
        return {
            "W": glorot(hidden, inputs),
            "U": orthogonal(hidden, hidden),
            "b": uniform(hidden),
            "N": fixed(nudge),
            "M": fixed(np.diag([1.0] * (inputs - hidden) + [0.0] * hidden)),
        }

    def step(self, p, x, s):
        z = p.U @ s.h + p.W @ (p.M @ x) + p.b
        return self.next(h=tanh(z + p.N @ x) if self.net else tanh(z) + p.N @ x)


@dataclass(frozen=True)
class Case:
    """A network in float64 and its batch, with nothing of it left out."""

    network: Network
    batch: Mapping[str, Any]
    architecture: Architecture

    def unrolled(self, column: int = 0, length: int = STEPS) -> Unrolled:
        """The network's run of one sample, opened up."""
        self.network.begin(**self.batch)
        self.network.forward(0, STEPS)
        inputs, targets = self.batch["inputs"], self.batch["targets"]
        by_step = targets.ndim > 1 and self.architecture.classes == (targets.ndim == 2)
        target = targets[:, column] if by_step else targets[column]
        symbols = inputs[:, column] if inputs.ndim == 2 else None
        return Unrolled(Calculus(self.architecture), self.network, column, length, target, symbols)

    def alone(self, column: int = 0) -> Network:
        """A network that runs one sample by itself."""
        inputs, targets = self.batch["inputs"], self.batch["targets"]
        by_step = targets.ndim > 1 and self.architecture.classes == (targets.ndim == 2)
        network = made(self.architecture, batch=1)
        network.parameters[:] = self.network.parameters
        network.begin(
            inputs[:, column : column + 1], targets[:, column : column + 1] if by_step else targets[column : column + 1]
        )
        network.forward(0, STEPS)
        return network


def made(architecture: Architecture, batch: int = BATCH) -> Network:
    network = Network(blueprint(architecture), steps=STEPS, batch=batch, dtype=np.float64, seed=3, target=NumpyTarget())
    network.parameters += np.random.default_rng(4).normal(0, 0.3, len(network.parameters))
    return network


def cases(catalog: Catalog) -> dict[str, Case]:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(STEPS, BATCH, 3))
    symbols = rng.integers(0, 6, (STEPS, BATCH))
    real, classes = rng.normal(size=(STEPS, BATCH, 2)), rng.integers(0, 3, (STEPS, BATCH))

    def layer(cell: str, **settings: Any) -> LayerPlan:
        plan = {name: settings.pop(name) for name in ("bidirectional", "bias") if name in settings}
        return LayerPlan(cell=catalog.get("cell", cell)(**settings), hidden=HIDDEN, **plan)  # type: ignore[arg-type]

    def own(cell: Any) -> LayerPlan:
        return LayerPlan(cell=cell, hidden=HIDDEN)

    def case(inputs: Array, targets: Array, *layers: LayerPlan, loss: str = "", **values: Any) -> Case:
        loss = loss or ("cross-entropy" if targets.dtype.kind == "i" else "mean-squared-error")
        chosen: Any = catalog.get("loss", loss)()
        architecture = Architecture(
            inputs=6 if inputs.ndim == 2 else inputs.shape[2],
            layers=layers,
            outputs=3 if targets.dtype.kind == "i" else 2,
            head=chosen.head,
            equation=chosen.equation,
            classes=chosen.target_kind == "class",
            **values,
        )
        return Case(made(architecture), {"inputs": inputs, "targets": targets}, architecture)

    embedded: dict[str, Any] = {"encoding": "embedding", "embedding": 5}
    return {
        "elman": case(features, real, layer("elman")),
        "linear elman": case(features, real, layer("elman", activation="linear")),
        "lstm, dense head": case(features, classes, layer("lstm"), dense=(5,)),
        "gru before": case(symbols, classes, layer("gru"), encoding="one-hot"),
        "gru after, no bias": case(features, real, layer("gru", reset="after", bias=False)),
        "peephole": case(features, real, layer("peephole-lstm")),
        "stack, embedding": case(symbols, classes, layer("lstm"), layer("gru"), **embedded),
        "states below": case(features, real, layer("lstm"), own(Gated())),
        "output fed back": case(features, classes, own(Fed())),
        "output fed back, dense head": case(features, real, layer("gru"), own(Fed()), dense=(3,)),
        "last": case(features, real[0], layer("lstm"), readout="last"),
        "last of targets by step": case(features, classes, layer("gru"), readout="last"),
        "mean": case(features, classes[0], layer("elman"), layer("lstm"), readout="mean"),
        "both directions": case(features, real, layer("lstm", bidirectional=True)),
        "both directions, embedding": case(symbols, classes, layer("gru", bidirectional=True), **embedded),
        "both directions, last": case(features, real[0], layer("gru", bidirectional=True), readout="last"),
        "above both directions": case(features, real, layer("gru", bidirectional=True), layer("lstm")),
        "without memory": case(features, real, layer("dense")),
    }
