"""Runs that wait for their turn: they follow one another, and never push aside what a person has opened."""

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from lab.experiment.store import Store
from lab.runner.messages import Problem, WorkerState
from lab.ui.desk import Desk
from lab.ui.translation import said
from tests.gui.test_desk import LONG, begun, wait_for

MakeDesk = Callable[..., Desk]
SHORT = LONG.replace("epochs = 100000", "epochs = 4")


def added(desk: Desk, *texts: str) -> list[str]:
    """New runs in the store, as if they had been stopped before they began."""
    with Store(desk.runs) as store:
        runs = [store.create(name=f"Run {k}", label="x", experiment=text) for k, text in enumerate(texts)]
    desk.runs_panel.refresh()
    return runs


def finished(desk: Desk) -> list[str]:
    with Store(desk.runs, create=False) as store:
        return [run.name for run in store.runs() if run.state == "finished"]


def told(desk: Desk) -> list[Problem]:
    return desk.problems_panel.problems()


def test_what_cannot_begin_is_named_and_the_next_one_follows(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    missing = SHORT.replace('plugin = "airline-passengers"', 'plugin = "table"\nfile = "/no/such.csv"\ntarget = "x"')
    runs = added(desk, "no experiment", SHORT.replace("Long", "Good"), missing, SHORT.replace("Long", "Last"))
    with Store(desk.runs, create=False) as store:
        gone = store.create(name="Gone", label="x", experiment=SHORT)
        desk.runs_panel.refresh()
        store.discard([gone])
    desk.comparing.queue([runs[0], gone, *runs[1:]])
    qtbot.waitUntil(lambda: finished(desk) == ["Good", "Last"], timeout=60_000)
    wait_for(qtbot, desk, WorkerState.FINISHED)
    messages = [one.message for one in told(desk)]
    for number in (1, 5, 3):
        assert any(message.startswith(f"Queued run {number} cannot begin: ") for message in messages), messages
    assert not any(message.startswith(("Queued run 2", "Queued run 4")) for message in messages)
    assert all("排队的运行" in said(message).zh for message in messages if message.startswith("Queued run"))
    assert not desk.runs_panel.waiting.isVisible()


def test_a_queue_is_cleared_and_nothing_follows_the_run(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    runs = added(desk, SHORT, SHORT)
    begun(qtbot, desk)
    desk.window.show_panel(0)
    desk.comparing.queue(runs)
    assert desk.runs_panel.queued_count.text() == "2 queued"
    desk.runs_panel.clear_button.click()
    assert not desk.runs_panel.waiting.isVisible()
    desk.actions.stop.trigger()
    wait_for(qtbot, desk, WorkerState.STOPPED)
    for _ in range(5):
        QApplication.processEvents()
    assert desk.session.state is WorkerState.STOPPED
    assert finished(desk) == []


def test_what_a_person_opens_is_not_replaced_by_a_queued_run(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    runs = added(desk, SHORT, SHORT)
    begun(qtbot, desk)
    desk.comparing.queue(runs)
    begun(qtbot, desk, SHORT.replace("Long", "Mine"), updates=4)
    (note,) = told(desk)
    assert note.level == "note"
    assert note.message == "The queue was cleared, as another experiment was opened; it had the runs: 1, 2"
    assert said(note.message).zh == "队列已清空，因为打开了另一个实验；其中的运行：1, 2"
    wait_for(qtbot, desk, WorkerState.FINISHED)
    for _ in range(5):
        QApplication.processEvents()
    assert desk.document.title.en == "Mine"
    assert finished(desk) == ["Mine"]


def test_whoever_does_not_leave_what_is_open_keeps_it_and_is_told(
    qtbot: QtBot, make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk()
    runs = added(desk, SHORT, SHORT)
    begun(qtbot, desk, SHORT.replace("Long", "Mine"), updates=4)
    wait_for(qtbot, desk, WorkerState.FINISHED)
    desk.document.set("training.learning_rate", 0.5)
    asked: list[QMessageBox] = []

    def cancel(box: QMessageBox) -> int:
        asked.append(box)
        button = box.escapeButton()
        assert isinstance(button, QPushButton)
        button.click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", cancel)
    desk.comparing.queue(runs)
    assert len(asked) == 1, "the same question for each queued run would be one too many"
    assert desk.document.title.en == "Mine"
    assert desk.document.dirty
    (note,) = told(desk)
    assert "the open experiment was not left; it had the runs: 1, 2" in note.message
    assert not desk.runs_panel.waiting.isVisible()
    monkeypatch.undo()
    desk.document.undo_stack.undo()


def test_curves_of_compared_runs_are_read_once(
    qtbot: QtBot, make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk()
    runs = added(desk, *[SHORT] * 8)
    read: list[str] = []
    curves = Store.curves

    def noted(store: Store, run: str, *names: object) -> object:
        read.append(run)
        return curves(store, run, *names)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "curves", noted)
    desk.window.show_experiment()
    desk.window.show_panel(0)
    desk.runs_panel.model.tick_all(runs[:5], on=True)
    desk.runs_panel.model.tick(runs[6], on=True)
    assert read == [*runs[:5], runs[6]]
    assert [one.name.en for one in desk.stage.overlays] == [f"{k} · Run {k - 1}" for k in (1, 2, 3, 4, 5, 7)]
    with Store(desk.runs, create=False) as store:
        store.discard(runs[:2])
        store.change(runs[3], metrics={"test.loss": 1.0})
    desk.runs_panel.refresh()
    assert [one.run for one in desk.stage.overlays] == [*runs[2:5], runs[6]]
    assert read[6:] == [runs[3]]
    assert told(desk) == []
