"""Runs that are opened again, made longer, changed while they last, or held by another process; in the real window."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from lab.experiment.checkpoint import newest_update
from lab.experiment.store import Store
from lab.experiment.values import values_of
from lab.runner.messages import WorkerState
from lab.ui.banner import Banner
from lab.ui.desk import Desk
from lab.ui.words import language
from tests.gui.test_desk import LONG, begun, wait_for

MakeDesk = Callable[..., Desk]
SHORT = LONG.replace("epochs = 100000", "epochs = 6")
HOLD = """
import sys
from pathlib import Path
from lab.experiment.store import Store

with Store(Path(sys.argv[1]), create=False) as store:
    store.claim(sys.argv[2])
    print("held", flush=True)
    sys.stdin.read()
"""


def runs(desk: Desk) -> list[str]:
    with Store(desk.runs, create=False) as store:
        return [run.id for run in store.runs()]


def stopped(qtbot: QtBot, desk: Desk) -> None:
    desk.actions.stop.trigger()
    wait_for(qtbot, desk, WorkerState.STOPPED)


def figure(desk: Desk) -> str:
    label = desk.window.status.findChild(QLabel, "epoch")
    assert label is not None
    return label.text()


@pytest.fixture
def hold(make_desk: MakeDesk) -> Iterator[Callable[[Path, str], int]]:
    """Claim a run in another process, which is alive until the end of the test; its id."""
    held: list[subprocess.Popen[str]] = []

    def claim(folder: Path, run: str) -> int:
        command = [sys.executable, "-c", HOLD, str(folder), run]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        held.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process.pid

    yield claim
    for process in held:
        process.communicate()


def test_a_run_opens_with_the_values_it_ended_with(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    begun(qtbot, desk)
    desk.document.set("training.learning_rate", 0.003)
    desk.document.set("training.batch_size", 2)
    desk.document.set("training.clip_norm", 0.5)
    qtbot.waitUntil(lambda: len(desk.stage.marks) == 3, timeout=20_000)
    stopped(qtbot, desk)
    (run,) = runs(desk)
    desk.document.new()
    desk.filing.opened.emit()
    desk.comparing.reopen(run)
    wait_for(qtbot, desk, WorkerState.PAUSED)
    document = desk.document
    assert document.spec is not None
    training = document.spec.training
    assert (training.learning_rate, training.batch_size, training.clip_norm) == (0.003, 2, 0.5)
    assert set(document.edits()) == {"training.learning_rate", "training.batch_size", "training.clip_norm"}
    row = desk.experiment.row("training.learning_rate")
    assert row is not None
    assert row.dot.isVisibleTo(row)
    assert "0.01" in row.dot.toolTip()
    assert not document.dirty, "the run has kept what was changed"
    assert desk.filing.may_leave()
    before = desk.stage.update
    desk.actions.run.trigger()
    qtbot.waitUntil(lambda: desk.stage.update > before + 3, timeout=60_000)
    assert desk.stage.curve("learning_rate").values[-1] == pytest.approx(0.003)
    stopped(qtbot, desk)
    desk.actions.run_anew.trigger()
    qtbot.waitUntil(lambda: desk.stage.run != run and desk.stage.update > 2, timeout=60_000)
    assert desk.stage.curve("learning_rate").values[0] == pytest.approx(0.003)
    document.undo_stack.undo()
    assert document.spec.training.learning_rate == 0.01
    assert not document.dirty


def test_a_run_whose_experiment_is_left_is_no_longer_that_on_the_stage(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    begun(qtbot, desk, SHORT)
    wait_for(qtbot, desk, WorkerState.FINISHED)
    (run,) = runs(desk)
    panel = desk.runs_panel
    assert (panel.model.current, panel.compared_runs()) == (run, [run])
    assert "Run 1" in desk.experiment.header.subtitle.text()
    desk.document.open_text(LONG, "another")
    desk.filing.opened.emit()
    assert (panel.model.current, panel.compared_runs()) == (None, [])
    assert "Run 1" not in desk.experiment.header.subtitle.text()
    panel.model.tick(run, on=True)
    (overlay,) = desk.stage.overlays
    assert overlay.run == run, "it can be laid over the next one, or deleted, as any other"


def test_differences_know_what_was_changed_while_runs_lasted(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    for rate in (0.01, 0.003):
        begun(qtbot, desk)
        desk.document.set("training.learning_rate", rate)
        before = desk.stage.update
        qtbot.waitUntil(lambda before=before: desk.stage.update > before + 3, timeout=20_000)
        stopped(qtbot, desk)
    desk.comparing.compare(runs(desk))
    model = desk.differences.model
    shown = {model.index(row, 0).data(): [model.index(row, 1 + n).data() for n in (0, 1)] for row in range(2)}
    assert shown["Learning rate"] == ["0.01", "0.003"]


def test_a_run_that_another_process_trains_is_refused_and_nothing_is_left(
    qtbot: QtBot, make_desk: MakeDesk, hold: Callable[[Path, str], int]
) -> None:
    desk = make_desk()
    begun(qtbot, desk, SHORT, updates=6)
    wait_for(qtbot, desk, WorkerState.FINISHED)
    begun(qtbot, desk)
    theirs, mine = runs(desk)
    pid = hold(desk.runs, theirs)
    desk.document.set("training.learning_rate", 0.005)
    text, update = desk.document.text, desk.stage.update
    desk.comparing.reopen(theirs)
    banner = desk.window.findChild(Banner)
    assert banner is not None
    assert banner.isVisibleTo(desk.window)
    said = " ".join(label.text() for label in banner.findChildren(QLabel))
    assert str(pid) in said
    assert "Stop it there" in said
    language.use("zh")
    assert "另一进程" in " ".join(label.text() for label in banner.findChildren(QLabel))
    assert desk.document.text == text
    assert desk.document.dirty
    assert desk.stage.run == mine
    qtbot.waitUntil(lambda: desk.stage.update > update + 3, timeout=20_000)
    assert runs(desk) == [theirs, mine]


def test_opening_the_run_that_is_under_way_leaves_it_alone(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    begun(qtbot, desk)
    run, update = desk.stage.run, desk.stage.update
    assert run is not None
    desk.comparing.reopen(run)
    qtbot.waitUntil(lambda: desk.stage.update > update + 3, timeout=20_000)
    assert desk.stage.state in (WorkerState.RUNNING, WorkerState.COMPILING)


def test_epochs_are_edited_while_a_network_learns(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    begun(qtbot, desk)
    row = desk.experiment.row("training.epochs")
    assert row is not None
    assert row.control.isVisibleTo(row)
    desk.actions.run.trigger()
    wait_for(qtbot, desk, WorkerState.PAUSED)
    last = desk.session.epoch + 4
    row.edited.emit(last, False)
    desk.actions.run.trigger()
    wait_for(qtbot, desk, WorkerState.FINISHED)
    assert (desk.session.epoch, desk.session.epochs, desk.session.updates) == (last, last, desk.stage.update)
    assert figure(desk) == f"epoch {last} of {last}"
    assert any(words["en"] == f"epochs 100000 → {last}" for _, words in desk.stage.marks)
    (run,) = runs(desk)
    desk.document.new()
    desk.filing.opened.emit()
    desk.comparing.reopen(run)
    wait_for(qtbot, desk, WorkerState.FINISHED)
    assert desk.stage.update == last
    assert figure(desk) == f"epoch {last} of {last}"


def test_a_finished_run_goes_on_when_it_is_made_longer(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    begun(qtbot, desk, SHORT, updates=6)
    wait_for(qtbot, desk, WorkerState.FINISHED)
    assert desk.actions.run.text() == "Run"
    run = desk.stage.run
    desk.document.set("training.learning_rate", 0.005)
    assert desk.actions.run.text() == "Run", "there is nothing left to go on with"
    desk.document.set("training.epochs", 11)
    assert desk.actions.run.text() == "Resume from 6"
    desk.actions.run.trigger()
    qtbot.waitUntil(lambda: desk.stage.update == 11 and desk.stage.state is WorkerState.FINISHED, timeout=60_000)
    assert desk.stage.run == run
    assert runs(desk) == [run]
    rates = desk.stage.curve("learning_rate").values
    assert list(desk.stage.curve("learning_rate").updates) == list(range(1, 12))
    assert rates[:6] == pytest.approx(0.01)
    assert rates[6:] == pytest.approx(0.005)
    assert desk.actions.run.text() == "Run"


def test_a_run_that_stopped_early_is_at_its_end_and_says_why(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    early = LONG.replace("learning_rate = 0.01", "learning_rate = 0.5\nearly_stopping = 2")
    shares: list[float] = []
    desk.window.status.progressed.connect(shares.append)
    desk.document.open_text(early, "early")
    desk.filing.opened.emit()
    desk.actions.run.trigger()
    wait_for(qtbot, desk, WorkerState.FINISHED)
    epoch = desk.session.epoch
    assert figure(desk) == f"stopped early at epoch {epoch:,} of 100,000: no better for 2 epochs"
    assert shares[-1] == 1.0
    language.use("zh")
    assert figure(desk) == f"在第 {epoch:,} 轮提前停止（共 100,000 轮）：已有 2 轮无改进"
    language.use("en")
    desk.window.status.set_compact(True)
    assert figure(desk) == f"stopped early at epoch {epoch:,} of 100,000"
    desk.document.set("training.epochs", 200_000)
    assert desk.actions.run.text() == "Run", "more epochs would end at once"
    desk.document.set("training.early_stopping", 0)
    desk.document.set("training.epochs", epoch + 3)
    assert desk.actions.run.text().startswith("Resume")
    desk.actions.run.trigger()
    qtbot.waitUntil(
        lambda: desk.stage.state is WorkerState.FINISHED and desk.session.epoch == epoch + 3, timeout=60_000
    )
    assert figure(desk) == f"epoch {epoch + 3} of {epoch + 3}"


def test_a_loss_that_is_no_number_is_resumed_more_gently(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    text = LONG.replace("checkpoint_every = 40", "checkpoint_every = 1000000\nclip_norm = 0.0")
    begun(qtbot, desk, text, updates=20)
    desk.actions.snapshot.trigger()
    assert desk.stage.run is not None
    folder = desk.runs / desk.stage.run
    qtbot.waitUntil(lambda: (newest_update(folder) or 0) >= 20, timeout=60_000)
    desk.document.set("training.learning_rate", 1e38)
    desk.session.set_value("training.learning_rate", 1e38)
    wait_for(qtbot, desk, WorkerState.FAILED)
    # The step is as long as before, so that it fails again; then the clip is there, and the rate is what is left.
    for words, path, value in (
        ("Resume, clip at 1", "training.clip_norm", 1.0),
        ("Resume, learning rate 0.01", "training.learning_rate", 0.01),
    ):
        qtbot.waitUntil(lambda words=words: words in buttons(desk), timeout=60_000)
        assert list(buttons(desk)) == [words, "Resume from the checkpoint", "Run from the beginning"]
        buttons(desk)[words].click()
        assert desk.document.spec is not None
        assert values_of(desk.document.spec)[path] == value
        qtbot.waitUntil(lambda key=path, value=value: (key, value) in changes(desk), timeout=60_000)
    desk.document.undo_stack.undo()
    assert desk.document.spec.training.learning_rate == 1e38


def changes(desk: Desk) -> list[tuple[str, object]]:
    """What was changed while the one run lasted, as the store has it."""
    with Store(desk.runs, create=False) as store:
        (run,) = store.runs()
    return [(f"training.{change['key']}", change["value"]) for change in run.plan.get("changes", ())]


def buttons(desk: Desk) -> dict[str, QPushButton]:
    """The buttons of the banner that are shown, by their words."""
    found = desk.window._banner.findChildren(QPushButton)
    return {button.text(): button for button in found if button.isVisible() and button.text()}
