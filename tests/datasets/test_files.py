"""Files that are not there, not files, or too large; and windows of a series."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.api import DataError, read_text
from lab.components.windows import evaluation_rows, training_rows
from tests.datasets.helpers import Make, Write


def test_missing_file_names_the_nearest(write: Write) -> None:
    path = write("text", "notes.txt")
    asked = path.replace("notes", "ntoes")
    with pytest.raises(DataError, match="no such file") as caught:
        read_text(asked)
    assert caught.value.file == asked
    assert path in str(caught.value.remedy)


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file") as caught:
        read_text(str(tmp_path / "nowhere" / "notes.txt"))
    assert "no folder" in str(caught.value.remedy)


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 5000])
def test_names_that_cannot_be_of_a_file(name: str) -> None:
    with pytest.raises(DataError):
        read_text(name)


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="folder"):
        read_text(str(tmp_path))


@pytest.mark.parametrize("name", ["characters", "table"])
def test_two_gigabytes_are_refused_unread(make: Make, tmp_path: Path, name: str) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(2 * 2**30)  # sparse: takes no room, and would take seconds to read
    with pytest.raises(DataError, match=r"2,048\.0 MiB") as caught:
        make(name, file=str(large)).load(0)
    assert caught.value.file == str(large)


@given(st.integers(1, 200), st.integers(0, 200))
def test_training_rows_are_the_latest_in_order(end: int, window: int) -> None:
    if window > end:
        with pytest.raises(DataError, match="longer than"):
            training_rows(end, window)
        return
    rows = training_rows(end, window)
    assert rows.shape[0] == (window or end)
    np.testing.assert_array_equal(rows.T.ravel(), np.arange(end - rows.size, end))
    assert end - rows.size < rows.shape[0]


@given(st.integers(0, 150), st.integers(1, 60), st.integers(0, 100))
def test_evaluation_rows_count_once_and_see_half_a_window(first: int, count: int, window: int) -> None:
    end = first + count
    if window > end:
        with pytest.raises(DataError, match="longer than"):
            evaluation_rows(first, end, window)
        return
    rows, counted = evaluation_rows(first, end, window)
    np.testing.assert_array_equal(rows.T[counted.T], np.arange(first, end))
    np.testing.assert_array_equal(np.diff(rows, axis=0), 1)
    assert rows.min() >= 0
    assert rows.max() < end
    seen = np.broadcast_to(np.arange(len(rows))[:, None], rows.shape)[counted]
    assert (seen >= np.minimum(rows[counted], window // 2)).all()


def test_a_split_without_rows() -> None:
    with pytest.raises(DataError, match="no steps"):
        evaluation_rows(5, 5, 2)
