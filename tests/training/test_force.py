"""Recursive least squares is the ridge solution around where it began; fed back, it holds a wave by itself."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.compile.targets.numpy import NumpyTarget
from lab.components.algorithm import Algorithm, Batch
from lab.components.dataset import Sequences
from lab.errors import LabError
from lab.model.network import Network
from lab.training.learner import NetworkLearner
from lab.training.plan import Plan
from lab.training.snapshot import put_back, take
from lab.training.trainer import Trainer
from tests.training.support import catalog, prepared, run_out, trained

Array = NDArray[Any]
CATALOG = catalog()
CLOSE = 1e-8
"""Some hundred updates of P, whose condition number is about 1e4."""
WAVE = """
version = 1
seed = {seed}
dtype = "float64"
[dataset]
plugin = "held-wave"
period = 20
cue = 40
train_length = 260
train_size = 16
validation_size = 0
test_length = 1000
test_size = 4
[[layers]]
cell = "{cell}"
hidden = {hidden}
[training]
algorithm = "force"
batch_size = 4
epochs = 1
{more}
"""
FED = {"cell": "fed-leaky", "hidden": 150, "seed": 3, "more": ""}


def force(**values: Any) -> Algorithm:
    return CATALOG.get("algorithm", "force")(**values)  # type: ignore[no-any-return]


def readout(network: Network) -> Array:
    named = network.named(network.parameters)
    return np.vstack([named["output.V"].T, named["output.b"]])


def drawn(seed: int, lengths: Array | None = None) -> Batch:
    rng = np.random.default_rng(seed)
    return Batch(
        sequences=Sequences(
            inputs=rng.normal(size=(30, 3, 1)),
            targets=rng.normal(size=(30, 3, 1)),
            lengths=lengths,
            counted=rng.random((30, 3)) < 0.8,
        )
    )


@pytest.mark.parametrize("every", [1, 7])
@pytest.mark.parametrize("cell", ["leaky", "lstm"])
def test_without_feedback_it_ends_at_the_ridge_solution_around_its_first_weights(cell: str, every: int) -> None:
    """The least of Σ |V s - y|² + α |V - V_0|² over all batches (Haykin, 2002, Adaptive filter theory, section 9.2)."""
    setup = prepared(WAVE.format(**FED | {"cell": cell, "hidden": 6}))
    learner = NetworkLearner(Network(setup.plan, steps=30, batch=3, dtype=np.float64, seed=3, target=NumpyTarget()))
    first = readout(learner.network)
    gram, moment = 0.5 * np.eye(7), 0.5 * first
    for batch in (drawn(1), drawn(2, np.array([20, 30, 25]))):
        for step in force(alpha=0.5, update_every=every).updates(learner, batch):
            assert step.change is not None
            learner.parameters[:] += step.change
            learner.network.refresh()
        learner.begin(batch)
        learner.forward(0, 30)
        rows = learner.rows(0, 30)
        chosen = (rows.steps + 1) % every == 0 if every > 1 else np.ones(len(rows.steps), bool)
        chosen |= rows.steps == 29
        seen = np.hstack([rows.seen, np.ones((len(rows.steps), 1))])[chosen]
        gram, moment = gram + seen.T @ seen, moment + seen.T @ rows.targets[chosen]
    exact = np.linalg.solve(gram, moment)
    assert np.abs(readout(learner.network) - exact).max() < CLOSE * np.abs(exact).max()
    inverse = learner.memory["inverse"]
    assert (inverse == inverse.T).all()
    np.testing.assert_allclose(inverse, np.linalg.inv(gram), atol=CLOSE)


def test_only_the_readout_changes() -> None:
    setup = prepared(WAVE.format(**FED | {"hidden": 20, "more": ""}).replace("epochs = 1", "updates = 50"))
    with Trainer(setup, Plan(target="numpy")) as trainer:
        before = {name: array.copy() for name, array in trainer.network.named(trainer.network.parameters).items()}
        run_out(trainer)
        assert trainer.update == 50
        after = trainer.network.named(trainer.network.parameters)
        changed = {name for name in after if not np.array_equal(before[name], after[name])}
    assert changed == {"output.V", "output.b"}


def test_it_holds_a_wave_for_fifty_periods_and_not_without_feedback() -> None:
    with trained(prepared(WAVE.format(**FED))) as trainer:
        # The output is nearly right from the first steps on, which is what makes learning with feedback possible.
        assert trainer.history[0][0] < 0.02
        assert trainer.metrics()["test.nrmse"] < 0.2
    with trained(prepared(WAVE.format(**FED | {"cell": "leaky"}))) as trainer:
        assert trainer.metrics()["test.nrmse"] > 0.9


@pytest.mark.parametrize("cell", ["fed-leaky", "jordan", "gru"])
def test_a_resumed_run_is_the_same_to_the_last_bit(cell: str) -> None:
    text = WAVE.format(**FED | {"cell": cell, "hidden": 10, "more": "update_every = 3"})
    setup = prepared(text.replace("train_length = 260", "train_length = 20"))
    with Trainer(setup, Plan(target="numpy")) as trainer:
        while not (trainer.can_save and trainer.batch == 2):
            trainer.advance()
        state = take(trainer)
        run_out(trainer)
        assert trainer.update == trainer.total_updates == 4 * 20
        expected = trainer.network.parameters.copy()
    with Trainer(setup, Plan(target="numpy")) as other:
        put_back(other, state)
        assert other.learner.memory.keys() == {"inverse"}
        run_out(other)
        assert (other.network.parameters == expected).all()


def test_another_head_is_refused_and_a_loss_that_is_not_finite_is_told() -> None:
    text = WAVE.format(**FED | {"hidden": 5})
    head = text.replace("[training]", "[output]\nhidden = [3]\n[training]")
    with pytest.raises(LabError, match="another head"), trained(prepared(head)):
        pass
    weights = text + '[weights]\n"output.b" = [1e300]\n'
    with pytest.raises(LabError, match="not finite"), trained(prepared(weights)):
        pass
