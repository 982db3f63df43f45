"""Real-time recurrent learning finds the gradient of backpropagation through time, for every cell and network."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.components.algorithm import Algorithm, Batch
from lab.components.dataset import Sequences
from lab.errors import TrainingError
from lab.model.architecture import Architecture, LayerPlan
from lab.training.learner import NetworkLearner
from lab.training.plan import Plan
from lab.training.snapshot import put_back, take
from lab.training.trainer import Trainer
from tests.gradients.unrolled_cases import BATCH, STEPS, Case, cases, made
from tests.training.support import SUNSPOTS, catalog, prepared, run_out

Array = NDArray[Any]
CATALOG = catalog()
CASES = cases(CATALOG)
EXACT = 1e-10
"""Both are sums of the same float64 products in another order, some thousand of them: far less is left to rounding."""


def learner_of(case: Case) -> NetworkLearner:
    return NetworkLearner(case.network)


def batch_of(case: Case, **values: Any) -> Batch:
    given = dict(case.batch)
    return Batch(sequences=Sequences(inputs=given.pop("inputs"), targets=given.pop("targets"), **given, **values))


def gradients(case: Case, algorithm: Algorithm, **values: Any) -> tuple[Array, Array]:
    """The algorithm's gradient and the exact one."""
    learner, batch = learner_of(case), batch_of(case, **values)
    (step,) = algorithm.updates(learner, batch)
    assert step.gradient is not None
    found = step.gradient.copy()
    (exact,) = CATALOG.get("algorithm", "bptt")().updates(learner, batch)
    assert exact.loss == pytest.approx(step.loss, rel=1e-12)
    return found, exact.gradient.copy()


def apart(found: Array, exact: Array) -> float:
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def rtrl(**values: Any) -> Algorithm:
    return CATALOG.get("algorithm", "rtrl")(**values)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", CASES)
def test_every_network(name: str) -> None:
    case = CASES[name]
    if any(layer.bidirectional for layer in case.architecture.layers):
        with pytest.raises(TrainingError, match="two directions"):
            gradients(case, rtrl())
        return
    assert apart(*gradients(case, rtrl())) < EXACT


@pytest.mark.parametrize("readout", ["every-step", "last", "mean"])
@pytest.mark.parametrize("cell", CATALOG.names("cell"))
def test_every_cell_in_a_stack(cell: str, readout: str) -> None:
    rng = np.random.default_rng(5)
    targets = rng.normal(size=(STEPS, BATCH, 2) if readout == "every-step" else (BATCH, 2))
    loss = CATALOG.get("loss", "mean-squared-error")()
    kind = CATALOG.get("cell", cell)
    layers = tuple(LayerPlan(cell=kind(), hidden=4) for _ in range(1 if "y" in _asked(kind) else 2))
    architecture = Architecture(
        inputs=3,
        layers=layers,
        outputs=2,
        head=loss.head,
        equation=loss.equation,
        classes=False,
        readout=readout,  # type: ignore[arg-type]
    )
    case = Case(made(architecture), {"inputs": rng.normal(size=(STEPS, BATCH, 3)), "targets": targets}, architecture)
    assert apart(*gradients(case, rtrl())) < EXACT


def _asked(kind: Any) -> tuple[str, ...]:
    return tuple(kind.step.__code__.co_varnames[: kind.step.__code__.co_argcount])


def test_sequences_of_unequal_length() -> None:
    lengths = np.array([3, STEPS])
    assert apart(*gradients(CASES["stack, embedding"], rtrl(), lengths=lengths)) < EXACT


def test_dropout_between_the_layers() -> None:
    rng = np.random.default_rng(5)
    loss = CATALOG.get("loss", "mean-squared-error")()
    layers = tuple(LayerPlan(cell=CATALOG.get("cell", "gru")(), hidden=4, dropout=0.5) for _ in range(2))
    architecture = Architecture(
        inputs=3, layers=layers, outputs=2, head=loss.head, equation=loss.equation, classes=False
    )
    batch = {"inputs": rng.normal(size=(STEPS, BATCH, 3)), "targets": rng.normal(size=(STEPS, BATCH, 2))}
    case = Case(made(architecture), batch, architecture)
    learner = learner_of(case)
    found = []
    for name in ("rtrl", "bptt"):
        learner.draw = np.random.default_rng(7)
        (step,) = CATALOG.get("algorithm", name)().updates(learner, batch_of(case))
        found.append(step.gradient.copy())
    assert apart(*found) < EXACT


def test_updates_within_the_sequence_sum_to_the_gradient_where_nothing_changes() -> None:
    case = CASES["elman"]
    learner, batch = learner_of(case), batch_of(case)
    (exact,) = CATALOG.get("algorithm", "bptt")().updates(learner, batch)
    whole = exact.gradient.copy()
    parts = [step.gradient.copy() for step in rtrl(update_every=1).updates(learner, batch)]
    # Each is of the mean over one of the steps.
    assert apart(np.mean(parts, axis=0), whole) < EXACT


def test_the_influence_goes_on_from_batch_to_batch() -> None:
    case = CASES["stack, embedding"]
    learner, batch = learner_of(case), batch_of(case)
    list(rtrl().updates(learner, batch))
    kept = {name: array.copy() for name, array in learner.memory.items()}
    assert kept.keys() == {"influence.0", "influence.1"}
    half = STEPS // 2
    for part in (slice(0, half), slice(half, STEPS)):
        sequences = Sequences(inputs=case.batch["inputs"][part], targets=case.batch["targets"][part])
        list(rtrl().updates(learner, Batch(sequences=sequences, continued=part.start > 0)))
        learner.end()
    for name, array in learner.memory.items():
        np.testing.assert_allclose(array, kept[name], rtol=1e-12, atol=1e-14)


def test_a_resumed_run_goes_on_with_what_the_algorithm_keeps() -> None:
    text = (
        SUNSPOTS.replace('"truncated-bptt"', '"rtrl"').replace("reach_back = 9", "").replace("epochs = 4", "epochs = 1")
    )
    setup = prepared(text)
    with Trainer(setup, Plan(target="numpy")) as trainer:
        while not (trainer.can_save and trainer.batch == 2):
            trainer.advance()
        state = take(trainer)
        run_out(trainer)
        expected = trainer.network.parameters.copy()
    with Trainer(setup, Plan(target="numpy")) as other:
        put_back(other, state)
        assert other.learner.memory.keys() == {"influence.0"}
        run_out(other)
        assert (other.network.parameters == expected).all()
