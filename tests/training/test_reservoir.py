"""The readout of a reservoir is the ridge solution over all that was read, whatever the batches."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.compile.targets.numpy import NumpyTarget
from lab.components.algorithm import Algorithm, Batch
from lab.components.dataset import Sequences
from lab.errors import LabError
from lab.model.architecture import Architecture, LayerPlan
from lab.model.blueprint import blueprint
from lab.model.network import Network
from lab.trace.tracer import argument_names
from lab.training.learner import NetworkLearner
from lab.training.plan import Plan
from lab.training.setup import Setup
from lab.training.snapshot import put_back, take
from lab.training.trainer import Trainer
from tests.training.support import catalog, prepared, run_out, trained

Array = NDArray[Any]
CATALOG = catalog()
CLOSE = 1e-8
"""The normal equations lose half of the digits of float64, and a ridge of 1e-4 keeps them far from singular."""
SERIES = """
version = 1
seed = 3
dtype = "float64"
[dataset]
plugin = "narma10"
train_length = 600
validation_length = 100
test_length = 100
window = 60
[[layers]]
cell = "{cell}"
hidden = 20
[training]
algorithm = "reservoir"
ridge = 1e-4
washout = 20
{more}
epochs = 1
"""


def _asked(name: str) -> list[str]:
    return argument_names(CATALOG.get("cell", name).step)  # type: ignore[attr-defined]


def series(cell: str = "leaky", more: str = "batch_size = 4") -> Setup:
    return prepared(SERIES.format(cell=cell, more=more))


def reservoir(**values: Any) -> Algorithm:
    return CATALOG.get("algorithm", "reservoir")(**values)  # type: ignore[no-any-return]


def learner_of(*cells: str, steps: int, batch: int, inputs: int = 2, readout: Any = "every-step") -> NetworkLearner:
    loss: Any = CATALOG.get("loss", "mean-squared-error")()
    architecture = Architecture(
        inputs=inputs,
        layers=tuple(LayerPlan(cell=CATALOG.get("cell", cell)(), hidden=5) for cell in cells),  # type: ignore[arg-type]
        outputs=2,
        head=loss.head,
        equation=loss.equation,
        classes=False,
        readout=readout,
    )
    plan = blueprint(architecture)
    return NetworkLearner(Network(plan, steps=steps, batch=batch, dtype=np.float64, seed=3, target=NumpyTarget()))


def states(learner: NetworkLearner, batch: Batch) -> Array:
    """What the readout sees, (T, B, D), of a network that is not fed."""
    learner.begin(batch)
    learner.forward(0, learner.steps)
    return learner.network.layers[-1].outputs[: learner.steps, : learner.batch].copy()


def ridge(seen: Array, targets: Array, penalty: float) -> Array:
    """Lukoševičius (2012, eq. 9), written out: centred, so that the bias is free; β is the penalty times the rows."""
    x, y = seen - seen.mean(axis=0), targets - targets.mean(axis=0)
    V = np.linalg.inv(x.T @ x + penalty * len(x) * np.eye(x.shape[1])) @ (x.T @ y)
    return np.vstack([V, targets.mean(axis=0) - seen.mean(axis=0) @ V])


def readout(network: Network) -> Array:
    named = network.named(network.parameters)
    return np.vstack([named["output.V"].T, named["output.b"]])


def apart(found: Array, exact: Array) -> float:
    return float(np.abs(found - exact).max() / np.abs(exact).max())


@pytest.mark.parametrize("cell", [name for name in CATALOG.names("cell") if "y" not in _asked(name)])
def test_every_cell_alone_and_in_a_stack(cell: str) -> None:
    rng = np.random.default_rng(1)
    steps, count = 40, 3
    batch = Batch(
        sequences=Sequences(
            inputs=rng.normal(size=(steps, count, 2)),
            targets=rng.normal(size=(steps, count, 2)),
            counted=rng.random((steps, count)) < 0.8,
        )
    )
    for layers in [(cell,), (cell, cell)]:
        learner = learner_of(*layers, steps=steps, batch=count)
        before = learner.parameters.copy()
        (step,) = reservoir(ridge=1e-4, washout=5).updates(learner, batch)
        seen = states(learner, batch)
        counted = batch.sequences.counted
        assert counted is not None
        rows = counted & (np.arange(steps) >= 5)[:, None]
        exact = ridge(seen[rows], batch.sequences.targets[rows], 1e-4)
        assert step.change is not None
        learner.parameters[:] += step.change
        assert apart(readout(learner.network), exact) < CLOSE
        others = np.ones(len(before), bool)
        for name in ("output.V", "output.b"):
            learner.named(others)[name][...] = False
        assert (step.change[others] == 0).all()
        # The loss is that of the readout found.
        learner.begin(batch)
        learner.forward(0, steps)
        outputs = learner.rows(5, steps)
        assert step.loss == pytest.approx(float(np.mean((outputs.outputs - outputs.targets) ** 2)), rel=1e-9)


@pytest.mark.parametrize("how", ["last", "mean"])
def test_a_target_for_each_sequence(how: str) -> None:
    rng = np.random.default_rng(1)
    lengths = rng.integers(5, 13, 30)
    sequences = Sequences(inputs=rng.normal(size=(12, 30, 2)), targets=rng.normal(size=(30, 2)), lengths=lengths)
    learner = learner_of("gru", steps=12, batch=30, readout=how)
    (step,) = reservoir(ridge=1e-4).updates(learner, Batch(sequences=sequences))
    by_sequence = states(learner, Batch(sequences=sequences))[:, np.argsort(learner.network.order)]
    ends = lengths - 1
    live = np.arange(12)[:, None] < lengths
    seen = (
        by_sequence[ends, np.arange(30)] if how == "last" else (by_sequence * live[..., None]).sum(0) / lengths[:, None]
    )
    exact = ridge(seen, sequences.targets, 1e-4)
    learner.parameters[:] += step.change
    assert apart(readout(learner.network), exact) < CLOSE


def test_a_washout_is_refused_where_the_mean_would_take_it_in() -> None:
    rng = np.random.default_rng(1)
    batch = Batch(sequences=Sequences(inputs=rng.normal(size=(12, 3, 2)), targets=rng.normal(size=(3, 2))))
    with pytest.raises(LabError, match="mean takes in every step, also the first 5") as caught:
        next(reservoir(washout=5).updates(learner_of("gru", steps=12, batch=3, readout="mean"), batch))
    assert "washout = 0" in str(caught.value.remedy)
    assert next(reservoir(washout=5).updates(learner_of("gru", steps=12, batch=3, readout="last"), batch))


def test_after_an_epoch_it_is_the_solution_for_all_sequences_and_a_second_changes_nothing() -> None:
    setup = series()
    with Trainer(setup, Plan(target="numpy")) as trainer:
        sequences = setup.data.train
        learner = NetworkLearner(
            Network(setup.plan, steps=60, batch=sequences.count, dtype=np.float64, seed=3, target=NumpyTarget())
        )
        seen = states(learner, Batch(sequences=sequences))[20:].reshape(-1, 20)
        run_out(trainer)
        assert trainer.update == 3
        exact = ridge(seen, sequences.targets[20:].reshape(-1, 1), 1e-4)
        assert apart(readout(trainer.network), exact) < CLOSE
    with trained(
        prepared(SERIES.format(cell="leaky", more="batch_size = 4").replace("epochs = 1", "epochs = 2"))
    ) as two:
        assert apart(readout(two.network), exact) < CLOSE


def test_a_carried_state_needs_one_washout() -> None:
    setup = series(more="batch_size = 1\ncarry_state = true")
    sequences = setup.data.train
    whole = Sequences(inputs=sequences.inputs.swapaxes(0, 1).reshape(-1, 1, 1), targets=np.zeros((600, 1, 1)))
    learner = NetworkLearner(Network(setup.plan, steps=600, batch=1, dtype=np.float64, seed=3, target=NumpyTarget()))
    seen = states(learner, Batch(sequences=whole))[20:, 0]
    exact = ridge(seen, sequences.targets.swapaxes(0, 1).reshape(-1, 1)[20:], 1e-4)
    with trained(setup) as trainer:
        assert apart(readout(trainer.network), exact) < CLOSE


def test_a_fed_network_is_taught_by_the_targets() -> None:
    """The cell of Jordan, taught: h_t = tanh(U y_{t-1} + W x_t + b), with the output before the first step 0."""
    rng = np.random.default_rng(1)
    lengths = np.array([30, 20, 25])
    sequences = Sequences(inputs=rng.normal(size=(30, 3, 2)), targets=rng.normal(size=(30, 3, 2)), lengths=lengths)
    learner = learner_of("jordan", steps=30, batch=3)
    (step,) = reservoir(ridge=1e-4).updates(learner, Batch(sequences=sequences))
    named = learner.named(learner.parameters)
    U, W, b = (named[f"layers.0.{name}"] for name in "UWb")
    said = np.concatenate([np.zeros((1, 3, 2)), sequences.targets[:-1]])
    seen = np.tanh(said @ U.T + sequences.inputs @ W.T + b)
    live = np.arange(30)[:, None] < lengths
    learner.parameters[:] += step.change
    assert apart(readout(learner.network), ridge(seen[live], sequences.targets[live], 1e-4)) < CLOSE


def test_noise_on_what_is_read_is_drawn_for_each_batch() -> None:
    rng = np.random.default_rng(1)
    sequences = Sequences(inputs=rng.normal(size=(30, 3, 2)), targets=rng.normal(size=(30, 3, 2)))
    found = []
    for cell, stream in (("elman", 1), ("elman", 1), ("elman", 2), ("jordan", 1), ("jordan", 2)):
        learner = learner_of(cell, steps=30, batch=3)
        learner.random = np.random.default_rng(stream)
        (step,) = reservoir(ridge=1e-4, noise=0.1).updates(learner, Batch(sequences=sequences))
        found.append(step.change.copy())
    assert (found[0] == found[1]).all()
    assert not np.array_equal(found[1], found[2])
    assert not np.array_equal(found[3], found[4])


def test_without_a_penalty_dependent_states_do_no_harm() -> None:
    rng = np.random.default_rng(1)
    sequences = Sequences(inputs=np.zeros((30, 3, 2)), targets=rng.normal(size=(30, 3, 2)))
    learner = learner_of("elman", steps=30, batch=3)
    (step,) = reservoir(ridge=0.0).updates(learner, Batch(sequences=sequences))
    assert np.isfinite(step.change).all()
    assert step.loss <= float(np.mean((sequences.targets - sequences.targets.mean(axis=(0, 1))) ** 2)) + 1e-9


@pytest.mark.parametrize("cell", ["leaky", "jordan"])
def test_a_resumed_run_is_the_same_to_the_last_bit(cell: str) -> None:
    setup = series(cell, "batch_size = 4\nnoise = 0.01")
    with Trainer(setup, Plan(target="numpy")) as trainer:
        while not (trainer.can_save and trainer.batch == 2):
            trainer.advance()
        state = take(trainer)
        run_out(trainer)
        expected = trainer.network.parameters.copy()
    with Trainer(setup, Plan(target="numpy")) as other:
        put_back(other, state)
        assert other.learner.memory.keys() == {"gram", "moment", "rows"}
        run_out(other)
        assert (other.network.parameters == expected).all()


def test_another_head_and_a_washout_of_everything_are_refused_with_the_reason() -> None:
    setup = series()
    layers = SERIES.format(cell="leaky", more="").replace("[training]", "[output]\nhidden = [3]\n[training]")
    with pytest.raises(LabError, match="another head"), trained(prepared(layers)):
        pass
    classes = layers.replace("hidden = [3]", "").replace('"narma10"', '"parity"').replace("train_length = 600", "")
    classes = classes.replace("validation_length = 100\ntest_length = 100\nwindow = 60", "train_size = 4")
    with pytest.raises(LabError, match="another head") as caught, trained(prepared(classes)):
        pass
    assert "mean-squared-error" in str(caught.value.remedy)
    too_long = replace(setup, algorithm=reservoir(washout=60))
    with pytest.raises(LabError, match="washout of 60 steps"), trained(too_long):
        pass
