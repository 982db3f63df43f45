"""Sequences that stand in the experiment, and waves that have to be held."""

import numpy as np
import pytest

from lab.api import DataError
from tests.datasets.helpers import Make, sequences


def test_the_numbers_are_taken_as_they_are_written(make: Make) -> None:
    data = make("by-hand", inputs=["1 -2.5", "3e2, 4"], targets=["7", "0.5"]).load(0)
    np.testing.assert_array_equal(data.train.inputs[:, 0], [[1, -2.5], [300, 4]])
    np.testing.assert_array_equal(data.train.targets[:, 0], [[7], [0.5]])
    assert data.test is data.train
    assert (data.inputs, data.outputs) == (2, 1)
    assert data.baselines["mean"] == pytest.approx(3.25)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"inputs": ["1", "2"]}, "2 steps of inputs and 3 of targets"),
        ({"inputs": ["1 1", "1 one", "2 2"]}, "'1 one'"),
        ({"inputs": ["1 1", "1", "2 2"]}, "equally many"),
        ({"inputs": [], "targets": []}, "no numbers"),
        ({"targets": [" ", " ", " "]}, "no numbers"),
        ({"targets": ["1", "nan", "2"]}, "nan"),
    ],
)
def test_what_is_no_sequence_is_refused_with_the_place(make: Make, values: dict[str, list[str]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        make("by-hand", **values).load(0)


@pytest.mark.parametrize("shape", ["sine", "triangle", "four-sines"])
def test_a_wave_is_heard_for_the_cue_and_asked_for_throughout(make: Make, shape: str) -> None:
    data = make("held-wave", shape=shape, cue=30, train_length=50, test_length=120, period=20.0).load(1)
    for split, held in (("train", 50), ("validation", 120), ("test", 120)):
        part = sequences(data, split)
        assert part.steps == 30 + held
        assert (part.inputs[30:] == 0).all()
        # The next value is the target, and all repeats after a period.
        np.testing.assert_array_equal(part.targets[:29], part.inputs[1:30])
        np.testing.assert_allclose(part.targets[20:], part.targets[:-20], atol=1e-12)
        counted = np.ones((part.steps, part.count), bool) if part.counted is None else part.counted
        assert counted[30:].all()
        assert counted[:30].all() == (split == "train")
    first, second = sequences(data, "test").targets[:, :2, 0].T
    assert np.abs(first - second).max() > 0.1
    assert data.baselines["silence"] == pytest.approx(1, abs=0.05)


def test_the_sine_of_a_held_wave_is_one(make: Make) -> None:
    wave = make("held-wave", cue=30, train_length=50, period=20.0).load(1).train.targets[..., 0]
    # sin'' = -ω² sin, as the recurrence x_{t+1} = 2 cos ω x_t - x_{t-1}.
    np.testing.assert_allclose(wave[2:], 2 * np.cos(2 * np.pi / 20) * wave[1:-1] - wave[:-2], atol=1e-12)


def test_a_held_wave_follows_from_the_seed_and_needs_memory_that_is_there(make: Make) -> None:
    first, again, other = (make("held-wave", validation_size=0).load(seed) for seed in (1, 1, 2))
    assert first.validation is None
    np.testing.assert_array_equal(first.train.targets, again.train.targets)
    assert not np.array_equal(first.train.targets, other.train.targets)
    with pytest.raises(DataError, match="GiB"):
        make("held-wave", test_length=100_000, test_size=10_000).load(0)
