"""What views tell of an experiment that is open and has not been run: its data, its network, why it could not run."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lab.runner.messages import WorkerState
from lab.ui.desk import Desk
from lab.ui.views.canvas import Canvas
from lab.ui.views.frame import ViewFrame
from tests.gui.frames import SERIES
from tests.runner.support import MISBEHAVING

TEXT = """
version = 1
name = "Letters"
[dataset]
plugin = "characters"
file = ""
window = 20
[input]
encoding = "one-hot"
[[layers]]
cell = "gru"
hidden = 8
[output]
loss = "cross-entropy"
[training]
epochs = 1
"""


def shown(qtbot: QtBot, desk: Desk, text: str) -> None:
    """Open an experiment, and wait until what is known of it is on the stage."""
    with qtbot.waitSignal(desk.session.prepared, timeout=20_000):
        desk.document.open_text(text, "one")
        desk.filing.opened.emit()


def view(desk: Desk, name: str) -> ViewFrame:
    """A view that can be seen."""
    desk.window.views.show_view(name)
    QApplication.processEvents()
    desk.refresher.tick()
    return next(frame for frame in desk.frames if frame.name == name)


def test_weights_have_their_names_and_shapes(qtbot: QtBot, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.make_views()
    shown(qtbot, desk, SERIES)

    def listed() -> list[str]:
        weights = view(desk, "weights")
        weights.refresh()
        assert "F5" in weights.view.sentence().text.en
        return [note.text.en for note in weights.findChild(Canvas).plots[0].notes]

    assert listed() == [
        "W_i, W_f, W_o, W_c (1)  8 × 13",
        "U_i, U_f, U_o, U_c (1)  8 × 8",
        "b_i, b_f, b_o, b_c (1)  8",
        "output.V  1 × 8",
        "output.b  1",
    ]
    assert "713 parameters" in desk.cell.about.text()
    with qtbot.waitSignal(desk.session.prepared, timeout=20_000):
        desk.document.set("layers.0.hidden", 5)
    assert listed()[1] == "U_i, U_f, U_o, U_c (1)  5 × 5"
    assert desk.session.state is WorkerState.IDLE
    assert desk.session.stage.run is None
    assert not list(desk.runs.glob("*")), "nothing is kept of it"


def test_a_series_has_its_truth_its_baseline_and_its_inputs(qtbot: QtBot, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.make_views()
    shown(qtbot, desk, SERIES)
    predictions = view(desk, "predictions")
    qtbot.waitUntil(lambda: "predictions" in desk.stage.frames, timeout=10_000)
    qtbot.waitUntil(lambda: len(predictions.view.table()) > 0, timeout=10_000)
    table = predictions.view.table()
    assert "forecast" not in table
    truth, last_year = table["truth"], table["baseline seasonal naive"]
    assert len(truth) > 120
    assert np.allclose(last_year[12:], truth[:-12]), "the same month of last year"
    assert [key.text.en for key in predictions.view.legend()] == ["truth", "last year"]
    assert predictions.view.sentence().text.en == "Press F5 to run: predictions will be here."
    states = view(desk, "hidden-states")
    qtbot.waitUntil(lambda: "inputs" in desk.stage.frames, timeout=10_000)
    states.refresh()
    assert states.view.sentence().text.en == "Press F5 to run: hidden states will be here."
    (below,) = [plot for plot in states.findChild(Canvas).plots if plot.x.name.en == "Year"]
    steps = desk.stage.frames["inputs"].arrays["inputs"].shape[0]
    assert below.view()[0] == (-0.5, steps - 0.5)


def test_a_text_has_its_baselines_and_its_symbols(qtbot: QtBot, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.make_views()
    shown(qtbot, desk, TEXT)
    loss = view(desk, "loss")
    assert [key.text.en for key in loss.view.legend()] == ["train", "baselines"]
    qtbot.waitUntil(lambda: "inputs" in desk.stage.frames, timeout=10_000)
    assert desk.stage.frames["inputs"].arrays["symbols"].shape == (20, 6)
    assert len(desk.experiment.watching.samples) == 6
    desk.experiment.watching.changed.emit([3], 0, 30.0)
    qtbot.waitUntil(lambda: desk.stage.frames["inputs"].arrays["symbols"].shape == (20, 1), timeout=10_000)


def test_what_is_known_stays_until_the_run_has_more(qtbot: QtBot, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.make_views()
    shown(qtbot, desk, SERIES)
    view(desk, "predictions")
    qtbot.waitUntil(lambda: "predictions" in desk.stage.frames, timeout=10_000)
    desk.actions.run.trigger()
    assert desk.session.state is WorkerState.STARTING
    assert desk.stage.about
    assert "truth" in desk.stage.frames["predictions"].arrays
    qtbot.waitUntil(lambda: "forecast" in desk.stage.frames["predictions"].arrays, timeout=30_000)
    desk.actions.stop.trigger()
    qtbot.waitUntil(lambda: desk.session.state in (WorkerState.STOPPED, WorkerState.FINISHED), timeout=30_000)
    assert desk.stage.run is not None
    about = desk.stage.about
    desk.document.set("layers.0.hidden", 5)
    qtbot.wait(600)
    assert desk.stage.about is about, "of a run on the stage nothing is taken away"


def test_a_worker_that_is_lost_over_the_data_is_told_and_another_takes_its_place(
    qtbot: QtBot, make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "misbehaving.py").write_text(MISBEHAVING)
    desk = make_desk(plugins)
    desk.make_views()
    desk.document.open_text(SERIES.replace("airline-passengers", "never"), "one")
    desk.filing.opened.emit()
    first = desk.session.worker_pid
    assert first is not None
    with qtbot.waitSignal(desk.session.prepared, timeout=20_000):
        qtbot.wait(1000)
        os.kill(first, signal.SIGKILL)
    assert desk.stage.state is WorkerState.IDLE
    words = view(desk, "loss").view.sentence().text
    assert words.en.startswith("The worker was ended by SIGKILL. Change the dataset, or press Run")
    with qtbot.waitSignal(desk.session.prepared, timeout=60_000):
        desk.document.set("dataset.plugin", "airline-passengers")
    assert desk.stage.about
    assert desk.session.worker_pid != first


def test_why_it_could_not_run_is_said_where_its_results_would_be(qtbot: QtBot, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.make_views()
    shown(qtbot, desk, TEXT.replace('file = ""', 'file = "nowhere.txt"'))
    assert not desk.stage.about
    for name in ("loss", "predictions", "gates"):
        words = view(desk, name).view.sentence().text
        assert "nowhere.txt" in words.en, name
    assert not desk.problems_panel.problems(), "it is no problem before it is to run"
    with qtbot.waitSignal(desk.session.prepared, timeout=20_000):
        desk.document.undo_stack.undo()
        desk.document.set("dataset.file", "")
    assert desk.stage.hindrance is None
    assert "F5" in view(desk, "gates").view.sentence().text.en
