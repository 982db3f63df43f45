"""The shipped experiments that can be followed on paper, and those whose figure is known: they give these numbers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.cli.app import main
from lab.experiment.edit import assign
from lab.experiment.file import read_file
from lab.resources import resource_folder
from lab.training.looking import Lookout
from lab.training.plan import Plan
from lab.training.setup import set_up
from lab.training.trainer import Trainer
from tests.training.support import catalog, run_out

Array = NDArray[Any]
CATALOG = catalog()
EXPERIMENTS = resource_folder() / "experiments"
SMALL: dict[str, dict[str, object]] = {
    "reservoir-narma10": {"layers.0.hidden": 200},
    "reservoir-mackey-glass": {"layers.0.hidden": 150, "dataset.train_length": 1801, "dataset.test_size": 20},
}


@contextmanager
def trained(name: str, **values: object) -> Iterator[Trainer]:
    document = read_file(EXPERIMENTS / f"{name}.toml", CATALOG)
    for key, value in values.items():
        document = assign(document, key, value, CATALOG).document
    with Trainer(set_up(document.spec, CATALOG), Plan(target="numpy")) as trainer:
        run_out(trainer)
        yield trainer


def looked(trainer: Trainer) -> tuple[dict[str, Array], dict[str, Array], Array]:
    """States and gates of the only layer, (T, ·), and the network's outputs, (T, K)."""
    trainer.network.begin(trainer.setup.data.train.inputs, trainer.setup.data.train.targets)
    trainer.network.forward(0, trainer.setup.steps)
    trainer.network.judge(0, trainer.setup.steps)
    (executor,) = trainer.network.layers[0].executors
    traced = executor.program.traced
    states = {name: np.asarray(executor.states(name))[1:, 0] for name in traced.states}
    gates = {name: np.asarray(executor.value(value))[:, 0] for name, value in traced.watch.items()}
    return states, gates, trainer.network.predictions().outputs


def test_all_weights_one_gives_the_numbers_of_the_example() -> None:
    with trained("all-ones") as trainer:
        states, _, outputs = looked(trainer)
        assert states["h"].tolist() == [[2, 2], [6, 6], [16, 16]]
        assert outputs.tolist() == [[4, 4], [12, 12], [32, 32]]
        assert trainer.update == 1
        assert trainer.metrics() == {"train.loss": 0, "test.loss": 0, "test.rmse": 0}


def test_the_lstm_by_hand_stores_adds_keeps_tells_and_forgets() -> None:
    with trained("lstm-by-hand") as trainer:
        states, gates, outputs = looked(trainer)
        # A gate that is shut is logistic(-10) = 4.5e-5 open.
        np.testing.assert_allclose(states["c"][:, 0], [3, 7, 7, 7, 0], atol=1e-3)
        np.testing.assert_allclose(outputs[:, 0], [0, 0, 0, 7, 0], atol=1e-3)
        np.testing.assert_allclose(gates["input"][:, 0], [1, 1, 0, 0, 0], atol=1e-4)
        np.testing.assert_allclose(gates["forget"][:, 0], [1, 1, 1, 1, 0], atol=1e-4)
        np.testing.assert_allclose(gates["output"][:, 0], [0, 0, 0, 1, 0], atol=1e-4)
        # A learning rate of 0: what was set stays set.
        set_by_hand = trainer.setup.spec.weights.values
        named = trainer.network.named(trainer.network.parameters)
        assert all(np.array_equal(named[name], value) for name, value in set_by_hand.items())


@pytest.mark.parametrize("name", ["all-ones", "lstm-by-hand"])
def test_a_worked_example_can_be_looked_at(name: str) -> None:
    with trained(name) as trainer:
        look = Lookout(trainer, CATALOG)
        assert look.once("hidden-states").arrays
        assert look.once("predictions").arrays


def test_predict_prints_the_numbers_of_the_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(EXPERIMENTS / "all-ones.toml"), "--runs", str(tmp_path), "--json"]) == 0
    run = json.loads(capsys.readouterr().out.splitlines()[-1])["run"]
    out = tmp_path / "predictions.csv"
    assert main(["predict", run, "--runs", str(tmp_path), "--csv", str(out)]) == 0
    rows = [line.split(",") for line in out.read_text(encoding="utf-8").splitlines()[1:]]
    assert [[float(cell) for cell in row[-2:]] for row in rows] == [[4, 4], [12, 12], [32, 32]]


@pytest.mark.parametrize(
    ("name", "metric", "bound"),
    [
        # Better than the linear function of thirty inputs, which reaches 0.34.
        ("reservoir-narma10", "test.nrmse", 0.3),
        ("reservoir-mackey-glass", "test.free_run_nrmse", 0.05),
    ],
)
def test_a_small_version_of_an_experiment(name: str, metric: str, bound: float) -> None:
    with trained(name, **SMALL[name]) as trainer:
        assert trainer.metrics()[metric] < bound


def test_yes_and_no_are_learned_as_numbers_too() -> None:
    few = {"dataset.train_until": 2, "dataset.test_until": 2, "training.epochs": 5}
    with trained("counting-abc", **few) as trainer:
        assert trainer.network.plan.architecture.head == "linear"
        assert trainer.metrics()["test.sequences_before_error"] == 2
        assert trainer.metrics()["test.loss"] < 0.05


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "metric", "bound"),
    [
        ("reservoir-narma10", "test.nrmse", 0.12),
        ("reservoir-mackey-glass", "test.free_run_nrmse", 0.01),
        ("force-sine", "test.nrmse", 0.1),
    ],
)
def test_an_experiment_reaches_its_figure(name: str, metric: str, bound: float) -> None:
    with trained(name) as trainer:
        assert trainer.metrics()[metric] < bound
