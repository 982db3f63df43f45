"""The two problems of memory: what they ask, and what the memoryless answer costs."""

import math

import numpy as np
import pytest

from lab.api import DataError
from tests.datasets.helpers import Make, sequences

SPLITS = ("train", "validation", "test")
SMALL = {"train_size": 200, "validation_size": 50, "test_size": 100}


@pytest.mark.parametrize("name", ["adding-problem", "copy-memory"])
def test_same_seed_same_data_and_other_seed_other_data(make: Make, name: str) -> None:
    first, again, other = (make(name, **SMALL).load(seed) for seed in (3, 3, 4))
    for split in SPLITS:
        np.testing.assert_array_equal(sequences(first, split).inputs, sequences(again, split).inputs)
        np.testing.assert_array_equal(sequences(first, split).targets, sequences(again, split).targets)
        assert not np.array_equal(sequences(first, split).inputs, sequences(other, split).inputs)
    # Another size of one split leaves the others as they are, and no two splits are alike.
    fewer = make(name, **SMALL | {"train_size": 50}).load(3)
    np.testing.assert_array_equal(sequences(fewer, "test").inputs, sequences(first, "test").inputs)
    assert not np.array_equal(fewer.train.inputs, sequences(fewer, "validation").inputs)


@pytest.mark.parametrize("name", ["adding-problem", "copy-memory"])
def test_without_validation(make: Make, name: str) -> None:
    assert make(name, **SMALL | {"validation_size": 0}).load(0).validation is None


@pytest.mark.parametrize("name", ["adding-problem", "copy-memory"])
def test_too_much_for_memory_is_refused_before_it_is_made(make: Make, name: str) -> None:
    size = {"adding-problem": "length", "copy-memory": "lag"}[name]
    with pytest.raises(DataError, match="GiB") as caught:
        make(name, **{size: 10_000, "train_size": 1_000_000}).load(0)
    assert "train_size" in str(caught.value.remedy)


@pytest.mark.parametrize("length", [2, 3, 100])
def test_adding_target_is_the_sum_of_the_marked_numbers(make: Make, length: int) -> None:
    data = make("adding-problem", length=length, **SMALL).load(1)
    for split in SPLITS:
        found = sequences(data, split)
        numbers, markers = found.inputs[..., 0], found.inputs[..., 1]
        assert found.inputs.shape == (length, found.count, 2)
        assert found.targets.shape == (found.count, 1)
        np.testing.assert_allclose(found.targets[:, 0], (numbers * markers).sum(axis=0), rtol=1e-6)
        assert (markers[: length // 2].sum(axis=0) == 1).all()
        assert (markers[length // 2 :].sum(axis=0) == 1).all()
        assert numbers.min() >= 0
        assert numbers.max() <= 1


def test_adding_baseline_is_a_sixth(make: Make) -> None:
    data = make("adding-problem", test_size=100_000, length=2).load(0)
    # Five standard errors: (S - 1)^2 of a sum of two uniform numbers has a standard deviation of 0.197.
    assert data.baselines["always 1"] == pytest.approx(1 / 6, abs=5 * 0.197 / math.sqrt(100_000))
    assert data.metric == "mse"


def test_copy_asks_for_the_letters_in_order_after_the_signal(make: Make) -> None:
    lag = 20
    data = make("copy-memory", lag=lag, **SMALL).load(1)
    assert (data.inputs, data.outputs, len(data.symbols)) == (10, 9, 10)
    for split in SPLITS:
        found = sequences(data, split)
        assert found.inputs.shape == found.targets.shape == (lag + 20, found.count)
        np.testing.assert_array_equal(found.inputs[:10], found.targets[-10:])
        assert set(np.unique(found.inputs[:10])) == set(range(8))
        assert (found.inputs[10 : lag + 9] == 8).all()
        assert (found.inputs[lag + 9] == 9).all()
        assert (found.inputs[lag + 10 :] == 8).all()
        assert (found.targets[: lag + 10] == 8).all()


def test_copy_baseline_is_the_memoryless_floor(make: Make) -> None:
    data = make("copy-memory", lag=20, **SMALL).load(1)
    assert data.baselines["memoryless"] == pytest.approx(10 * math.log(8) / 40)
    # It is the cross-entropy of a predictor that knows the time alone.
    targets = sequences(data, "test").targets
    probability = np.where(np.arange(40)[:, None] < 30, 1.0, 1 / 8) * np.ones(targets.shape)
    assert -np.log(probability).mean() == pytest.approx(data.baselines["memoryless"])
