"""Looking on: the arrays of every probe, on data and networks of all kinds, and that training does not notice."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.errors import ExperimentError, LabError, PluginError
from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from lab.resources import plugin_folder
from lab.telemetry.frames import Frame
from lab.training.evaluate import measure
from lab.training.look import MOST_STEPS, NetworkLook
from lab.training.looking import COSTLY, Lookout
from lab.training.plan import Plan
from lab.training.setup import Setup
from lab.training.trainer import Trainer
from tests.training.support import SUNSPOTS, adding, catalog, prepared, run_out

AIRLINE = """
version = 1
[dataset]
plugin = "airline-passengers"
[[layers]]
cell = "{cell}"
hidden = 6
{more}
[training]
learning_rate = 0.01
clip_norm = 0.5
l2 = 0.001
batch_size = 1
epochs = 8
"""
COPY = """
version = 1
[dataset]
plugin = "copy-memory"
lag = 4
train_size = 40
validation_size = 10
test_size = 30
[input]
encoding = "one-hot"
[[layers]]
cell = "gru"
hidden = 8
[training]
batch_size = 10
epochs = 2
"""
CHARACTERS = """
version = 1
[dataset]
plugin = "characters"
file = "{file}"
window = 12
[input]
encoding = "embedding"
size = 4
[[layers]]
cell = "lstm"
hidden = 6
bidirectional = {both}
[[layers]]
cell = "elman"
hidden = 5
[training]
batch_size = 4
epochs = 1
"""
CATALOG = catalog()
PROBES = CATALOG.names("probe")


def characters(folder: Path, both: bool = False) -> Setup:
    file = folder / "text.txt"
    file.write_text("the quick brown fox jumps over the lazy dog; " * 20)
    return prepared(CHARACTERS.format(file=file, both=str(both).lower()))


def looked(setup: Setup, samples: tuple[int, ...] = (0,), updates: int = 12, **choice: Any) -> dict[str, Frame]:
    """All frames after a few updates."""
    with Trainer(setup, Plan(target="numpy")) as trainer:
        lookout = Lookout(trainer, CATALOG)
        lookout.choose({name: {} for name in PROBES}, samples, **choice)
        lookout.arm()
        while trainer.update < updates and trainer.advance() is not None:
            pass
        frames = {frame.probe: frame for frame in lookout.every()}
        assert lookout.problems == []
    for frame in frames.values():
        assert frame.update == trainer.update
        json.dumps(frame.notes, allow_nan=False)
        for array in frame.arrays.values():
            assert array.dtype in (np.float32, np.int32, np.int64)
            assert array.flags.c_contiguous
    return frames


def test_frames_of_a_series() -> None:
    setup = prepared(AIRLINE.format(cell="lstm", more=""))
    frames = looked(setup, updates=8)
    assert sorted(frames) == sorted(PROBES)
    T, D = setup.data.test.steps, 6  # type: ignore[union-attr]
    inputs = frames["inputs"]
    assert inputs.arrays["inputs"].shape == (T, 1, 13)
    assert inputs.arrays["targets"].shape == (T, 1, 1)
    assert inputs.arrays["lengths"].tolist() == [T]
    assert inputs.notes["times"][-1] == "1960-12"
    assert inputs.notes["unit"] == "thousand passengers"
    assert {name: array.shape for name, array in frames["hidden-states"].arrays.items()} == {
        "layers.0/h": (T, 1, D),
        "layers.0/c": (T, 1, D),
    }
    gates = frames["gates"]
    assert list(gates.arrays) == [f"layers.0/{name}" for name in ("input", "forget", "output", "candidate")]
    assert set(gates.notes["saturation"]) == set(gates.arrays)
    triangle = frames["through-time"]
    assert triangle.arrays["norms"].shape == (T, T)
    assert triangle.notes["verdict"] == "early"
    assert triangle.notes["keeps"] == "forget"
    assert triangle.notes["kept"] == pytest.approx(gates.arrays["layers.0/forget"].mean(), rel=1e-5)
    spectrum = frames["spectrum"]
    assert spectrum.arrays["real"].shape == spectrum.arrays["singular"].shape == (T, 2 * D)
    assert "U_real" not in spectrum.arrays
    assert set(frames["weights"].arrays) == set(setup.plan.places)


def test_the_series_is_the_one_of_the_data_with_its_baselines() -> None:
    setup = prepared(AIRLINE.format(cell="elman", more=""))
    with Trainer(setup, Plan(target="numpy")) as trainer:
        lookout = Lookout(trainer, CATALOG)
        for _ in range(5):
            trainer.advance()
        frame = lookout.once("predictions")
        evaluation = trainer.evaluate("test")
        assert frame.notes["error"] == pytest.approx(measure(setup.data, "test", evaluation, setup.metrics[0]))
    arrays, test = frame.arrays, frame.notes["test_from"]
    assert arrays["truth"][-1] == pytest.approx(432.0)
    assert len(arrays["truth"]) - test == 44
    assert frame.notes["labels"][test] == "1957-05"
    assert frame.notes["labels"][frame.notes["validation_from"]] == "1956-02"
    assert np.array_equal(arrays["baseline/naive"][1:], arrays["truth"][:-1])
    assert np.array_equal(arrays["baseline/seasonal naive"][12:], arrays["truth"][:-12])
    assert arrays["outputs"].shape == arrays["targets"].shape
    error = np.sqrt(np.mean((arrays["forecast"] - arrays["truth"])[test:] ** 2))
    assert error == pytest.approx(frame.notes["error"], rel=1e-4)


def test_a_series_in_windows_is_put_together() -> None:
    setup = prepared(SUNSPOTS)
    frame = looked(setup, samples=(0, 1), updates=3)["predictions"]
    whole = prepared(SUNSPOTS.replace("window = 20", "window = 0"))
    other = looked(whole, updates=3)["predictions"]
    rows = frame.arrays["truth"]
    # The oldest rows, which fill no window, are not trained on.
    assert np.allclose(rows, other.arrays["truth"][-len(rows) :])
    assert frame.notes["labels"] == other.notes["labels"][-len(rows) :]
    assert len(rows) - frame.notes["test_from"] == len(other.arrays["truth"]) - other.notes["test_from"] == 35
    assert np.allclose(frame.arrays["baseline/naive"][1:], rows[:-1])


def test_frames_of_classes_at_each_step() -> None:
    frames = looked(prepared(COPY), samples=(3, 1, 7))
    assert frames["inputs"].arrays["symbols"].shape == frames["inputs"].arrays["targets"].shape
    predictions = frames["predictions"]
    T, B, K = predictions.arrays["outputs"].shape
    assert B == 3
    assert np.allclose(predictions.arrays["outputs"].sum(axis=2), 1, atol=1e-5)
    assert predictions.arrays["confusion"].shape == (K, K)
    assert predictions.arrays["confusion"].sum() == 30 * T
    assert frames["inputs"].notes["labels"] == ["3", "1", "7"]


def test_frames_of_one_target_a_sample() -> None:
    frames = looked(adding(), samples=(0, 5))
    assert frames["predictions"].arrays["outputs"].shape == (2, 1)
    norms = frames["through-time"].arrays["norms"]
    assert np.isnan(norms[:-1]).all()
    assert np.isfinite(norms[-1]).all()
    assert frames["through-time"].arrays["mean"] == pytest.approx(norms[-1][::-1])


@pytest.mark.parametrize("both", [False, True])
def test_frames_of_symbols_and_of_both_directions(tmp_path: Path, both: bool) -> None:
    frames = looked(characters(tmp_path, both), samples=(0, 1))
    predictions = frames["predictions"]
    assert predictions.arrays["probabilities"].shape[:2] == (12, 2)
    assert len(predictions.notes["symbols"]) == predictions.arrays["outputs"].shape[2]
    states = set(frames["hidden-states"].arrays)
    assert states == {"layers.0/h", "layers.0/c", "layers.1/h"} | (
        {"layers.0.reverse/h", "layers.0.reverse/c"} if both else set()
    )
    share = frames["through-time"].arrays["share"]
    assert np.isnan(share).all() if both else share[-1] == 1.0
    assert frames["spectrum"].arrays["U_real"].shape == (5,)
    layers = set(frames["gradients"].notes["layer"])
    assert layers == {"input", "layers.0", "layers.1", "output"} | ({"layers.0.reverse"} if both else set())


def test_samples_of_unequal_lengths_in_both_directions() -> None:
    """What is shown of a sample is what the network makes of that sample alone."""
    setup = prepared(AIRLINE.format(cell="gru", more="bidirectional = true"))
    test = setup.data.test
    assert test is not None
    inputs = np.concatenate([test.inputs[:9]] * 3, axis=1) * np.array([1.0, 0.5, -1.0])[:, None]
    lengths = np.array([5, 9, 3])
    targets = np.concatenate([test.targets[:9]] * 3, axis=1)
    data = replace(
        setup.data,
        test=type(test)(inputs=inputs, targets=targets, lengths=lengths),
        validation=None,
        times={},
        to_units=lambda _, array: array,
    )
    frames = looked(replace(setup, data=data), samples=(0, 1, 2), updates=2)
    for column, length in enumerate(lengths):
        part = type(test)(inputs=inputs[:length, column : column + 1], targets=targets[:length, column : column + 1])
        alone = looked(replace(setup, data=replace(data, test=part)), updates=2)
        for probe in ("hidden-states", "gates"):
            for name, array in alone[probe].arrays.items():
                shown = frames[probe].arrays[name][:, column]
                assert np.allclose(shown[:length], array[:, 0], atol=1e-6)
                assert (shown[length:] == 0).all()
        outputs = frames["predictions"].arrays["outputs"][:, column]
        assert np.allclose(outputs[:length], alone["predictions"].arrays["outputs"][:, 0], atol=1e-6)
        assert np.isnan(outputs[length:]).all()


LONG = """
version = 1
[dataset]
plugin = {dataset}
[[layers]]
cell = "leaky"
hidden = {hidden}
[training]
batch_size = 1
epochs = 1
"""


@pytest.mark.parametrize(
    ("dataset", "hidden", "first", "steps"),
    [
        # All but the first steps count: they are followed from the true beginning.
        ('"held-wave"\ncue = 50\ntest_length = 2500', 4, 0, MOST_STEPS),
        ('"held-wave"\ncue = 50\ntest_length = 250', 600, 0, 300),
        # The part that is tested stands at the end of the series.
        ('"narma10"\nwindow = 0', 4, 7000 - MOST_STEPS, MOST_STEPS),
    ],
)
def test_of_a_long_sample_the_part_that_counts_is_looked_at(dataset: str, hidden: int, first: int, steps: int) -> None:
    with Trainer(prepared(LONG.format(dataset=dataset, hidden=hidden)), Plan(target="numpy")) as trainer:
        look = NetworkLook(trainer, "test", [0])
        assert (look.first, look.samples.steps) == (first, steps)


def test_training_is_the_same_to_the_last_bit_with_and_without() -> None:
    ends = []
    for watching in (False, True):
        with Trainer(adding(dropout=0.2), Plan(target="numpy")) as trainer:
            lookout = Lookout(trainer, CATALOG, share=1.0, rate=1e6)
            lookout.choose({name: {} for name in PROBES} if watching else {}, [0, 1])
            measured = 0
            while trainer.advance() is not None:
                if lookout.due(time.perf_counter()):
                    measured += sum(1 for _ in lookout.measure())
            ends.append(trainer.network.parameters.copy())
            assert (measured > 0) == watching
            assert (lookout.share > 0) == watching
    assert np.array_equal(*ends)


def test_a_costly_probe_has_a_share_of_its_own_while_it_is_watched() -> None:
    with Trainer(adding(), Plan(target="numpy")) as trainer:
        lookout = Lookout(trainer, CATALOG, share=0.02)
        lookout.choose({"weights": {}})
        assert lookout.allowed == pytest.approx(0.02)
        lookout.choose({"weights": {}, "duel": {}})
        assert lookout.allowed == pytest.approx(0.02 + COSTLY * 0.02)
        for _ in range(2):
            lookout.arm()
            trainer.advance()
            assert {frame.probe for frame in lookout.measure()} <= {"weights", "duel"}
        assert lookout.share > 0
        lookout.limit(rate=30.0, share=0.5)
        assert lookout.allowed == 1.0
        lookout.choose({"weights": {}})
        assert lookout.allowed == pytest.approx(0.5)


def test_the_gradient_is_that_before_clipping_and_the_change_that_of_the_same_update() -> None:
    setup = prepared(AIRLINE.format(cell="elman", more=""))
    with Trainer(setup, Plan(target="numpy")) as trainer:
        lookout = Lookout(trainer, CATALOG)
        assert lookout.once("gradients").arrays == {}
        lookout.arm()
        before = {name: array.copy() for name, array in trainer.network.named(trainer.network.parameters).items()}
        progress = trainer.advance()
        assert progress is not None
        frame = lookout.once("gradients")
        after = trainer.network.named(trainer.network.parameters)
    total = np.sqrt((frame.arrays["norms"][-1] ** 2).sum())
    assert total == pytest.approx(progress.scalars["gradient.norm"], rel=1e-5)
    assert frame.notes["total"] == pytest.approx(total, rel=1e-5)
    assert frame.notes["clip"] == 0.5
    for name, ratio in zip(frame.notes["names"], frame.arrays["ratios"][-1], strict=True):
        size = np.linalg.norm(after[name])
        assert ratio == pytest.approx(np.linalg.norm(after[name] - before[name]) / size, rel=1e-4)


def test_after_a_nan_everything_can_still_be_looked_at() -> None:
    setup = prepared(AIRLINE.format(cell="lstm", more=""))
    with Trainer(setup, Plan(target="numpy")) as trainer:
        trainer.advance()
        trainer.network.set_parameter("layers.0.U_f", np.full((6, 6), np.nan))
        lookout = Lookout(trainer, CATALOG)
        lookout.choose({name: {} for name in PROBES})
        with pytest.raises(LabError, match="not finite"):
            run_out(trainer)
        frames = {frame.probe: frame for frame in lookout.every()}
        assert lookout.problems == []
    assert sorted(frames) == sorted(PROBES)
    for frame in frames.values():
        json.dumps(frame.notes, allow_nan=False)
    assert np.isnan(frames["hidden-states"].arrays["layers.0/h"][1:]).all()
    assert np.isnan(frames["gradients"].arrays["norms"][-1]).any()
    assert np.isnan(frames["spectrum"].arrays["real"]).all()
    assert frames["through-time"].notes["verdict"] == "early"
    assert frames["through-time"].notes["gamma"] is None


BROKEN = """
from lab.api import Probe, hookimpl

class Broken(Probe):
    name = "broken"
    tier = "update"

    def measure(self, look):
        return {"a": look.parameters["nothing"]}

@hookimpl
def lab_register_probes():
    return [Broken]
"""


def test_before_training_frames_have_what_the_data_alone_give() -> None:
    for experiment in (adding(), prepared(AIRLINE.format(cell="lstm", more=""))):
        with Trainer(experiment, Plan(target="numpy")) as trainer:
            lookout = Lookout(trainer, CATALOG, begun=False)
            lookout.choose({name: {} for name in CATALOG.names("probe")})
            before = {frame.probe: frame for frame in lookout.every()}
            assert not lookout.problems
            lookout = Lookout(trainer, CATALOG)
            lookout.choose({name: {} for name in CATALOG.names("probe")})
            after = {frame.probe: frame for frame in lookout.every()}
        for probe, frame in before.items():
            for name, array in frame.arrays.items():
                assert np.array_equal(array, after[probe].arrays[name], equal_nan=True), (probe, name)
        assert set(before) <= {"inputs", "predictions"}, "all else is of the network"
        assert "inputs" in before
        assert "forecast" not in before.get("predictions", before["inputs"]).arrays


@pytest.fixture
def with_broken(tmp_path: Path) -> Catalog:
    (tmp_path / "broken_probe.py").write_text(BROKEN)
    return load_catalog([plugin_folder(), tmp_path], entry_points=False)


def test_a_probe_that_raises_is_named_and_the_others_go_on(with_broken: Catalog) -> None:
    with Trainer(adding(), Plan(target="numpy")) as trainer:
        lookout = Lookout(trainer, with_broken)
        lookout.choose({"broken": {}, "weights": {}})
        assert [frame.probe for frame in lookout.every()] == ["weights"]
        (problem,) = lookout.problems
        assert isinstance(problem, PluginError)
        assert "probe 'broken' failed: KeyError: 'nothing'" in problem.message
        assert str(problem.file).endswith("broken_probe.py")
        assert [frame.probe for frame in lookout.every()] == ["weights"]
        assert len(lookout.problems) == 1
        with pytest.raises(PluginError, match="broken"):
            lookout.once("broken")


def test_what_cannot_be_chosen_is_said() -> None:
    with Trainer(adding(), Plan(target="numpy")) as trainer:
        lookout = Lookout(trainer, CATALOG)
        with pytest.raises(ExperimentError, match=r"sample 99 cannot be watched"):
            lookout.choose({"weights": {}}, [0, 99])
        with pytest.raises(ExperimentError, match=r"9 samples cannot be watched"):
            lookout.choose({"weights": {}}, range(9))
        with pytest.raises(ExperimentError, match=r"there is no best split"):
            lookout.choose({"weights": {}}, [0], "best")
        with pytest.raises(PluginError, match=r"unknown probe 'weight'; did you mean 'weights'\?"):
            lookout.choose({"weight": {}})
        with pytest.raises(LabError, match="state 'x'"):
            lookout.once("through-time", {"state": "x"})
        for state in ("h", "c", "net"):
            assert lookout.once("through-time", {"state": state}).notes["state"] == state
        with pytest.raises(LabError, match=r"unknown layer 'layers\.4'"):
            lookout.once("spectrum", {"layer": "layers.4"})
        assert 5 in lookout.once("spectrum", {"step": 5}).notes["steps"]


def test_compiled_code_gives_the_same_view() -> None:
    setup = prepared(AIRLINE.format(cell="gru", more=""))
    frames = []
    for target in ("numpy", "numba"):
        with Trainer(setup, Plan(target=target)) as trainer:  # type: ignore[arg-type]
            lookout = Lookout(trainer, CATALOG)
            frames.append(lookout.once("hidden-states").arrays["layers.0/h"])
            variants = dict(trainer.plan.variants)
            lookout.once("predictions")
            assert trainer.plan.variants == variants
    assert np.allclose(*frames, atol=1e-5)
