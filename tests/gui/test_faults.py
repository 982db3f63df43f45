"""An experiment that cannot run: why is said where a run is asked for, and the way leads to the value at fault."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from lab.runner.messages import WorkerState
from lab.ui.desk import Desk
from lab.ui.forms.editors import LineEditor
from lab.ui.forms.section import Section
from lab.ui.words import language
from tests.gui.test_desk import LONG, begun, wait_for

MakeDesk = Callable[..., Desk]


def opened(desk: Desk, text: str) -> None:
    desk.document.open_text(text, "long")
    desk.filing.opened.emit()


def field(desk: Desk, path: str) -> LineEditor:
    row = desk.experiment.row(path)
    assert row is not None, path
    assert isinstance(row.control, LineEditor)
    return row.control


def section(desk: Desk, title: str) -> Section:
    return next(one for one in desk.experiment.findChildren(Section) if one.title.title.en == title)


def typed(desk: Desk, path: str, text: str) -> LineEditor:
    """Type over a value and go to the next."""
    line = field(desk, path)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text) if text else QTest.keyClick(line, Qt.Key.Key_Delete)
    QTest.keyClick(line, Qt.Key.Key_Return)
    return line


def banner(desk: Desk) -> str:
    return desk.window._banner.accessibleName() if desk.window.has_banner else ""


def test_a_wrong_key_in_a_folded_section_is_seen_and_said(make_desk: MakeDesk) -> None:
    desk = make_desk()
    opened(desk, LONG)
    general = section(desk, "General")
    assert not general.body.isVisible()
    opened(desk, LONG.replace("seed = 7", 'seed = "x"'))
    assert general.body.isVisible()
    assert general.mark.isVisible()
    assert "wrong" in general.title.accessibleName()
    assert not section(desk, "Training").mark.isVisible()
    assert desk.experiment.header.subtitle.text() == "1 problem · long"
    assert desk.cell.equations.equations, "the cell is known"
    assert desk.actions.run.toolTip() == "Cannot run yet. Seed must be a whole number, not 'x'. (F5)"
    general.title.setChecked(False)
    desk.actions.run.trigger()
    assert desk.stage.state is WorkerState.IDLE
    assert desk.window.focusWidget() is field(desk, "seed")
    assert field(desk, "seed").isVisible()
    assert "The run could not begin Seed must be a whole number, not 'x'." in banner(desk)
    language.use("zh")
    assert desk.experiment.header.subtitle.text() == "1 个问题 · long"
    assert "必须是整数" in desk.actions.run.toolTip()
    language.use("en")
    typed(desk, "seed", "3")
    assert not general.mark.isVisible()
    assert general.title.accessibleName() == "General"
    assert desk.actions.run.toolTip() == "Run this experiment (F5)"
    assert banner(desk) == ""


def test_a_section_that_is_folded_again_stays_so_until_another_experiment_is_open(make_desk: MakeDesk) -> None:
    desk = make_desk()
    wrong = LONG.replace("seed = 7", 'seed = "x"')
    opened(desk, wrong)
    general = section(desk, "General")
    general.title.setChecked(False)
    desk.document.set("layers.0.hidden", 7)
    assert not general.body.isVisible()
    assert general.mark.isVisible()
    opened(desk, wrong)
    assert general.body.isVisible()


@pytest.mark.parametrize("action", ["run", "run_anew", "one_update", "one_epoch"])
def test_nothing_runs_with_another_value_than_is_seen(make_desk: MakeDesk, action: str) -> None:
    desk = make_desk()
    opened(desk, LONG)
    typed(desk, "training.batch_size", "1.5")
    typed(desk, "training.weight_decay", "")
    clip = typed(desk, "training.clip_norm", "-1")
    desk.experiment.header.as_text.setFocus()
    assert desk.experiment.header.subtitle.text().startswith("3 problems")
    desk.actions.all[action].trigger()
    assert desk.stage.state is WorkerState.IDLE
    assert desk.window.focusWidget() is clip, "the first from the top"
    assert clip.text() == "-1"
    assert "Clip norm: Must be a number of at least 0, not −1. There are 2 more problems." in banner(desk)
    for path in ("training.clip_norm", "training.weight_decay", "training.batch_size"):
        QTest.keyClick(field(desk, path), Qt.Key.Key_Escape)
    assert [field(desk, f"training.{key}").text() for key in ("clip_norm", "batch_size")] == ["1.0", "1"]
    assert desk.document.faults == ()
    assert banner(desk) == ""


def test_what_is_being_typed_is_refused_before_it_runs(make_desk: MakeDesk) -> None:
    desk = make_desk()
    opened(desk, LONG)
    line = field(desk, "training.clip_norm")
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "-1")
    assert desk.document.faults == ()
    desk.actions.one_update.trigger()
    assert desk.stage.state is WorkerState.IDLE
    assert "Clip norm" in banner(desk)


def test_a_choice_that_was_refused_shows_what_is_used_and_runs(make_desk: MakeDesk, qtbot: QtBot) -> None:
    desk = make_desk()
    opened(desk, LONG)
    loss = desk.experiment.row("output.loss")
    assert loss is not None
    loss.edited.emit("cross-entropy", False)
    assert loss.message is not None
    assert desk.document.faults == ()
    desk.actions.run.trigger()
    qtbot.waitUntil(lambda: desk.stage.update >= 1, timeout=60_000)


def test_no_run_goes_on_with_another_value_than_is_seen(make_desk: MakeDesk, qtbot: QtBot) -> None:
    desk = make_desk()
    begun(qtbot, desk, updates=60)
    desk.actions.stop.trigger()
    wait_for(qtbot, desk, WorkerState.STOPPED)
    assert desk.actions.meaning == "resume"
    rate = typed(desk, "training.learning_rate", "fast")
    assert "Learning rate" in desk.actions.run.toolTip()
    desk.actions.run.trigger()
    assert desk.stage.state is WorkerState.STOPPED
    assert "Learning rate: Must be a number of at least 0, not fast." in banner(desk)
    QTest.keyClick(rate, Qt.Key.Key_Escape)
    desk.actions.run.trigger()
    assert desk.stage.state is WorkerState.STARTING


def test_the_way_to_a_fault_opens_what_hides_it(make_desk: MakeDesk) -> None:
    desk = make_desk()
    opened(desk, LONG)
    typed(desk, "training.clip_norm", "-1")
    desk.experiment.as_text.setChecked(True)
    desk.actions.toggle_left.trigger()
    assert not desk.experiment.isVisible()
    desk.actions.run.trigger()
    assert field(desk, "training.clip_norm").isVisible()
    desk.experiment.as_text.setChecked(True)
    desk.document.replace_text("version = 1\nseed = \n")
    desk.actions.run.trigger()
    editor = desk.experiment.text_page.editor
    assert desk.window.focusWidget() is editor
    assert editor.textCursor().blockNumber() == 1
