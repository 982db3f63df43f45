"""`run`: what it prints, what it keeps, and what it says of a run that fails."""

import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from lab.compile.targets.cupy import device_available
from lab.experiment.checkpoint import latest
from lab.experiment.store import Store
from tests.cli.support import ADDING, Lab, checkpoints, only_line, table

KEYS = {"run", "state", "epochs", "updates", "seconds", "updates_per_second", "plan", "metrics", "baselines"}


def test_json_is_the_last_line_and_says_what_the_run_came_to(lab: Lab, experiment: Path, runs: Path) -> None:
    done = lab("run", experiment, "--target", "numpy", "--threads", 1, "--json")
    assert done.code == 0
    assert done.err == ""
    result = json.loads(only_line(done.out))
    assert set(result) == KEYS
    assert result["state"] == "finished"
    assert (result["epochs"], result["updates"]) == (3, 12)
    assert result["updates_per_second"] == pytest.approx(12 / result["seconds"])
    assert (result["plan"]["target"], result["plan"]["threads"]) == ("numpy", 1)
    assert set(result["metrics"]) == {"train.loss", "validation.loss", "test.loss", "test.mse"}
    assert result["metrics"]["test.mse"] == pytest.approx(result["metrics"]["test.loss"], rel=1e-5)
    assert set(result["baselines"]) == {"always 1"}


def test_the_store_has_every_update_and_the_end_as_a_checkpoint(lab: Lab, experiment: Path, runs: Path) -> None:
    result = lab.trained(experiment)
    with Store(runs, create=False) as store:
        (run,) = store.runs()
        assert (run.id, run.state, run.updates, run.epochs) == (result["run"], "finished", 12, 3)
        assert run.metrics == result["metrics"]
        scalars = store.scalars(run.id)
        by_name = {name: [s.update for s in scalars if s.name == name] for name in {s.name for s in scalars}}
        every = list(range(1, 13))
        assert by_name == {
            "train.loss": every,
            "learning_rate": every,
            "gradient.norm": every,
            "train.epoch_loss": [4, 8, 12],
            "validation.loss": [4, 8, 12],
        }
        assert store.experiment(run.id) == ADDING
        state = latest(store.run_folder(run.id))
    assert state is not None
    assert state.update == 12
    assert {thread.name for thread in threading.enumerate()} == {"MainThread"}


def test_people_get_progress_on_stderr_and_a_table_with_the_baselines(lab: Lab, experiment: Path) -> None:
    done = lab("run", experiment, "--target", "numpy")
    assert done.code == 0
    assert "epoch 3/3" in done.err
    assert "updates/s" in done.err
    rows = [line.split() for line in done.out.splitlines()]
    assert any(row[:2] == ["always", "1"] and row[-1] in ("better", "worse") for row in rows)
    assert any(row[:2] == ["this", "network"] for row in rows)
    assert "test.mse" in done.out


def test_better_and_worse_follow_the_metric(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    from lab.cli.results import say_comparison
    from lab.registry.manager import load_catalog

    catalog = load_catalog(entry_points=False)
    for name, verdict in (("test.accuracy", "better"), ("test.rmse", "worse")):
        say_comparison({"test.loss": 1.0, name: 0.9}, {"guessing": 0.5}, catalog)
        (row,) = (line for line in capsys.readouterr().out.splitlines() if "guessing" in line)
        assert row.split()[-1] == verdict


def test_a_shipped_experiment_is_known_by_its_name_and_one_is_the_default(lab: Lab, runs: Path) -> None:
    few = ("--set", "training.epochs=1", "--set", "training.early_stopping=0")
    assert lab.trained("sunspots", *few)["run"].endswith("sunspots")
    default = lab.trained(*few)
    assert default["run"].endswith("airline-passengers")
    assert set(default["metrics"]) == {"train.loss", "validation.loss", "test.loss", "test.rmse"}
    assert list(default["baselines"]) == ["naive", "seasonal naive", "seasonal × growth"]


def test_what_set_drops_is_said(lab: Lab, experiment: Path, runs: Path) -> None:
    done = lab("run", experiment, "--set", "layers.0.cell=lstm", "--target", "numpy", "--json")
    assert only_line(done.err).startswith("layers.0.reset was dropped")
    assert done.json["run"].endswith("lstm-adding-problem")
    with Store(runs, create=False) as store:
        assert "reset" not in store.experiment(done.json["run"])


@pytest.mark.skipif(device_available()[0], reason="there is a CUDA device here")
def test_without_a_device_cuda_is_the_cpu_with_a_word_and_cupy_an_error(lab: Lab, experiment: Path, runs: Path) -> None:
    refused = lab("run", experiment, "--target", "cupy")
    assert refused.code == 2
    assert "cupy" in only_line(refused.err)
    assert not runs.exists()
    done = lab("run", experiment, "--device", "cuda", "--set", "training.epochs=1", "--json")
    assert done.code == 0
    assert only_line(done.err).startswith("The CPU is used. ")
    assert done.json["plan"]["target"] == "auto"


def test_a_finished_run_resumed_prints_its_stored_result(lab: Lab, experiment: Path) -> None:
    result = lab.trained(experiment)
    again = lab("run", "--resume", result["run"], "--json")
    assert again.code == 0
    assert again.json == result
    assert "always 1" in lab("run", "--resume", result["run"]).out


def test_a_loss_that_is_not_finite_ends_the_run_with_its_place(lab: Lab, experiment: Path, runs: Path) -> None:
    more = ("--set", "training.optimizer=sgd", "--set", "training.learning_rate=1e30", "--set", "training.clip_norm=0")
    done = lab("run", experiment, *more, "--target", "numpy", "--json")
    assert done.code == 1
    line = only_line(done.err)
    assert "update 2" in line
    assert "layers.0" in line or "output" in line
    assert "equation" in line
    assert done.json["state"] == "failed"
    assert set(done.json) == KEYS | {"error"}
    with Store(runs, create=False) as store:
        (run,) = store.runs()
        state = latest(store.run_folder(run.id))
    assert (run.state, run.error) == ("failed", line.removeprefix("Error: "))
    assert state is None or np.isfinite(state.arrays["parameters"]).all()


def test_files_are_kept_with_their_full_path(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    table(folder / "river.csv", np.sin(np.arange(60)).tolist())
    text = ADDING[: ADDING.index("[dataset]")] + '[dataset]\nplugin = "table"\nfile = "river.csv"\nwindow = 10\n'
    (folder / "river.toml").write_text(text + '[[layers]]\ncell = "gru"\n[training]\nepochs = 1\n')
    run = lab.trained(folder / "river.toml")["run"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    shown = lab("runs", "show", run, "--json").json
    assert str(folder / "river.csv") in shown["experiment"]
    assert lab("evaluate", run).code == 0
    # What --set names is looked for where one is.
    table(elsewhere / "lake.csv", np.cos(np.arange(60)).tolist())
    run = lab.trained(folder / "river.toml", "--set", "dataset.file=lake.csv")["run"]
    assert str(elsewhere / "lake.csv") in lab("runs", "show", run, "--json").json["experiment"]


def test_weights_come_from_a_file_and_over_it_by_hand(lab: Lab, experiment: Path, tmp_path: Path) -> None:
    trained = lab.trained(experiment)
    file = tmp_path / "weights.safetensors"
    assert lab("runs", "export", trained["run"], "--weights", file).code == 0
    zero = ("--set", "training.epochs=0", "--set", f"weights.file={file}")
    assert lab.trained(experiment, *zero)["metrics"]["test.loss"] == trained["metrics"]["test.loss"]
    other = lab.trained(experiment, *zero, "--set", "weights.output.b=[5.0]")
    assert other["metrics"]["test.loss"] > trained["metrics"]["test.loss"] + 1


def test_a_cell_from_a_folder_trains(
    lab: Lab, experiment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "mine.py").write_text(
        "from lab.api import Cell, glorot, hookimpl, tanh\n"
        "class Mine(Cell):\n"
        '    name = "mine"\n    states = ("h",)\n'
        "    def parameters(self, inputs, hidden):\n"
        '        return {"W": glorot(hidden, inputs), "U": glorot(hidden, hidden)}\n'
        "    def step(self, p, x, s):\n        return self.next(h=tanh(p.W @ x + p.U @ s.h))\n"
        "@hookimpl\ndef lab_register_cells():\n    return [Mine]\n"
    )
    (folder / "broken.py").write_text("import nothing_of_this_name\n")
    monkeypatch.setenv("LAB_PLUGIN_PATH", str(folder))
    done = lab("run", experiment, "--set", "layers.0.cell=mine", "--target", "numpy", "--json")
    assert done.code == 0
    assert done.json["run"].endswith("mine-adding-problem")
    assert "1 plugin could not be used" in done.err


def test_an_error_nobody_foresaw_is_one_line_with_the_plugins_place(
    lab: Lab, experiment: Path, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "bad.py").write_text(
        "from lab.api import Optimizer, hookimpl\n"
        'class Bad(Optimizer):\n    name = "bad"\n'
        "    def update(self, parameters, gradient, slots, rate, count):\n        parameters /= 1 // (count - 1)\n"
        "@hookimpl\ndef lab_register_optimizers():\n    return [Bad]\n"
    )
    monkeypatch.setenv("LAB_PLUGIN_PATH", str(folder))
    done = lab("run", experiment, "--set", "training.optimizer=bad", "--target", "numpy", "--json")
    assert done.code == 70
    line = only_line(done.err)
    assert f"{folder / 'bad.py'}:5: unexpected ZeroDivisionError" in line
    kept = Path(line.partition("The traceback is in ")[2].rstrip("."))
    assert "Traceback" in kept.read_text(encoding="utf-8")
    assert kept.is_relative_to(os.environ["XDG_STATE_HOME"])
    assert done.json["error"]["line"] == 5
    assert not checkpoints(runs)
    assert not runs.exists()
