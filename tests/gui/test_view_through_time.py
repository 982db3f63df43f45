"""The gradient through time with real runs: which state is seen, of one run after the other."""

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from lab.runner.messages import WorkerState
from lab.ui.desk import Desk
from tests.gui.frames import SERIES

SHORT = SERIES.replace("epochs = 25", "epochs = 3")


def ran(qtbot: QtBot, desk: Desk, cell: str) -> None:
    desk.document.open_text(SHORT.replace('"lstm"', f'"{cell}"'), cell)
    desk.filing.opened.emit()
    desk.window.views.show_view("through-time")
    desk.actions.run.trigger()
    qtbot.waitUntil(lambda: desk.stage.state is WorkerState.FINISHED, timeout=60_000)


def seen(qtbot: QtBot, desk: Desk, state: str) -> None:
    """Wait for a frame of a state, which must be the one that the choice shows."""
    frames = desk.stage.frames
    qtbot.waitUntil(lambda: "through-time" in frames and frames["through-time"].notes["state"] == state, timeout=20_000)


def test_a_state_is_seen_again_where_the_next_run_has_it(qtbot: QtBot, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.session.target = "numpy"
    view = next(frame.view for frame in desk.frames if frame.name == "through-time")
    chooser = view.chooser()
    ran(qtbot, desk, "lstm")
    seen(qtbot, desk, "whole")
    assert [name.en for name in chooser.names] == ["s", "h", "c", "Z"]
    chooser._choose(2)
    seen(qtbot, desk, "c")
    ran(qtbot, desk, "lstm")
    seen(qtbot, desk, "c")
    assert chooser.names[chooser.current].en == "c"
    ran(qtbot, desk, "elman")
    seen(qtbot, desk, "whole")
    assert chooser.names[chooser.current].en == "s"
    assert "Waiting" not in view.sentence().text.en
    assert not desk.problems_panel.problems()
