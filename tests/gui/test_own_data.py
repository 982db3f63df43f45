"""Own data: what is seen of a file, every way in which it can be wrong, and the experiment that is made."""

import gc
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from lab.experiment.file import read_text
from lab.experiment.values import values_of
from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from lab.training.setup import set_up
from lab.ui.datafile import Look
from lab.ui.document import OpenDocument
from lab.ui.forms.row import Row
from lab.ui.own_data import OwnData
from tests.cli.support import ROOT

TABLE = "month,sales,price\n" + "".join(f"m{n},{100 + n % 12},{n * 0.5}\n" for n in range(120))


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture
def dialog(qtbot: QtBot, catalog: Catalog) -> Iterator[OwnData]:
    window = QWidget()
    qtbot.addWidget(window)
    dialog = OwnData(catalog, window)
    dialog.show()
    yield dialog
    if isValid(dialog):
        dialog.close()


def opened(qtbot: QtBot, dialog: OwnData, path: Path) -> None:
    dialog.open_file(str(path))
    qtbot.waitUntil(lambda: not dialog.busy)


def button(dialog: OwnData) -> QPushButton:
    return next(one for one in dialog.findChildren(QPushButton) if one.property("primary"))


def made(qtbot: QtBot, dialog: OwnData, catalog: Catalog) -> tuple[str, str]:
    with qtbot.waitSignal(dialog.made, timeout=20_000) as told:
        dialog.make()
    text, name = told.args
    set_up(read_text(text, catalog).spec, catalog)
    return text, name


def test_a_table_becomes_an_experiment(qtbot: QtBot, dialog: OwnData, catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "sales data.csv"
    path.write_text(TABLE, encoding="utf-8")
    opened(qtbot, dialog, path)
    assert dialog.preview.table.columnCount() == 3
    assert dialog.columns.ticked() == ["sales", "price"]
    assert dialog.message.en == "120 rows: 84 to train, 18 to validate, 18 to test."
    assert "训练 84" in dialog.message.zh
    for name, value in (("target", "sales"), ("horizon", 2), ("window", 12)):
        row = dialog.row(name)
        assert row is not None
        row.edited.emit(value, False)
    text, name = made(qtbot, dialog, catalog)
    assert name == "sales data.toml"
    settings = read_text(text, catalog).spec.dataset.plugin.settings
    assert (settings["target"], settings["horizon"], settings["columns"]) == ("sales", 2, ["sales", "price"])


def test_a_text_becomes_an_experiment(qtbot: QtBot, dialog: OwnData, catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "诗.txt"
    path.write_text("床前明月光，疑是地上霜。\n" * 200, encoding="utf-8")
    opened(qtbot, dialog, path)
    assert "2,600 characters, 13 different ones." in dialog.message.en
    row = dialog.row("encoding")
    assert row is not None
    row.edited.emit("embedding", False)
    text, name = made(qtbot, dialog, catalog)
    assert name == "诗.toml"
    spec = read_text(text, catalog).spec
    assert spec.dataset.plugin.name == "characters"
    assert (spec.input.encoding, spec.input.size) == ("embedding", 16)


@pytest.mark.parametrize(
    ("name", "content", "english", "chinese"),
    [
        ("empty.csv", b"", "file is empty", "空的"),
        ("lines.csv", b"\n\n\n", "only empty lines", "只有空行"),
        (
            "ragged.csv",
            b"a,b\n1,2\n3\n",
            "Line 3: This row has 1 cell, not 2 as the rows before it. Make",
            "第 3 行：此行有 1 个单元格",
        ),
        ("binary.csv", bytes(range(256)), "not UTF-8", "不是 UTF-8"),
        ("nul.txt", b"a\0b\n", "NUL", "NUL"),
        ("utf16.csv", "a,b\n1,2\n".encode("utf-16"), "UTF-16", "UTF-16"),
        ("gb.txt", "床前明月光".encode("gb18030"), "not UTF-8", "不是 UTF-8"),
        ("head.csv", b"a,b\n", "no rows", "没有数据行"),
        ("twice.csv", b"a,a\n1,2\n", "two columns are called", "有两列都叫"),
        ("quote.csv", b'a,b\n"1,2\n', "not CSV", "不是 CSV"),
        ("words.csv", b"a,b\nx,y\nz,w\n", "No column is numbers", "没有数值列"),
        ("two.csv", b"a,b\n1,2\n3,4\n", "has 2 rows of data, and predicting 1 ahead takes at least 4", "有 2 行数据"),
        ("row.csv", b"a,b\n1,2\n", "has 1 row of data", "有 1 行数据"),
        ("two.txt", b"ab", "the text has 2 characters, too few", "只有 2 个字符"),
        ("nan.csv", b"a\n1\nnan\n3\n", "“nan” in line 3", "第 3 行的“nan”"),
    ],
)
def test_a_bad_file_says_why(
    qtbot: QtBot, dialog: OwnData, tmp_path: Path, name: str, content: bytes, english: str, chinese: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    opened(qtbot, dialog, path)
    assert english.lower() in dialog.message.en.lower()
    assert chinese in dialog.message.zh
    assert not button(dialog).isEnabled()
    assert dialog._level == "error"
    dialog.make()
    assert not dialog.busy
    assert dialog.isVisible()


def test_a_file_of_two_gigabytes_is_refused_at_once(qtbot: QtBot, dialog: OwnData, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as stream:
        stream.write(b"a,b\n1,2\n")
        stream.truncate(2 * 2**30)
    opened(qtbot, dialog, path)
    assert "2,048.0 MiB" in dialog.message.en
    assert "2,048.0 MiB" in dialog.message.zh


def test_a_file_that_is_not_there(qtbot: QtBot, dialog: OwnData, tmp_path: Path) -> None:
    opened(qtbot, dialog, tmp_path / "missing.csv")
    assert "no such file" in dialog.message.en
    opened(qtbot, dialog, tmp_path)
    assert "folder" in dialog.message.en


def test_what_does_not_fit_together_is_told_and_can_be_mended(
    qtbot: QtBot, dialog: OwnData, catalog: Catalog, tmp_path: Path
) -> None:
    path = tmp_path / "short.csv"
    path.write_text("a\n" + "".join(f"{n}\n" for n in range(30)), encoding="utf-8")
    opened(qtbot, dialog, path)
    assert "window of 24 steps" in dialog.message.en
    assert "窗口 24 步" in dialog.message.zh
    assert not button(dialog).isEnabled()
    row = dialog.row("window")
    assert isinstance(row, Row)
    row.control.committed.emit("many")
    assert "marked" in dialog.message.en
    row.control.committed.emit("5")
    qtbot.waitUntil(lambda: not dialog.busy)
    assert dialog.message.en == "30 rows: 22 to train, 4 to validate, 4 to test."
    assert button(dialog).isEnabled()
    row.control.setText("6")
    row.control.setModified(True)
    text, _ = made(qtbot, dialog, catalog)
    assert "window = 6" in text


def test_the_window_answers_while_a_large_file_is_read(qtbot: QtBot, dialog: OwnData, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text("a,b,c\n" + "1.25,2.5,3.75\n" * 500_000, encoding="utf-8")
    pauses: list[float] = []
    before = time.perf_counter()

    def tick() -> None:
        nonlocal before
        now = time.perf_counter()
        pauses.append(now - before)
        before = now

    timer = QTimer(dialog)
    timer.timeout.connect(tick)
    timer.start(5)
    dialog.open_file(str(path))
    qtbot.waitUntil(lambda: not dialog.busy, timeout=60_000)
    assert button(dialog).isEnabled()
    assert "500,000 rows" in dialog.message.en
    assert len(pauses) > 20
    assert max(pauses) < 1.5


def test_an_empty_experiment_and_one_for_data_begin_alike(
    qtbot: QtBot, dialog: OwnData, catalog: Catalog, tmp_path: Path
) -> None:
    path = tmp_path / "series.csv"
    path.write_text(TABLE, encoding="utf-8")
    opened(qtbot, dialog, path)
    text, _ = made(qtbot, dialog, catalog)
    owner = QObject()
    document = OpenDocument(catalog, owner)
    empty, own = (values_of(read_text(one, catalog).spec) for one in (document.text, text))
    differing = {key for key in empty.keys() & own.keys() if empty[key] != own[key]}
    assert differing == {"name", "name_zh", "dataset.plugin", "training.epochs", "training.early_stopping"}


def test_closing_while_reading_is_quiet(qtbot: QtBot, dialog: OwnData, tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    path.write_text("a,b\n" + "1,2\n" * 300_000, encoding="utf-8")
    dialog.open_file(str(path))
    dialog.close()
    assert not dialog.busy


def test_what_is_closed_is_gone_and_so_is_what_it_has_read(qtbot: QtBot, catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "series.csv"
    path.write_text(TABLE, encoding="utf-8")
    window = QWidget()
    qtbot.addWidget(window)
    for leave in (OwnData.reject, OwnData.close, OwnData.make):
        dialog = OwnData(catalog, window)
        dialog.open()
        opened(qtbot, dialog, path)
        with qtbot.waitSignal(dialog.destroyed):
            leave(dialog)
        del dialog
        assert not window.findChildren(OwnData)
        gc.collect()
        assert not [one for one in gc.get_objects() if type(one) is Look]


READING = """
import sys, threading
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from lab.registry.manager import load_catalog
from lab.ui import own_data

app = QApplication([])
reading = threading.Event()

def look(file, task):
    reading.set()
    threading.Event().wait()

own_data.look = look
dialog = own_data.OwnData(load_catalog())
dialog.show()
dialog.open_file(sys.argv[1])
assert reading.wait(60)
QTimer.singleShot(0, app.quit)
app.exec()
"""


def test_who_quits_does_not_wait_for_what_is_being_read(tmp_path: Path) -> None:
    words = [sys.executable, "-c", READING, str(tmp_path / "large.csv")]
    subprocess.run(words, cwd=ROOT, check=True, timeout=60)
