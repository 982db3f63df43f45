"""Present mode with real runs: what is presented stands at the top right, and is never that of another run."""

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from lab.runner.messages import WorkerState
from lab.ui.desk import Desk
from lab.ui.perspectives import PRESENT
from lab.ui.theme import theme
from lab.ui.words import language
from tests.gui.frames import ADDING, SERIES

LONG = SERIES.replace("version = 1", 'version = 1\nname = "Passengers"\nname_zh = "乘客"').replace(
    "epochs = 25", "epochs = 100000"
)


def test_the_caption_has_cell_experiment_and_epoch(qtbot: QtBot, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.session.target = "numpy"

    def caption() -> str:
        assert desk.window.perspective == PRESENT
        return desk.window.present._words.text()

    desk.document.open_text(LONG, "one")
    desk.filing.opened.emit()
    desk.window.start_present(full_screen=False)
    assert caption() == "LSTM · Passengers"
    desk.actions.run.trigger()
    qtbot.waitUntil(lambda: desk.session.epoch > 2, timeout=60_000)
    desk.actions.run.trigger()
    qtbot.waitUntil(lambda: desk.stage.state is WorkerState.PAUSED, timeout=60_000)
    assert caption() == f"LSTM · Passengers · epoch {desk.session.epoch:,}"
    desk.session.one_epoch()
    before = desk.session.epoch
    qtbot.waitUntil(lambda: desk.session.epoch > before and desk.stage.state is WorkerState.PAUSED, timeout=60_000)
    assert caption() == f"LSTM · Passengers · epoch {before + 1:,}"
    language.use("zh")
    assert caption() == f"长短期记忆网络 · 乘客 · 第 {before + 1:,} 轮"
    language.use("en")
    desk.document.open_text(ADDING.replace("version = 1", 'version = 1\nname = "Adding"'), "two")
    desk.filing.opened.emit()
    assert caption() == "Simple recurrent network · Adding"
    desk.window.leave_present()
    assert theme.scale == 1.0
