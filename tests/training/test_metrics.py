"""What metrics are given: places, allowed classes, and a free run of the network; and what they make of it."""

import numpy as np
import pytest

from lab.compile.targets.numpy import NumpyTarget
from lab.components.dataset import Sequences
from lab.components.metric import Metric
from lab.errors import DataError, ExperimentError, PluginError
from lab.model.network import Network
from lab.training.evaluate import Evaluation, evaluate, measure
from lab.training.forecast import free_run
from lab.training.plan import Plan
from lab.training.trainer import Trainer
from tests.training.support import catalog, prepared, trained

LORENZ = """
version = 1
seed = 3
dtype = "float64"
[dataset]
plugin = "lorenz"
train_length = 200
window = 20
warm_up = 15
horizon = 12
test_size = 5
[[layers]]
cell = "{cell}"
hidden = 6
{more}
[training]
learning_rate = 0.02
batch_size = 2
epochs = 2
"""
REBER = """
version = 1
seed = 3
[dataset]
plugin = "{name}"
{sizes}
[input]
encoding = "one-hot"
[[layers]]
cell = "gru"
hidden = 8
[training]
batch_size = 8
updates = 3
"""


def metric(name: str) -> Metric:
    made = catalog().get("metric", name)()
    assert isinstance(made, Metric)
    return made


@pytest.mark.parametrize("cell", ["lstm", "gru", "elman"])
def test_a_free_run_reads_what_it_said(cell: str) -> None:
    with trained(prepared(LORENZ.format(cell=cell, more=""))) as trainer:
        test = trainer.setup.data.test
        assert test is not None
        columns = np.array([3, 0])
        found = free_run(trainer.network, test, columns, 15, 27)
        # One value after another, each from a whole run over all that was read before it.
        read = test.inputs[:16, columns]
        for step in range(12):
            whole = Sequences(inputs=read, targets=np.zeros_like(read))
            plan = trainer.setup.plan
            network = Network(plan, steps=len(read), batch=2, dtype="float64", target=NumpyTarget())
            network.parameters[:] = trainer.network.parameters
            told = evaluate(network, whole, 2)
            last = told.predictions[told.steps == len(read) - 1]
            np.testing.assert_allclose(found[step], last, atol=1e-10)
            read = np.concatenate([read, last[None]])


def test_the_free_run_of_a_metric_is_that_of_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    with trained(prepared(LORENZ.format(cell="gru", more=""))) as trainer:
        data = trainer.setup.data
        assert data.test is not None
        evaluation = trainer.evaluate("test")
        run = free_run(trainer.network, data.test, np.arange(5), 15, 27)
        real = data.to_units("test", np.concatenate([np.zeros((15, 5, 3)), run]))
        seen = {}

        class Asking(Metric):
            name = "asking"
            better = "lower"

            def compute(self, free_run, steps, columns, targets, step_time):  # type: ignore[no-untyped-def]
                seen.update(free_run=free_run, steps=steps, columns=columns, targets=targets, step_time=step_time)
                return 0.0

        assert measure(data, "test", evaluation, Asking()) == 0.0
        np.testing.assert_allclose(seen["free_run"], real[seen["steps"], seen["columns"]], atol=1e-9)
        assert seen["step_time"] == data.step_time == pytest.approx(0.05 * 0.9056)
        # The first of the rows has read the truth alone: it is what the network predicts.
        first = seen["steps"] == 15
        predictions = np.zeros((27, 5, 3))
        predictions[evaluation.steps, evaluation.columns] = evaluation.predictions
        wanted = data.to_units("test", predictions)[15, seen["columns"][first]]
        np.testing.assert_allclose(seen["free_run"][first], wanted, atol=1e-9)
        # And the valid time is the one counted by hand.
        truth = data.to_units("test", data.test.targets)[15:]
        size = np.sqrt(truth.reshape(-1, 3).var(axis=0).sum())
        far = np.linalg.norm(real[15:] - truth, axis=2) >= 0.4 * size
        times = [row.argmax() if row.any() else len(row) for row in far.T]
        assert trainer.metrics()["test.valid_time"] == pytest.approx(np.mean(times) * data.step_time)


@pytest.mark.parametrize("more", ["bidirectional = true", '[output]\nreadout = "last"'])
def test_what_cannot_run_freely_is_refused_before_it_trains(more: str) -> None:
    with pytest.raises(ExperimentError, match="step by step"):
        prepared(LORENZ.format(cell="gru", more=more))


def test_there_is_no_free_run_where_predictions_are_no_inputs() -> None:
    text = LORENZ.format(cell="gru", more="").replace('"lorenz"', '"narma10"')
    text = text.replace("warm_up = 15\nhorizon = 12\ntest_size = 5\n", "")
    with Trainer(prepared(text), Plan(target="numpy")) as trainer:
        train = trainer.setup.data.train
        other = Sequences(inputs=train.inputs.repeat(2, axis=2), targets=train.targets)
        with pytest.raises(DataError, match="no free run"):
            free_run(trainer.network, other, np.arange(1), 2, 4)


def test_what_a_metric_asks_for_is_checked_where_it_is_registered() -> None:
    class Wrong(Metric):
        name = "wrong"
        better = "lower"

        def compute(self, prediction, targets):  # type: ignore[no-untyped-def]
            return 0.0

    with pytest.raises(PluginError, match="unknown argument 'prediction'; did you mean 'predictions'"):
        Wrong.check_declaration()


def rows(right: list[list[int]], allowed: list[tuple[int, ...]] | None = None) -> dict[str, np.ndarray]:
    """Rows of sequences that are right (1) or wrong (0) at each step, the steps of all sequences mixed up."""
    places = [(step, column) for column, one in enumerate(right) for step in range(len(one))]
    order = np.random.default_rng(0).permutation(len(places))
    steps, columns = np.array(places)[order].T
    good = np.array([right[column][step] for step, column in zip(steps, columns, strict=True)])
    predictions = np.where(good[:, None] == 1, (0.5, 0.4, 0.1), (0.5, 0.1, 0.4))
    return {
        "predictions": predictions,
        "targets": np.zeros(len(good), int),
        "allowed": np.tile((True, True, False), (len(good), 1)),
        "steps": steps,
        "columns": columns,
    }


def computed(name: str, given: dict[str, np.ndarray]) -> float:
    made = metric(name)
    return made.compute(**{key: given[key] for key in made.asks()})


@pytest.mark.parametrize(
    ("right", "steps", "whole", "before", "in_order"),
    [
        ([[1, 1, 1], [1, 1]], 1.0, 1.0, 2.5, 2),
        ([[1, 0, 1], [1, 1], [0]], 4 / 6, 1 / 3, 1.0, 0),
        ([[1], [1, 1, 1, 0], [1, 1], [0, 1]], 7 / 9, 0.5, 1.5, 1),
    ],
)
def test_what_is_right_until_the_first_mistake(
    right: list[list[int]], steps: float, whole: float, before: float, in_order: int
) -> None:
    given = rows(right)
    assert computed("legal-steps", given) == pytest.approx(steps)
    assert computed("legal-sequences", given) == pytest.approx(whole)
    assert computed("steps-before-error", given) == pytest.approx(before)
    assert computed("sequences-before-error", given) == in_order


def test_a_set_of_answers_is_right_where_each_is_on_its_side_of_a_half() -> None:
    given = rows([[1, 1], [1, 1]])
    given["predictions"] = np.array([[0.6, 0.4], [0.9, 0.8], [0.2, 0.51], [0.2, 0.1]])
    given["targets"] = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    assert computed("legal-steps", given) == 0.75


@pytest.mark.parametrize(
    ("name", "sizes", "own"),
    [
        ("embedded-reber", "train_size = 40\nvalidation_size = 10\ntest_size = 20", "legal_sequences"),
        (
            "continual-reber",
            "train_size = 20\nstreams = 3\nvalidation_length = 50\ntest_length = 90",
            "steps_before_error",
        ),
    ],
)
def test_allowed_classes_are_those_of_the_rows(name: str, sizes: str, own: str) -> None:
    with trained(prepared(REBER.format(name=name, sizes=sizes))) as trainer:
        test = trainer.setup.data.test
        assert test is not None
        assert test.allowed is not None
        evaluation = trainer.evaluate("test")
        found = trainer.metrics()
        right = 0
        for row, step, column in zip(evaluation.predictions, evaluation.steps, evaluation.columns, strict=True):
            legal = np.flatnonzero(test.allowed[step, column])
            right += set(np.argsort(-row)[: len(legal)]) == set(legal)
        assert found["test.legal_steps"] == pytest.approx(right / len(evaluation.steps))
        assert f"test.{own}" in found
        assert "test.accuracy" in found
        perfect = Evaluation(
            loss=0.0,
            predictions=test.allowed[evaluation.steps, evaluation.columns].astype(float),
            targets=evaluation.targets,
            steps=evaluation.steps,
            columns=evaluation.columns,
            network=evaluation.network,
            sequences=test,
        )
        best = measure(trainer.setup.data, "test", perfect, trainer.setup.metrics[0])
        assert best == (1.0 if name == "embedded-reber" else 90.0)


@pytest.mark.parametrize("allowed", [np.ones((4, 3, 2)), np.ones((4, 2, 2), bool)])
def test_allowed_that_does_not_fit_is_refused(allowed: np.ndarray) -> None:
    symbols = np.zeros((4, 3), np.int32)
    with pytest.raises(DataError, match="allowed"):
        Sequences(inputs=symbols, targets=symbols, allowed=allowed)
