"""`runs` and `plugins`: their JSON, their CSV and what people read."""

import csv
import io
import json
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from tests.cli.support import ADDING, Lab


def test_runs_are_listed_oldest_first(lab: Lab, experiment: Path, runs: Path) -> None:
    assert lab("runs", "list", "--json").json == {"runs": []}
    assert "no runs yet" in lab("runs", "list").out
    assert not runs.exists()
    first = lab.trained(experiment, "--set", "training.epochs=1")
    second = lab.trained(experiment, "--set", "layers.0.cell=elman")
    listed = lab("runs", "list", "--json").json["runs"]
    assert [run["id"] for run in listed] == [first["run"], second["run"]]
    for run, result in zip(listed, (first, second), strict=True):
        assert {"id", "name", "state", "updates", "metrics", "epochs", "seconds", "plan", "baselines"} <= set(run)
        assert run["metrics"] == result["metrics"]
        assert run["state"] == "finished"
    table = lab("runs", "list").out
    assert table.index(first["run"]) < table.index(second["run"])
    rows = list(csv.DictReader(io.StringIO(lab("runs", "list", "--csv").out)))
    assert [row["id"] for row in rows] == [first["run"], second["run"]]
    assert float(rows[0]["test.mse"]) == first["metrics"]["test.mse"]


def test_one_run_is_shown_with_its_experiment(lab: Lab, experiment: Path) -> None:
    run = lab.trained(experiment)["run"]
    shown = lab("runs", "show", run[: len("0000-00-00-000000-gru-add")])
    assert shown.code == 0
    assert ADDING.strip() in shown.out
    assert lab("runs", "show", run, "--json").json["experiment"] == ADDING
    assert len(lab("runs", "show", run, "--csv").out.splitlines()) == 2


def test_a_run_is_exported(lab: Lab, experiment: Path, tmp_path: Path) -> None:
    run = lab.trained(experiment)["run"]
    whole = lab("runs", "export", run).json
    assert whole["id"] == run
    assert whole["scalars"]["train.loss"]["update"] == list(range(1, 13))
    rows = list(csv.DictReader(io.StringIO(lab("runs", "export", run, "--csv").out)))
    losses = [float(row["value"]) for row in rows if row["name"] == "train.loss"]
    assert losses == whole["scalars"]["train.loss"]["value"]
    file = tmp_path / "weights.safetensors"
    assert lab("runs", "export", run, "--weights", file).code == 0
    weights = load_file(file)
    assert weights["layers.0.U_h"].shape == (6, 6)
    assert weights["output.V"].shape == (1, 6)


def test_plugins_are_listed(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "broken.py").write_text("from lab.api import hookimpl\n\nx = undefined\n")
    (folder / "misspelt.py").write_text("from lab.api import hookimp\n")
    (folder / "view.py").write_text("import PySide6\n")
    monkeypatch.setenv("LAB_PLUGIN_PATH", str(folder))
    done = lab("plugins", "list", "--json")
    assert done.code == 0
    assert {"components", "failures"} <= set(done.json)
    components = done.json["components"]
    assert all(set(one) == {"kind", "name", "title", "origin", "version"} for one in components)
    known = {(one["kind"], one["name"]) for one in components}
    assert {("cell", "lstm"), ("dataset", "table"), ("optimizer", "adam"), ("algorithm", "bptt")} <= known
    assert [set(one) for one in done.json["failures"]] == [{"file", "line", "message", "remedy"}] * 2
    assert (done.json["failures"][0]["file"], done.json["failures"][0]["line"]) == (str(folder / "broken.py"), 3)
    assert "undefined" in done.json["failures"][0]["message"]
    people = lab("plugins", "list").out
    assert f"{folder / 'broken.py'}:3: " in people
    assert f"{folder / 'misspelt.py'}:1: " in people
    assert "did you mean 'hookimpl'? Correct this line.\n" in people
    assert f"{folder / 'view.py'} needs the window" in people


def test_a_component_is_shown_with_its_hyperparameters(lab: Lab) -> None:
    (gru,) = lab("plugins", "show", "gru", "--json").json["components"]
    assert gru["kind"] == "cell"
    assert [one["name"] for one in gru["hyperparameters"]] == ["reset"]
    assert gru["hyperparameters"][0]["choices"] == ["before", "after"]
    as_a_file_has_it = dict(line.split()[:2] for line in lab("plugins", "show", "lstm").out.splitlines() if "_" in line)
    assert {name: as_a_file_has_it[name] for name in ("forget_bias", "forget_gate")} == {
        "forget_bias": "1.0",
        "forget_gate": "true",
    }
    both = lab("plugins", "show", "cross-entropy", "--json").json["components"]
    assert {one["kind"] for one in both} == {"loss", "metric"}
    people = lab("plugins", "show", "airline-passengers").out
    assert "Box" in people
    assert "seasonal-difference" in people
    assert json.dumps(gru)
