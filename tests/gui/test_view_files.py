"""What views save: read back, it is what they show."""

import csv
import io
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from lab.errors import LabError
from lab.experiment.atomic import write_atomically
from lab.runner.messages import Problem
from lab.ui.api import Sentence, View
from lab.ui.stage import Stage
from lab.ui.views import export
from lab.ui.views.frame import ViewFrame
from lab.ui.words import Text
from tests.gui.frames import SERIES, VIEWS, catalog, csv_rows, trained


@pytest.fixture(scope="module")
def stage() -> Stage:
    return trained(SERIES)


def frame_of(qtbot: QtBot, name: str, stage: Stage) -> ViewFrame:
    frame = ViewFrame(catalog().get("view", name)(stage))
    qtbot.addWidget(frame)
    frame.resize(560, 300)
    frame.show()
    frame.refresh()
    QApplication.processEvents()
    return frame


@pytest.mark.parametrize("name", VIEWS)
def test_pictures(qtbot: QtBot, stage: Stage, name: str, tmp_path: Path) -> None:
    frame = frame_of(qtbot, name, stage)
    frame.save(tmp_path / "view.png")
    picture = QImage(str(tmp_path / "view.png"))
    assert (picture.width(), picture.height()) == (1120, 600)
    frame.save(tmp_path / "view.svg")
    text = (tmp_path / "view.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.get("viewBox") == "0 0 560 300"
    written = "".join(root.itertext())
    assert frame.title.en.split()[0] in written, "words stay words"


@pytest.mark.parametrize("name", VIEWS)
def test_tables(qtbot: QtBot, stage: Stage, name: str, tmp_path: Path) -> None:
    frame = frame_of(qtbot, name, stage)
    table = frame.view.table()
    frame.save(tmp_path / "view.npz")
    with np.load(tmp_path / "view.npz") as found:
        assert set(found.files) == set(table)
        for key, array in table.items():
            np.testing.assert_array_equal(found[key], array)
    frame.save(tmp_path / "view.csv")
    head, *rows = csv_rows(tmp_path / "view.csv")
    assert len(rows) == max(len(np.atleast_1d(array)) for array in table.values())
    assert len(head) == sum(int(np.prod(np.atleast_1d(array).shape[1:])) for array in table.values())
    key, array = next((key, array) for key, array in table.items() if array.dtype.kind == "f")
    column = next(place for place, title in enumerate(head) if title.partition("[")[0] == key)
    read = np.array([float(row[column]) for row in rows if row[column]])
    first = np.atleast_1d(array).reshape(len(array), -1)[:, 0]
    np.testing.assert_array_equal(read.astype(array.dtype), first)


def test_values_that_are_not_finite_stay(tmp_path: Path, qtbot: QtBot, stage: Stage) -> None:
    table = {"a": np.array([1.0, np.nan, np.inf]), "b": np.array([[1, 2], [3, 4]])}
    assert export.as_csv(table).decode("utf-8-sig").split() == [
        'a,"b[0]","b[1]"'.replace('"', ""),
        "1.0,1,2",
        "nan,3,4",
        "inf,,",
    ]


@pytest.mark.parametrize("target", ["view.gif", "missing/view.png"])
def test_what_cannot_be_saved(qtbot: QtBot, stage: Stage, tmp_path: Path, target: str) -> None:
    frame = frame_of(qtbot, "loss", stage)
    with pytest.raises(LabError):
        frame.save(tmp_path / target)
    assert list(tmp_path.iterdir()) == []


def one_by_one(table: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """The same file, number by number."""

    def cell(value: Any) -> str:
        if isinstance(value, np.floating):
            return repr(value.item()) if value.dtype == np.float64 else f"{value:.9g}"
        return str(value)

    columns = []
    for name, array in table.items():
        flat = np.atleast_1d(array)
        for place in np.ndindex(*flat.shape[1:]):
            title = name if not place else f"{name}[{', '.join(map(str, place))}]"
            columns.append((title, [cell(value) for value in flat[(slice(None), *place)]]))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([title for title, _ in columns])
    for row in range(max((len(cells) for _, cells in columns), default=0)):
        writer.writerow([cells[row] if row < len(cells) else "" for _, cells in columns])
    return text.getvalue().encode("utf-8-sig")


def test_a_table_is_written_as_it_was_number_by_number() -> None:
    random = np.random.default_rng(1)
    wide = random.normal(size=(7, 2, 3)) * 10.0 ** random.integers(-300, 300, (7, 2, 3))
    table = {
        "float32": random.normal(size=(5, 4)).astype(np.float32) * np.float32(1e-20),
        "float64, in time": wide,
        "not finite": np.array([np.nan, np.inf, -np.inf, -0.0], np.float32),
        "half": np.array([0.1, 65504], np.float16),
        "whole": np.array([1, -2, 3]),
        "yes": np.array([True, False]),
        "complex": np.array([1 + 2j, np.nan * 1j]),
        "words": np.array(['a "quoted", cell', "b\nc", "δ"]),
        "one": np.array(3.5),
        "none": np.zeros(0),
        "no columns": np.zeros((3, 0)),
    }
    assert export.as_csv(table) == one_by_one(table)
    assert export.as_csv({}) == one_by_one({})


class Numbers(View):
    name = "numbers"

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.numbers: Any = np.arange(3.0)

    def refresh(self) -> None:
        pass

    def sentence(self) -> Sentence:
        return Sentence(Text.plain(""))

    def table(self) -> Mapping[str, Any]:
        if self.numbers is None:
            raise ValueError("no numbers")
        return {"a": self.numbers}


@pytest.fixture
def numbers(qtbot: QtBot) -> ViewFrame:
    frame = ViewFrame(Numbers(Stage()))
    qtbot.addWidget(frame)
    frame.show()
    return frame


def naming(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(path), "")))


@pytest.mark.parametrize("ending", ["png", "svg", "csv", "npz"])
def test_a_file_is_written_beside_the_window_as_things_were_when_it_was_asked_for(
    qtbot: QtBot, numbers: ViewFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    go_on = threading.Event()
    threads: list[threading.Thread] = []

    def late(*arguments: Any) -> None:
        threads.append(threading.current_thread())
        assert go_on.wait(60)
        write_atomically(*arguments)

    monkeypatch.setattr(export, "write_atomically", late)
    path = tmp_path / f"file.{ending}"
    naming(monkeypatch, path)
    assert isinstance(numbers.view, Numbers)
    with qtbot.waitSignal(numbers.saving, timeout=10_000) as said:
        numbers.ask_and_save(ending)
        numbers.view.numbers[:] = -1.0
    assert said.args == [f"Saving file.{ending}…"]
    assert not list(tmp_path.iterdir())
    go_on.set()
    with qtbot.waitSignal(numbers.saving, check_params_cb=lambda words: words == "", timeout=10_000):
        pass
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert threads != [threading.main_thread()]
    assert not threads[0].daemon, "the end of the program waits for what a person has saved"
    if ending == "npz":
        with np.load(path) as found:
            np.testing.assert_array_equal(found["a"], [0, 1, 2])
    if ending == "csv":
        assert csv_rows(path) == [["a"], ["0.0"], ["1.0"], ["2.0"]]


def unsaved(qtbot: QtBot, frame: ViewFrame, ending: str) -> Problem:
    with qtbot.waitSignal(frame.failed, timeout=10_000) as told:
        frame.ask_and_save(ending)
    assert frame.problem is None, "the view goes on"
    return told.args[0]  # type: ignore[no-any-return]


def test_a_table_that_cannot_be_had_is_told_and_nothing_is_written(
    qtbot: QtBot, numbers: ViewFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    naming(monkeypatch, tmp_path / "file")
    assert isinstance(numbers.view, Numbers)
    numbers.view.numbers = None
    for ending in ("csv", "npz"):
        problem = unsaved(qtbot, numbers, ending)
        assert problem.message == "the view 'numbers' could not be saved: ValueError: no numbers"
        assert problem.file == __file__
        assert "in table" in problem.details
    numbers.view.numbers = np.array([{}], object)  # what no file of arrays can have is noticed in the thread
    assert "could not be saved" in unsaved(qtbot, numbers, "npz").message
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(numbers.view, "table", dict)
    assert unsaved(qtbot, numbers, "csv").message == "there are no numbers to save yet"
    assert not list(tmp_path.iterdir())
    naming(monkeypatch, tmp_path / "missing" / "file.png")
    assert "cannot write file.png" in unsaved(qtbot, numbers, "png").message
