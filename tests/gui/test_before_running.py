"""What views tell of an experiment that is open and has not been run."""

from collections.abc import Callable

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lab.ui.desk import Desk
from lab.ui.views.canvas import Canvas
from tests.gui.frames import SERIES


def test_weights_have_their_names_and_shapes(qtbot: QtBot, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    weights = next(frame for frame in desk.frames if frame.name == "weights")

    def listed() -> list[str]:
        desk.refresher.tick()
        return [note.text.en for note in weights.findChild(Canvas).plots[0].notes]

    desk.document.open_text(SERIES, "one")
    desk.filing.opened.emit()
    desk.window.views.show_view("weights")
    QApplication.processEvents()
    assert listed() == [
        "W_i, W_f, W_o, W_c (1)  8 × M",
        "U_i, U_f, U_o, U_c (1)  8 × 8",
        "b_i, b_f, b_o, b_c (1)  8",
        "output.V  K × 8",
        "output.b  K",
    ]
    assert "F5" in weights.sentence.en
    desk.document.set("layers.0.hidden", 5)
    assert listed()[1] == "U_i, U_f, U_o, U_c (1)  5 × 5"
    desk.document.replace_text("version = ")
    assert not listed(), "what cannot be read has no shapes"
