"""Sunspots: the split of the literature and the error of Yule's autoregression on it."""

import numpy as np
import pytest

from lab.api import read_csv, resource_folder
from tests.datasets.helpers import Make, in_units, sequences

YEARLY = read_csv(str(resource_folder() / "data" / "sunspots" / "yearly.csv")).numbers("sunspots")


def test_years_of_each_split(make: Make) -> None:
    data = make("sunspots").load(0)
    np.testing.assert_allclose(in_units(data, "train"), YEARLY[1:200])  # 1701 to 1899
    np.testing.assert_allclose(in_units(data, "validation"), YEARLY[200:221])  # 1900 to 1920
    np.testing.assert_allclose(in_units(data, "test"), YEARLY[221:256])  # 1921 to 1955
    assert (data.times["train"][0], data.times["test"][-1]) == ("1701", "1955")


def test_split_of_weigend_without_validation(make: Make) -> None:
    data = make("sunspots", validation_years=0, test_years="1956-1979").load(0)
    assert data.validation is None
    np.testing.assert_allclose(in_units(data, "train"), YEARLY[1:221])
    np.testing.assert_allclose(in_units(data, "test"), YEARLY[256:280])
    assert data.times["test"][-1] == "1979"


def test_baselines(make: Make) -> None:
    first, second = (
        make("sunspots", validation_years=0, test_years=years).load(0).baselines for years in ("1921-1955", "1956-1979")
    )
    assert first["naive"] == pytest.approx(25.26, abs=0.01)
    assert second["naive"] == pytest.approx(37.98, abs=0.01)
    variance = YEARLY[:280].var()
    # Average relative variance of an autoregression of order 2.
    assert first["autoregression of order 2"] ** 2 / variance == pytest.approx(0.19, abs=0.01)
    assert second["autoregression of order 2"] ** 2 / variance == pytest.approx(0.45, abs=0.01)


def test_windows_count_each_tested_month_once(make: Make) -> None:
    data = make("sunspots", resolution="monthly", window=120, test_years="1956-1979").load(0)
    monthly = read_csv(str(resource_folder() / "data" / "sunspots" / "monthly.csv")).numbers("sunspots")
    train, test = sequences(data, "train"), sequences(data, "test")
    assert (train.steps, test.steps) == (120, 120)
    assert train.continuous
    start = (1956 - 1749) * 12
    np.testing.assert_allclose(in_units(data, "test"), monthly[start : start + 24 * 12])
    np.testing.assert_array_equal(train.inputs[0, 1:], train.targets[-1, :-1])


def test_input_is_the_step_before(make: Make) -> None:
    test = sequences(make("sunspots").load(0), "test")
    np.testing.assert_array_equal(test.inputs[1:], test.targets[:-1])
