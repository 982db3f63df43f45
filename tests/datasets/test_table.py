"""Tables: columns, horizon, windows and scale of any CSV file, and every way in which one can be wrong."""

import numpy as np
import pytest

from lab.api import DataError
from tests.datasets.helpers import Make, Write, in_units, rmse, sequences, that_count

ROWS = 200
RAIN = np.sin(np.arange(ROWS)) + 5
FLOW = np.cumsum(RAIN) % 17


@pytest.fixture
def river(write: Write) -> str:
    lines = [
        f"day {day},{rain!r},{flow!r}"
        for day, (rain, flow) in enumerate(zip(RAIN.tolist(), FLOW.tolist(), strict=True))
    ]
    return write("date,rain,flow\n" + "\n".join(lines) + "\n")


def test_all_numbers_are_read_and_the_last_is_predicted(make: Make, river: str) -> None:
    data = make("table", file=river, unit="m³/s").load(0)
    assert data.input_names == ("rain", "flow")
    assert (data.inputs, data.outputs, data.unit) == (2, 1, "m³/s")
    assert sequences(data, "train").steps == 24


@pytest.mark.parametrize("horizon", [1, 5])
@pytest.mark.parametrize("window", [0, 1, 10, 24])
def test_each_row_is_predicted_once_from_rows_before_it(make: Make, river: str, horizon: int, window: int) -> None:
    data = make("table", file=river, columns=["rain"], target="flow", horizon=horizon, window=window).load(0)
    steps = ROWS - horizon
    held_out = round(0.15 * steps)
    np.testing.assert_allclose(in_units(data, "test"), FLOW[-held_out:])
    np.testing.assert_allclose(in_units(data, "validation"), FLOW[-2 * held_out : -held_out])
    trained = in_units(data, "train")
    end = ROWS - 2 * held_out
    np.testing.assert_allclose(trained, FLOW[end - len(trained) : end])
    # The input beside a target is the rain `horizon` rows earlier, scaled by what the training rows have.
    known = RAIN[: steps - 2 * held_out]
    rain = that_count(data, "test", sequences(data, "test").inputs)[:, 0] * known.std() + known.mean()
    np.testing.assert_allclose(rain, RAIN[-held_out - horizon : -horizon])


def test_half_a_window_warms_the_state(make: Make, river: str) -> None:
    test = sequences(make("table", file=river, window=10).load(0), "test")
    assert test.counted is not None
    assert not test.counted[:5].any()


def test_scale_comes_from_the_training_rows_alone(make: Make, write: Write) -> None:
    values = np.arange(100.0)
    tampered = values.copy()
    tampered[-30:] *= 1000  # validation and test
    one, other = (
        make("table", file=write("a\n" + "\n".join(map(str, column)), name)).load(0)
        for name, column in (("one.csv", values), ("other.csv", tampered))
    )
    np.testing.assert_array_equal(one.train.inputs, other.train.inputs)


def test_constant_column_stays_finite(make: Make, write: Write) -> None:
    data = make("table", file=write("a,b\n" + "0.1,1\n0.1,2\n" * 50)).load(0)
    np.testing.assert_allclose(data.train.inputs[..., 0], 0, atol=1e-9)


def test_baselines(make: Make, river: str) -> None:
    data = make("table", file=river, horizon=3).load(0)
    asked = in_units(data, "test")
    assert data.baselines["naive"] == pytest.approx(rmse(FLOW[-len(asked) - 3 : -3], asked))
    assert data.baselines["mean"] >= asked.std()


def test_steps_are_called_what_the_first_column_says(make: Make, river: str) -> None:
    data = make("table", file=river, horizon=2, window=0).load(0)
    assert data.times["test"][-1] == f"day {ROWS - 1}"
    assert len(data.times["train"]) == sequences(data, "train").steps
    assert make("table", file=river, columns=["rain"]).load(0).times["test"]


def test_another_file_is_tested_whole_in_the_scale_of_the_first(make: Make, river: str, write: Write) -> None:
    other = write("flow,rain\n" + "".join(f"{flow},{1000 + flow}\n" for flow in range(60)), "other.csv")
    dataset = make("table", file=river, columns=["rain"], target="flow")
    first, second = dataset.load(0), dataset.load_file(other, 0)
    np.testing.assert_array_equal(first.train.inputs, second.train.inputs)
    np.testing.assert_allclose(in_units(second, "test"), np.arange(1, 60))
    assert second.baselines["naive"] == pytest.approx(1)
    assert second.validation is None
    with pytest.raises(DataError, match="unknown column 'rain'") as caught:
        dataset.load_file(write("flow\n1\n2\n3\n4\n5\n", "third.csv"), 0)
    assert caught.value.file is not None
    assert caught.value.file.endswith("third.csv")


def test_without_held_out_rows(make: Make, river: str) -> None:
    data = make("table", file=river, validation_share=0.0, test_share=0.0).load(0)
    assert (data.validation, data.test, dict(data.baselines)) == (None, None, {})


@pytest.mark.parametrize(
    "content",
    ["1,2\n3,4\n" * 50, "1;2\n3;4\n" * 50, "1\t2\n3\t4\n" * 50, "\ufeff\n1, 2\r\n\r\n3 ,4\r\n" * 1 + "1,2\n" * 98],
)
def test_headers_and_delimiters(make: Make, write: Write, content: str) -> None:
    data = make("table", file=write(content)).load(0)
    assert data.input_names == ("column 1", "column 2")
    data = make("table", file=write("a,b c\n1,2\n3,4\n" + "5,6\n" * 50)).load(0)
    assert data.input_names == ("a", "b c")


ROW = "1,2\n"


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        ("", "empty", None),
        ("\n\n", "only empty lines", None),
        ("a,b\n", "no rows", 1),
        ("a,b\n1,2\n3\n4,5\n", "1 cell, not 2", 3),
        ("a,b\n1,2\n3,4,5\n", "3 cells, not 2", 3),
        ("a,a\n1,2\n", "two columns are called 'a'", 1),
        ("a,b\n" + ROW * 50 + "1,nan\n", "'nan'", 52),
        ("a,b\n" + ROW * 50 + "1,-inf\n", "'-inf'", 52),
        ("a,b\n" + ROW * 50 + "1,\n" + ROW, "empty cell", 52),
        ("a,b\n" + ROW * 50 + "1,2 or 3\n", "'2 or 3'", 52),
        ("a\n" + "1\n" * 50 + "\n1\n", "empty cell", 52),
        ("a,b\n" + "x,y\n" * 9, "no column is numbers", None),
        ('a,b\n1,"2\n3,4\n', "not CSV", 3),
        ("a,b\n" + ROW * 3, "3 rows of data.* at least 4", None),
        ("a,b\n" + ROW * 20, "window of 24", None),
        (b"a,b\n1,2\n\xe9,3\n", "not UTF-8", 3),
    ],
)
def test_bad_table(make: Make, write: Write, content: str | bytes, message: str, line: int | None) -> None:
    path = write(content)
    with pytest.raises(DataError, match=message) as caught:
        make("table", file=path).load(0)
    assert (caught.value.file, caught.value.line) == (path, line)
    assert caught.value.remedy


@pytest.mark.parametrize("choice", [{"target": "flwo"}, {"columns": ["rain", "flwo"]}])
def test_unknown_column_names_the_nearest(make: Make, river: str, choice: dict[str, object]) -> None:
    with pytest.raises(DataError, match="unknown column 'flwo'; did you mean 'flow'") as caught:
        make("table", file=river, **choice).load(0)
    assert caught.value.file == river


def test_column_that_is_no_number(make: Make, river: str) -> None:
    with pytest.raises(DataError, match="column 'date' has 'day 0'") as caught:
        make("table", file=river, columns=["date"], target="flow").load(0)
    assert caught.value.line == 2


def test_no_file_is_named(make: Make) -> None:
    with pytest.raises(DataError, match="has no file") as caught:
        make("table").load(0)
    assert caught.value.remedy


def test_shares_leave_nothing_to_train_on(make: Make, river: str) -> None:
    with pytest.raises(DataError, match="leave nothing to train"):
        make("table", file=river, validation_share=0.5, test_share=0.5).load(0)
