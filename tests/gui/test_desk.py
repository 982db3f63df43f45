"""The whole window with a real worker: what a person does with it, and what becomes of runs that end badly."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEventLoop, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from lab.experiment.store import Store
from lab.runner.messages import WorkerState
from lab.ui.desk import Desk

LONG = """
version = 1
name = "Long"
seed = 7

[dataset]
plugin = "airline-passengers"

[[layers]]
cell = "lstm"
hidden = 6

[training]
learning_rate = 0.01
batch_size = 1
epochs = 100000
checkpoint_every = 40
"""
BROKEN = '''
from lab.api import hookimpl
from lab.ui.api import Sentence, Text, View


class Broken(View):
    """Raises when it is to draw."""

    name = "broken"
    title = {"en": "Broken", "zh": "坏的"}

    def refresh(self):
        raise ValueError("no such thing")

    def sentence(self):
        return Sentence(Text("Nothing.", "没有内容。"))

    def table(self):
        return {}


@hookimpl
def lab_register_views():
    return [Broken]
'''
RAISING = """
import json

from PySide6.QtWidgets import QWidget

from lab.api import hookimpl
from lab.ui.api import Sentence, Text, View


class Quiet(View):
    def refresh(self):
        pass

    def sentence(self):
        return Sentence(Text.plain(""))

    def table(self):
        return {}


class Made(Quiet):
    name = "a-made"

    def __init__(self, stage):
        super().__init__(stage)
        json.loads("nothing")  # made


class Chosen(Quiet):
    name = "a-chosen"

    def chooser(self):
        raise ValueError("no choice")  # chosen


class Listed(Quiet):
    name = "a-listed"

    def actions(self):
        raise ValueError("no entries")  # listed


class Keyed(Quiet):
    name = "a-keyed"

    def legend(self):
        raise ValueError("no keys")  # keyed


class Forgotten(Quiet):  # forgotten
    name = "a-forgotten"

    def __init__(self, stage):
        pass


class Drawn(Quiet):
    name = "a-drawn"

    def refresh(self):
        json.loads("nothing")  # drawn


@hookimpl
def lab_register_views():
    return [Made, Chosen, Listed, Keyed, Forgotten, Drawn]
"""
MakeDesk = Callable[..., Desk]


def begun(qtbot: QtBot, desk: Desk, text: str = LONG, updates: int = 3) -> None:
    desk.document.open_text(text, "long")
    desk.filing.opened.emit()
    desk.actions.run.trigger()
    qtbot.waitUntil(lambda: desk.stage.update >= updates, timeout=60_000)


def wait_for(qtbot: QtBot, desk: Desk, state: WorkerState) -> None:
    qtbot.waitUntil(lambda: desk.stage.state is state, timeout=60_000)


def test_one_click_trains_the_airline_data(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    assert desk.window.in_gallery
    assert not desk.actions.run.isEnabled()
    card = next(card for card in desk.gallery.cards if card.example.path.stem == "airline")
    card.run.emit()
    wait_for(qtbot, desk, WorkerState.FINISHED)
    assert not desk.window.in_gallery
    assert len(desk.stage.curve("train.loss").values) == desk.stage.update > 50
    qtbot.waitUntil(lambda: {"hidden-states", "gates", "predictions", "through-time"} <= set(desk.stage.frames))
    desk.refresher.tick()
    for name in ("loss", "predictions", "hidden-states", "gates", "through-time", "spectrum"):
        frame = next(one for one in desk.frames if one.name == name)
        assert frame.problem is None
        assert frame.view.table(), name
    with Store(desk.runs, create=False) as store:
        (run,) = store.runs()
    assert run.state == "finished"
    assert run.metrics["test.rmse"] < 25


def test_pause_one_update_change_and_go_on(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    begun(qtbot, desk)
    desk.actions.run.trigger()
    wait_for(qtbot, desk, WorkerState.PAUSED)
    before = desk.stage.update
    desk.actions.one_update.trigger()
    qtbot.waitUntil(lambda: desk.stage.update == before + 1, timeout=20_000)
    wait_for(qtbot, desk, WorkerState.PAUSED)
    row = desk.experiment.row("training.learning_rate")
    assert row is not None
    desk.document.set("training.learning_rate", 0.003)
    desk.actions.run.trigger()
    qtbot.waitUntil(lambda: desk.stage.update > before + 5, timeout=20_000)
    rates = desk.stage.curve("learning_rate").values
    assert rates[before] == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(0.003)
    assert any("0.003" in words["en"] for _, words in desk.stage.marks)
    runs = desk.runs_panel.model
    qtbot.waitUntil(lambda: "lr 0.003" in str(runs.data(runs.index(0), Qt.ItemDataRole.ToolTipRole)), timeout=20_000)
    desk.actions.stop.trigger()
    wait_for(qtbot, desk, WorkerState.STOPPED)
    assert desk.stage.checkpoint == desk.stage.update


def test_what_is_edited_after_a_stop_is_what_goes_on(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    begun(qtbot, desk)
    desk.actions.stop.trigger()
    wait_for(qtbot, desk, WorkerState.STOPPED)
    before = desk.stage.update
    desk.document.set("layers.0.hidden", 9)
    assert desk.actions.run.text() == "Run", "the network of the run is another"
    desk.actions.undo.trigger()
    desk.document.set("training.learning_rate", 0.003)
    assert desk.actions.run.text().startswith("Resume")
    desk.actions.run.trigger()
    qtbot.waitUntil(lambda: desk.stage.update > before + 5, timeout=60_000)
    rates = desk.stage.curve("learning_rate").values
    assert rates[before - 1] == pytest.approx(0.01)
    assert rates[before:] == pytest.approx(0.003)


def test_a_killed_worker_is_lost_and_its_run_goes_on(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    begun(qtbot, desk, updates=60)
    pid = desk.session.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(qtbot, desk, WorkerState.LOST)
    checkpoint = desk.stage.checkpoint
    assert checkpoint is not None
    assert checkpoint >= 60 - 40
    buttons = [b for b in desk.window.findChildren(QPushButton) if b.isVisible() and b.text().startswith("Resume")]
    assert len(buttons) == 1
    qtbot.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: desk.stage.state in (WorkerState.RUNNING, WorkerState.COMPILING), timeout=60_000)
    qtbot.waitUntil(lambda: desk.stage.update > checkpoint + 5, timeout=60_000)
    updates = desk.stage.curve("train.loss").updates
    assert (updates[1:] - updates[:-1] == 1).all()
    assert desk.problems_panel.problems()


def test_views_are_made_when_the_window_is_drawn_and_their_failures_told_once(
    qtbot: QtBot, make_desk: MakeDesk, tmp_path: Path
) -> None:
    folder = tmp_path / "wrong"
    folder.mkdir()
    (folder / "view.py").write_text("import PySide6.QtWidgets\nraise OSError('no such screen')\n", encoding="utf-8")
    (folder / "cell.py").write_text("raise OSError('no such cell')\n", encoding="utf-8")
    desk = make_desk(folder)
    assert not desk.window.views.names()
    assert [Path(one.file).name for one in desk.problems_panel.problems()] == ["cell.py"]
    with qtbot.waitSignal(desk.ready, timeout=20_000):
        pass
    assert set(desk.window.views.names()) == set(desk.catalog.names("view")) > {"loss", "gates"}
    assert sorted(Path(one.file).name for one in desk.problems_panel.problems()) == ["cell.py", "view.py"]
    assert desk.window.in_gallery
    desk.frames[0].saving.emit("Saving loss.csv…")
    assert desk.window.status.currentMessage() == "Saving loss.csv…"
    desk.frames[0].saving.emit("")
    assert desk.window.status.currentMessage() == ""


def test_a_window_that_is_closed_makes_no_more_views(make_desk: MakeDesk) -> None:
    desk = make_desk()
    while not desk.window.views.names():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 1)
    made = len(desk.window.views.names())
    assert made < len(desk.catalog.names("view"))
    desk.leave()
    for _ in range(10):
        QApplication.processEvents()
    assert len(desk.window.views.names()) == made


def test_a_broken_view_is_named_and_the_others_go_on(qtbot: QtBot, make_desk: MakeDesk, tmp_path: Path) -> None:
    folder = tmp_path / "views"
    folder.mkdir()
    (folder / "broken.py").write_text(BROKEN, encoding="utf-8")
    desk = make_desk(folder)
    begun(qtbot, desk)
    desk.window.views.show_view("broken")
    qtbot.waitUntil(lambda: bool(desk.problems_panel.problems()), timeout=10_000)
    (problem,) = desk.problems_panel.problems()
    assert "broken" in problem.message
    assert "no such thing" in problem.message
    assert problem.file == str(folder / "broken.py")
    before = desk.stage.update
    qtbot.waitUntil(lambda: desk.stage.update > before + 5, timeout=20_000)


def test_a_view_that_cannot_be_made_is_named_with_its_line_and_the_others_are_made(
    qtbot: QtBot, make_desk: MakeDesk, tmp_path: Path
) -> None:
    folder = tmp_path / "views"
    folder.mkdir()
    (folder / "raising.py").write_text(RAISING, encoding="utf-8")
    desk = make_desk(folder)
    with qtbot.waitSignal(desk.ready, timeout=20_000):
        pass
    names = set(desk.window.views.names())
    assert names == set(desk.catalog.names("view"))
    assert {"loss", "gates", "weights"} < names
    desk.document.open_text(LONG, "long")
    desk.filing.opened.emit()
    desk.window.views.show_view("a-drawn")
    unmade = ("made", "chosen", "listed", "keyed", "forgotten")
    qtbot.waitUntil(lambda: len(desk.problems_panel.problems()) == len(unmade) + 1, timeout=10_000)
    for what in (*unmade, "drawn"):
        (problem,) = [one for one in desk.problems_panel.problems() if f"'a-{what}'" in one.message]
        (line,) = [n for n, text in enumerate(RAISING.splitlines(), 1) if text.endswith(f"# {what}")]
        assert (problem.file, problem.line) == (str(folder / "raising.py"), line), what
        assert "Traceback" in problem.details
    for what in unmade:
        desk.window.views.show_view(f"a-{what}")
        frame = next(one for one in desk.frames if one.name == f"a-{what}")
        qtbot.waitUntil(frame.isVisible)
        shown = [label.text() for label in frame.findChildren(QLabel) if label.isVisible()]
        assert any("failed" in text for text in shown), what
        assert frame.needs == ()


def test_a_run_of_the_store_is_opened_and_compared(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    short = LONG.replace("epochs = 100000", "epochs = 4")
    for _ in range(2):
        begun(qtbot, desk, short, updates=4)
        wait_for(qtbot, desk, WorkerState.FINISHED)
    with Store(desk.runs, create=False) as store:
        first, second = (run.id for run in store.runs())
    assert desk.stage.run == second
    desk.runs_panel.model.tick(first, True)
    assert [overlay.run for overlay in desk.stage.overlays] == [first]
    assert len(desk.stage.overlays[0].curves["train.loss"].values) == 4
    desk.comparing.reopen(first)
    qtbot.waitUntil(lambda: desk.stage.run == first and bool(desk.stage.about), timeout=60_000)
    assert len(desk.stage.curve("train.loss").values) == 4
    assert desk.document.spec is not None
    assert desk.document.spec.training.epochs == 4
    wait_for(qtbot, desk, WorkerState.FINISHED)
    desk.document.new()
    with Store(desk.runs, create=False) as store:
        assert store.find(first).state == "finished", "looking at a run leaves it as it is"


def test_queued_runs_follow_one_another(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    for name in "AB":
        begun(qtbot, desk, LONG.replace("epochs = 100000", "epochs = 4").replace("Long", name), updates=4)
        wait_for(qtbot, desk, WorkerState.FINISHED)
    with Store(desk.runs, create=False) as store:
        first = [run.id for run in store.runs()]
    desk.comparing.queue(first)

    def ended() -> list[str]:
        with Store(desk.runs, create=False) as store:
            return [run.name for run in store.runs() if run.state == "finished"]

    qtbot.waitUntil(lambda: len(ended()) == 4, timeout=60_000)
    assert ended() == ["A", "B", "A", "B"]
