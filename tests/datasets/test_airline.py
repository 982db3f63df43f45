"""Airline passengers: the split, the state warmed before it, and baselines that are known figures."""

import numpy as np
import pytest

from lab.api import read_csv, resource_folder
from tests.datasets.helpers import Make, in_units, rmse, sequences, that_count

PASSENGERS = read_csv(str(resource_folder() / "data" / "airline" / "passengers.csv")).numbers("passengers")
every_transform = pytest.mark.parametrize("transform", ["scaling", "log-difference", "seasonal-difference"])
LOST = {"scaling": 1, "log-difference": 2, "seasonal-difference": 14}  # months without all that the inputs need


def test_file_is_series_g() -> None:
    assert len(PASSENGERS) == 144
    # First and last month, and the sum of AirPassengers in R.
    assert (PASSENGERS[0], PASSENGERS[-1], PASSENGERS.sum()) == (112, 432, 40363)


@every_transform
def test_targets_in_units_are_the_months_of_the_split(make: Make, transform: str) -> None:
    data = make("airline-passengers", transform=transform).load(0)
    assert data.unit == "thousand passengers"
    np.testing.assert_allclose(in_units(data, "train"), PASSENGERS[LOST[transform] : 85], rtol=1e-12)
    np.testing.assert_allclose(in_units(data, "validation"), PASSENGERS[85:100], rtol=1e-12)
    np.testing.assert_allclose(in_units(data, "test"), PASSENGERS[100:], rtol=1e-12)


@every_transform
def test_state_is_warmed_on_all_months_before(make: Make, transform: str) -> None:
    data = make("airline-passengers", transform=transform).load(0)
    for split, steps, counted in (("validation", 100, 15), ("test", 144, 44)):
        found = sequences(data, split)
        assert found.steps == steps - LOST[transform]
        assert found.count == 1
        assert found.counted is not None
        assert found.counted[:-counted].sum() == 0
        assert found.counted[-counted:].all()
        assert data.times[split][-1] == {"validation": "1957-04", "test": "1960-12"}[split]
        assert len(data.times[split]) == found.steps


@every_transform
def test_input_is_the_month_before_and_never_the_month_itself(make: Make, transform: str) -> None:
    data = make("airline-passengers", transform=transform).load(0)
    test = sequences(data, "test")
    np.testing.assert_array_equal(test.inputs[1:, 0, 0], test.targets[:-1, 0, 0])
    december = test.inputs[-1, 0, 1:]
    np.testing.assert_array_equal(december, np.eye(12)[11])
    assert data.input_names[-1] == "Dec"
    assert (data.inputs, data.outputs) == (13, 1)


@every_transform
def test_scale_is_that_of_the_training_months(make: Make, transform: str) -> None:
    train = sequences(make("airline-passengers", transform=transform).load(0), "train")
    known = np.append(train.inputs[0, 0, 0], train.targets[:, 0, 0])
    assert known.mean() == pytest.approx(0, abs=1e-12)
    assert known.std() == pytest.approx(1, abs=1e-12)


def test_cyclic_month_goes_round(make: Make) -> None:
    data = make("airline-passengers", month="cyclic").load(0)
    season = sequences(data, "test").inputs[:, 0, 1:]
    assert data.inputs == 3
    np.testing.assert_allclose((season**2).sum(axis=1), 1)
    np.testing.assert_allclose(season[12:], season[:-12], atol=1e-12)
    steps = np.linalg.norm(np.diff(season, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0])


def test_baselines_are_the_known_figures(make: Make) -> None:
    baselines = make("airline-passengers").load(0).baselines
    assert baselines["naive"] == pytest.approx(49.4, abs=0.05)
    assert baselines["seasonal naive"] == pytest.approx(42.6, abs=0.05)
    assert baselines["seasonal × growth"] == pytest.approx(16.2, abs=0.05)


@pytest.mark.parametrize(
    ("transform", "lag", "baseline"),
    [("log-difference", 0, "naive"), ("seasonal-difference", 12, "seasonal × growth")],
)
def test_predicting_no_change_is_a_baseline(make: Make, transform: str, lag: int, baseline: str) -> None:
    """A difference of 0 gives 49.4 and 16.2 again, this time by way of the scale, the units and the mask."""
    data = make("airline-passengers", transform=transform).load(0)
    difference = np.diff(np.log(PASSENGERS[:85]))
    if lag:
        difference = difference[lag:] - difference[:-lag]
    nothing = np.full_like(sequences(data, "test").targets, -difference.mean() / difference.std())
    predicted = that_count(data, "test", data.to_units("test", nothing))[:, 0]
    assert rmse(predicted, in_units(data, "test")) == pytest.approx(data.baselines[baseline], rel=1e-12)
