"""`evaluate` and `predict`: the stored parameters, on the test split, on another file, and by themselves."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest

from lab.components.dataset import Data
from lab.registry.manager import load_catalog
from tests.cli.support import Lab, only_line, table

TABLE = """\
[dataset]
plugin = "table"
file = "{file}"
window = 12
columns = ["flow"]
unit = "m³/s"
[[layers]]
cell = "elman"
hidden = 5
[training]
batch_size = 4
epochs = {epochs}
early_stopping = {patience}
"""


def wave(length: int) -> list[float]:
    return (50 + 10 * np.sin(np.arange(length) / 3)).tolist()


@pytest.fixture
def river(tmp_path: Path) -> Path:
    """An experiment on a table."""
    data = table(tmp_path / "river.csv", wave(120))
    file = tmp_path / "river.toml"
    file.write_text(TABLE.format(file=data, epochs=12, patience=0), encoding="utf-8")
    return file


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def rmse(rows: list[dict[str, str]]) -> float:
    return float(np.sqrt(np.mean([(float(row["target"]) - float(row["prediction"])) ** 2 for row in rows])))


def test_evaluation_of_the_stored_parameters_is_that_of_the_run(lab: Lab, river: Path) -> None:
    result = lab.trained(river)
    done = lab("evaluate", result["run"], "--json")
    assert done.code == 0
    assert done.json["metrics"] == result["metrics"]
    assert done.json["baselines"] == result["baselines"]
    assert (done.json["run"], done.json["data"]) == (result["run"], None)
    people = lab("evaluate", result["run"])
    assert "m³/s" in people.out
    assert "naive" in people.out


def test_with_early_stopping_the_best_parameters_are_judged(lab: Lab, river: Path, tmp_path: Path) -> None:
    more = ("--set", "training.learning_rate=0.3", "--set", "training.clip_norm=0", "--set", "training.epochs=40")
    stopped = lab.trained(river, *more, "--set", "training.early_stopping=5")
    assert lab("evaluate", stopped["run"], "--json").json["metrics"] == stopped["metrics"]
    curves = lab("runs", "export", stopped["run"]).json["scalars"]["validation.loss"]["value"]
    assert stopped["metrics"]["validation.loss"] == min(curves) < curves[-1]


def test_another_file_is_tested_whole(lab: Lab, river: Path, tmp_path: Path) -> None:
    result = lab.trained(river)
    other = table(tmp_path / "other.csv", [value + 7 for value in wave(40)])
    done = lab("evaluate", result["run"], "--data", other, "--json")
    assert set(done.json["metrics"]) == {"test.loss", "test.rmse"}
    predictions = lab("predict", result["run"], "--data", other, "--csv", "-")
    rows = rows_of(predictions.out)
    assert [float(row["target"]) for row in rows] == pytest.approx([value + 7 for value in wave(40)][1:])
    assert rmse(rows) == pytest.approx(done.json["metrics"]["test.rmse"], rel=1e-6)
    refused = lab("evaluate", result["run"], "--data", tmp_path / "none.csv")
    assert refused.code == 2
    assert "no such file" in only_line(refused.err)


def test_predictions_stand_beside_targets_in_data_units(lab: Lab, tmp_path: Path) -> None:
    result = lab.trained("airline", "--set", "training.epochs=5", "--set", "training.early_stopping=0")
    file = tmp_path / "out.csv"
    assert lab("predict", result["run"], "--csv", file).code == 0
    rows = rows_of(file.read_text(encoding="utf-8"))
    assert [row["time"] for row in rows[:2]] == ["1957-05", "1957-06"]
    assert [float(row["target"]) for row in rows[:2]] == pytest.approx([355, 422])
    assert len(rows) == 44
    assert rmse(rows) == pytest.approx(result["metrics"]["test.rmse"], rel=1e-6)
    shown = lab("predict", result["run"])
    assert "thousand passengers" in shown.out
    assert "1957-05" in shown.out
    refused = lab("predict", result["run"], "--csv", tmp_path / "no" / "out.csv")
    assert refused.code == 2
    assert "cannot be written" in only_line(refused.err)


@pytest.mark.parametrize("transform", ["log-difference", "seasonal-difference", "scaling"])
def test_a_series_goes_on_from_its_own_predictions(lab: Lab, transform: str) -> None:
    few = (
        "--set",
        "training.epochs=5",
        "--set",
        "training.early_stopping=0",
        "--set",
        f"dataset.transform={transform}",
    )
    run = lab.trained("airline", *few)["run"]
    rows = rows_of(lab("predict", run, "--steps", 14, "--csv", "-").out)
    assert [row["time"] for row in rows][:1] + [row["time"] for row in rows][-1:] == ["1961-01", "1962-02"]
    assert all(150 < float(row["prediction"]) < 1000 for row in rows)
    assert "1961-12" in lab("predict", run, "--steps", 14).out


def test_a_continuation_is_what_the_dataset_would_have_read(lab: Lab) -> None:
    """Fed with the targets of the data themselves, the hook gives the data's own inputs and values."""
    catalog = load_catalog(entry_points=False)
    for transform in ("log-difference", "seasonal-difference", "scaling"):
        dataset = catalog.get("dataset", "airline-passengers")(transform=transform)
        data: Data = dataset.load(0)  # type: ignore[attr-defined]
        whole = dataset.continuation(0)  # type: ignore[attr-defined]
        assert data.test is not None
        steps = data.test.steps
        assert np.allclose(whole.inputs[:steps], data.test.inputs[:, 0])
        assert len(whole.inputs) == steps + 1
        # What follows the last known month is December 1960 with January for its month.
        assert whole.inputs[-1, 0] == pytest.approx(data.test.targets[-1, 0, 0])
        assert np.allclose(whole.inputs[-1, 1:], whole.inputs[-13, 1:])


def test_a_sine_goes_on_and_a_table_that_reads_more_does_not(lab: Lab, river: Path, tmp_path: Path) -> None:
    run = lab.trained(river, "--set", "training.epochs=60")["run"]
    rows = rows_of(lab("predict", run, "--steps", 20, "--csv", "-").out)
    truth = wave(140)[120:]
    error = np.sqrt(np.mean([(float(row["prediction"]) - value) ** 2 for row, value in zip(rows, truth, strict=True)]))
    assert error < 5  # a sine of amplitude 10 has 7.1 about its mean
    both = tmp_path / "both.csv"
    both.write_text("rain,flow\n" + "".join(f"{i % 5},{v}\n" for i, v in enumerate(wave(120))))
    more = ("--set", f"dataset.file={both}", "--set", 'dataset.columns=["rain", "flow"]')
    other = lab.trained(river, *more)["run"]
    refused = lab("predict", other, "--steps", 3)
    assert refused.code == 2
    assert "rain" in only_line(refused.err)


def test_tasks_that_cannot_go_on_say_so(lab: Lab, experiment: Path) -> None:
    run = lab.trained(experiment, "--set", "training.epochs=1")["run"]
    refused = lab("predict", run, "--steps", 3)
    assert refused.code == 2
    assert "adding-problem" in only_line(refused.err)
    rows = rows_of(lab("predict", run, "--csv", "-").out)
    assert list(rows[0]) == ["sequence", "target", "prediction"]
    assert [row["sequence"] for row in rows] == [str(number) for number in range(20)]


def test_a_text_goes_on(lab: Lab, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("abcd" * 200, encoding="utf-8")
    file = tmp_path / "text.toml"
    file.write_text(
        '[dataset]\nplugin = "characters"\nfile = "text.txt"\nwindow = 16\n[[layers]]\ncell = "gru"\nhidden = 8\n'
        "[training]\nlearning_rate = 0.03\nepochs = 12\nbatch_size = 8\n"
    )
    result = lab.trained(file)
    assert result["metrics"]["test.bits_per_character"] < 0.5
    done = lab("predict", result["run"], "--steps", 8, "--temperature", 0)
    before = re.search(r"'(.*)' goes on", done.err)
    assert before is not None
    assert (before[1] + done.out.strip()) in "abcd" * 100
    # Another text is gone on with from its own end, however short it is.
    other = tmp_path / "other.txt"
    other.write_text("dabc", encoding="utf-8")
    on = lab("predict", result["run"], "--steps", 5, "--temperature", 0, "--data", other)
    assert on.out.strip() == "dabcd"
    drawn = [lab("predict", result["run"], "--steps", 40, "--temperature", 5).out for _ in range(2)]
    assert drawn[0] == drawn[1] != ("abcd" * 10 + "\n")
    rows = rows_of(lab("predict", result["run"], "--csv", "-").out)
    assert {row["target"] for row in rows} == set("abcd")


def test_a_run_without_a_checkpoint_and_a_wrong_id_are_told(lab: Lab, experiment: Path, runs: Path) -> None:
    run = lab.trained(experiment)["run"]
    for file in (runs / run).glob("*.safetensors"):
        file.unlink()
    for command in ("evaluate", "predict"):
        done = lab(command, run)
        assert done.code == 2
        assert "no checkpoint" in only_line(done.err)
    assert "did you mean" in only_line(lab("evaluate", run[:-1] + "x").err)


def test_a_damaged_checkpoint_is_passed_over_with_a_word(lab: Lab, experiment: Path, runs: Path) -> None:
    run = lab.trained(experiment, "--set", "training.checkpoint_every=4")["run"]
    *_, newest = sorted((runs / run).glob("*.safetensors"))
    content = bytearray(newest.read_bytes())
    content[-1] ^= 1
    newest.write_bytes(bytes(content))
    done = lab("evaluate", run, "--json")
    assert done.code == 0
    assert "damaged" in done.err
    assert done.json["updates"] < 12
