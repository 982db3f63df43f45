"""What views save: read back, it is what they show."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lab.errors import LabError
from lab.ui.stage import Stage
from lab.ui.views import export
from lab.ui.views.frame import ViewFrame
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
