"""The runs panel: thousands of runs, filter, names, notes, comparison, deletion and its undo."""

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from lab.experiment.database import FILE, Database
from lab.experiment.facts import facts
from lab.experiment.query import Query
from lab.experiment.runs import Scalar
from lab.experiment.store import Store
from lab.ui.panels.run_model import CURVE, RUN
from lab.ui.panels.run_words import number, result, summary, title
from lab.ui.panels.runs import RunsPanel
from lab.ui.words import language

TOML = """
version = 1
name = "{name}"
name_zh = "{name_zh}"
[dataset]
plugin = "airline-passengers"
[[layers]]
cell = "{cell}"
hidden = {hidden}
[training]
learning_rate = {rate}
"""


def added(store: Store, cell: str = "lstm", rate: float = 0.01, name: str = "Airline", hidden: int = 32) -> str:
    text = TOML.format(cell=cell, rate=rate, name=name, hidden=hidden, name_zh="航空")
    return store.create(name=name, label=f"{cell}-airline", experiment=text)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as opened:
        yield opened


def opened(qtbot: QtBot, folder: Path) -> RunsPanel:
    panel = RunsPanel(folder)
    qtbot.addWidget(panel, before_close_func=lambda widget: widget.close_store())
    panel.resize(300, 480)
    panel.show()
    return panel


def choose(panel: RunsPanel, run: str) -> None:
    panel.list.setCurrentIndex(panel.model.index(panel.model.shown().index(run)))


def test_an_empty_folder_says_what_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    panel = opened(qtbot, tmp_path / "none")
    assert panel.empty.isVisible()
    assert "F5" in panel.empty.text()
    language.use("zh")
    assert "按 F5" in panel.empty.text()


def test_new_runs_appear_by_themselves_and_running_ones_are_followed(
    qtbot: QtBot, tmp_path: Path, store: Store
) -> None:
    first = added(store)
    panel = opened(qtbot, tmp_path)
    assert panel.model.shown() == [first]
    second = added(store, "gru")
    store.claim(first)
    store.record(first, [Scalar(1, 0, "train.loss", 0.5)], updates=1, epochs=0, seconds=0.1)
    panel.refresh()
    assert panel.model.shown() == [second, first]
    run = panel.model.index(1).data(RUN)
    assert (run.state, run.updates) == ("running", 1)
    assert str(summary(run)) == "LSTM 32 · running · lr 0.01"
    language.use("zh")
    assert str(summary(run)) == "LSTM 32 · 运行中 · 学习率 0.01"
    assert title(run) == "1 · 航空"
    # A process that dies leaves its run as it was, and only gives up the lock.
    store.release(first)
    panel.refresh()
    assert panel.model.index(1).data(RUN).state == "interrupted"


def test_what_is_selected_stays_so_when_a_run_is_new(qtbot: QtBot, tmp_path: Path, store: Store) -> None:
    first = added(store)
    panel = opened(qtbot, tmp_path)
    choose(panel, first)
    second = added(store)
    panel.refresh()
    assert panel.model.shown() == [second, first]
    assert panel.chosen() == [first]


def test_the_filter_knows_words_and_conditions(qtbot: QtBot, tmp_path: Path, store: Store) -> None:
    small, large = added(store, rate=0.001), added(store, rate=0.1)
    other = added(store, "gru", 0.001, name="Something")
    store.change(large, metrics={"test.rmse": 14.7})
    panel = opened(qtbot, tmp_path)
    expected = {
        "lstm lr<0.01 airline": [small],
        "LSTM": [large, small],
        "lr<=0.001": [other, small],
        "rmse<20": [large],
        "cell=gru": [other],
        "cell!=gru hidden=32": [large, small],
        "航空": [other, large, small],
        "some": [other],
        "lr<": [other, large, small],
        "nothing-like-it": [],
    }
    for text, runs in expected.items():
        panel.filter.setText(text)
        panel.filter.returnPressed.emit()
        assert panel.model.shown() == runs, text
    assert panel.empty.text() == "No run matches the filter."


def test_a_name_is_edited_in_place_and_a_note_in_a_window(qtbot: QtBot, tmp_path: Path, store: Store) -> None:
    run = added(store)
    panel = opened(qtbot, tmp_path)
    choose(panel, run)
    panel.actions_of["rename"].trigger()
    editor = panel.list.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.setText("  the best   one ")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: store.find(run).name == "the best one")
    panel.actions_of["note"].trigger()
    window = panel.findChild(QPlainTextEdit)
    assert isinstance(window, QPlainTextEdit)
    window.setPlainText("clipping off")
    window.window().accept()  # type: ignore[attr-defined]
    assert store.find(run).note == "clipping off"
    assert Query.read("clipping").holds(store.find(run))


def test_runs_are_compared_in_colours_of_their_own(qtbot: QtBot, tmp_path: Path, store: Store) -> None:
    runs = [added(store) for _ in range(4)]
    panel = opened(qtbot, tmp_path)
    panel.set_current(runs[0])
    choose(panel, runs[2])
    with qtbot.waitSignal(panel.compared) as told:
        qtbot.keyClick(panel.list, Qt.Key.Key_Space)
    assert told.args == [[runs[0], runs[2]]]
    assert [panel.model.series_of(run) for run in runs] == [2, 0, 3, 0]
    assert panel.compared_runs() == [runs[0], runs[2]]
    assert panel.count.text() == "2 compared, of 4"
    assert panel.differences.isEnabled()
    qtbot.keyClick(panel.list, Qt.Key.Key_Space)
    assert panel.compared_runs() == [runs[0]]


def test_a_deleted_run_comes_back_until_the_panel_closes(qtbot: QtBot, tmp_path: Path, store: Store) -> None:
    kept, gone = added(store), added(store)
    panel = opened(qtbot, tmp_path)
    choose(panel, gone)
    panel.actions_of["delete"].trigger()
    assert panel.model.shown() == [kept]
    assert panel.count.text() == "1 deleted"
    assert store.ids() == {kept}, "a kill does not bring it back"
    assert store.run_folder(gone).exists()
    panel.undo_button.click()
    assert panel.model.shown() == [gone, kept]
    assert store.ids() == {kept, gone}
    choose(panel, gone)
    panel.actions_of["delete"].trigger()
    panel.close_store()
    assert [run.id for run in store.runs()] == [kept]
    assert not store.run_folder(gone).exists()


def test_a_running_run_cannot_be_deleted(qtbot: QtBot, tmp_path: Path, store: Store) -> None:
    run = added(store)
    store.claim(run)
    panel = opened(qtbot, tmp_path)
    choose(panel, run)
    panel.actions_of["delete"].trigger()
    assert panel.model.shown() == [run]
    assert panel.count.text() == "A running run cannot be deleted"


def test_enter_opens_a_run_again_and_several_are_queued(qtbot: QtBot, tmp_path: Path, store: Store) -> None:
    runs = [added(store) for _ in range(3)]
    panel = opened(qtbot, tmp_path)
    choose(panel, runs[1])
    with qtbot.waitSignal(panel.reopened) as told:
        panel.actions_of["reopen"].trigger()
    assert told.args == [runs[1]]
    panel.list.selectAll()
    with qtbot.waitSignal(panel.queued) as queued:
        panel.actions_of["queue"].trigger()
    assert queued.args == [runs[::-1]]


def test_a_queue_can_be_emptied(qtbot: QtBot, tmp_path: Path, store: Store) -> None:
    added(store)
    panel = opened(qtbot, tmp_path)
    assert not panel.waiting.isVisible()
    assert not panel.actions_of["clear"].isEnabled()
    panel.set_queue(2)
    assert panel.waiting.isVisible()
    assert panel.queued_count.text() == "2 queued"
    with qtbot.waitSignal(panel.queue_cleared):
        panel.clear_button.click()
    language.use("zh")
    assert (panel.queued_count.text(), panel.clear_button.text()) == ("排队 2 个", "清空队列")


def test_runs_that_others_delete_go_from_the_list(qtbot: QtBot, tmp_path: Path, store: Store) -> None:
    runs = [added(store) for _ in range(6)]
    panel = opened(qtbot, tmp_path)
    told: list[object] = []
    panel.failed.connect(told.append)
    panel.model.tick_all([runs[4], runs[1]], on=True)
    choose(panel, runs[2])
    store.claim(runs[0])
    store.release(runs[0])
    store.remove(runs[0])
    store.remove(runs[1])
    store.discard([runs[5]])
    new = added(store, "gru")
    with qtbot.waitSignal(panel.compared) as compared:
        panel.refresh()
    assert compared.args == [[runs[4]]]
    assert panel.model.shown() == [new, runs[4], runs[3], runs[2]]
    assert panel.chosen() == [runs[2]]
    assert panel.count.text() == "1 compared, of 4"
    store.restore([runs[5]])
    panel.refresh()
    assert panel.model.shown() == [new, *runs[:1:-1]]
    store.discard([*runs, new])
    panel.refresh()
    assert panel.model.shown() == []
    assert panel.empty.isVisible()
    assert told == []


def test_runs_are_ticked_all_at_once_and_no_more_than_six(qtbot: QtBot, tmp_path: Path, store: Store) -> None:
    runs = [added(store) for _ in range(8)]
    panel = opened(qtbot, tmp_path)
    told: list[list[str]] = []
    panel.compared.connect(told.append)
    panel.list.selectAll()
    panel.actions_of["compare"].trigger()
    assert told == [runs[:1:-1]]
    assert panel.count.text() == "At most 6 runs are compared"
    choose(panel, runs[0])
    qtbot.keyClick(panel.list, Qt.Key.Key_Space)
    assert len(told) == 1
    assert panel.count.text() == "At most 6 runs are compared"
    panel.model.tick_all(runs, on=False)
    assert told[1:] == [[]]
    assert panel.count.text() == "0 compared, of 8"


def test_a_thousand_deleted_runs_do_not_hold_up_the_end(
    qtbot: QtBot, tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = sqlite3.connect(tmp_path / FILE)
    rows = [(f"run-{k}", "Copy", "finished", "2026-01-01", "") for k in range(1000)]
    connection.executemany("INSERT INTO runs (id, name, state, created, experiment) VALUES (?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    for run, *_ in rows:
        store.run_folder(run).mkdir()
    panel = opened(qtbot, tmp_path)
    panel.list.selectAll()
    panel.delete()
    writing, transactions = Database.writing, []
    monkeypatch.setattr(Database, "writing", lambda self: transactions.append(self) or writing(self))
    panel.close_store()
    assert len(transactions) < 50
    assert store.ids() == set()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("run-")] == []


def test_ten_thousand_runs_are_shown_within_a_second(qtbot: QtBot, tmp_path: Path, store: Store) -> None:
    run = added(store)
    store.record(run, [Scalar(k, k, "validation.loss", 1 / k) for k in range(1, 100)], updates=99, epochs=99, seconds=1)
    connection = sqlite3.connect(tmp_path / FILE)
    text = TOML.format(cell="gru", rate=0.005, name="Copy", hidden=16, name_zh="复制")
    known = json.dumps(facts(text))
    rows = [(f"run-{k}", f"Copy {k}", "finished", "2026-01-01", text, known) for k in range(10_000)]
    connection.executemany(
        "INSERT INTO runs (id, name, state, created, experiment, facts) VALUES (?, ?, ?, ?, ?, ?)", rows
    )
    connection.commit()
    connection.close()
    start = time.perf_counter()
    panel = opened(qtbot, tmp_path)
    panel.grab()
    assert time.perf_counter() - start < 1.0
    assert panel.model.rowCount() == 10_001
    start = time.perf_counter()
    panel.filter.setText("copy lr<0.01 run-9999")
    panel.filter.returnPressed.emit()
    assert time.perf_counter() - start < 0.5
    assert panel.model.shown() == ["run-9999"]
    panel.filter.setText("lstm")
    panel.filter.returnPressed.emit()
    curve = panel.model.index(0).data(CURVE)
    assert 30 <= len(curve) <= 40
    assert curve[0] == 1.0
    assert curve[-1] == pytest.approx(1 / 99)


def test_a_locked_store_is_told_once(qtbot: QtBot, tmp_path: Path, store: Store) -> None:
    run = added(store)
    panel = opened(qtbot, tmp_path)
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute("BEGIN EXCLUSIVE")
    with qtbot.waitSignal(panel.failed) as told:
        assert not panel.model.change(run, name="other")
    assert "in use" in told.args[0].message
    assert "try again" in told.args[0].remedy
    connection.rollback()
    connection.close()
    assert panel.model.change(run, name="other")


def test_numbers_are_short() -> None:
    assert [number(value) for value in (0.00412, 1.523, 14.66, -0.5, 3e-7)] == [
        "0.0041",
        "1.52",
        "14.7",
        "−0.5",
        "3·10⁻⁷",
    ]


def test_a_run_that_ended_in_nan_says_so(tmp_path: Path, store: Store) -> None:
    run = added(store)
    store.change(run, state="failed", error="the loss became NaN at update 3")
    assert result(store.find(run), []) == "NaN"
    assert str(summary(store.find(run))) == "LSTM 32 · failed at update 0"
