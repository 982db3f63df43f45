"""The window when its store or its machine gives trouble: one clear message, and all else goes on."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from lab.experiment.store import Store
from lab.runner.messages import WorkerState
from lab.ui.desk import Desk
from tests.cli.support import ROOT
from tests.gui.test_desk import LONG, begun, wait_for
from tests.trouble import locked, no_room, read_only

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other means for each of these")
MakeDesk = Callable[..., Desk]
FONTS = """
import sys
from pathlib import Path
from PySide6.QtGui import QFontInfo
from lab.ui.app import application, make_desk
from lab.ui.settings import Settings, follow
from lab.ui.theme import theme
from lab.ui.words import language

app, problems = application()
settings = Settings(Path(sys.argv[1]) / "settings.toml")
settings.set_value("language", "zh")
follow(settings)
desk = make_desk(settings, Path(sys.argv[1]) / "runs")
desk.window.resize(1024, 768)
desk.window.show()
desk.window.show_experiment()
app.processEvents()
print(language.code, *(problem.message for problem in problems), sep=";")
print(*(QFontInfo(font).family() for font in (theme.font(), theme.formula_font(), theme.code_font())), sep=";")
print(desk.window.width(), desk.window.height())
desk.leave()
"""
SHORT = LONG.replace("epochs = 100000", "epochs = 4")


def banner(desk: Desk) -> str:
    """What the banner says, empty where there is none."""
    shown = desk.window._banner
    return "" if shown.isHidden() else shown.accessibleName()


def messages(desk: Desk) -> list[str]:
    return [problem.message for problem in desk.problems_panel.problems()]


def test_a_locked_store_ends_no_run_and_is_told_once(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    begun(qtbot, desk)
    with locked(desk.runs):
        wait_for(qtbot, desk, WorkerState.PAUSED)
        qtbot.waitUntil(lambda: "Training waits" in banner(desk), timeout=20_000)
        before = desk.stage.update
        (message,) = messages(desk)
        assert "in use by another process" in message
    qtbot.waitUntil(lambda: desk.stage.update > before + 5, timeout=60_000)
    assert desk.stage.state is not WorkerState.PAUSED
    assert banner(desk) == ""
    with Store(desk.runs, create=False) as store:
        (run,) = store.runs()
    assert run.state == "running"


def test_on_a_full_disk_training_waits_until_it_is_asked_again(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    begun(qtbot, desk)
    assert desk.session.worker_pid is not None
    with no_room(desk.session.worker_pid):
        wait_for(qtbot, desk, WorkerState.PAUSED)
        qtbot.waitUntil(lambda: "choose another folder for runs" in banner(desk), timeout=20_000)
    again = [one for one in desk.window.findChildren(QPushButton) if one.isVisible() and one.text() == "Try again now"]
    before = desk.stage.update
    if again:  # it may have gone on by itself already
        qtbot.mouseClick(again[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: desk.stage.update > before + 5, timeout=60_000)
    assert banner(desk) == ""


def test_runs_are_not_changed_while_the_store_is_locked(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    for _ in range(2):
        begun(qtbot, desk, SHORT, updates=4)
        wait_for(qtbot, desk, WorkerState.FINISHED)
    panel = desk.runs_panel
    panel.refresh()
    first, second = panel.model.shown()
    panel.list.setCurrentIndex(panel.model.index(0))
    with locked(desk.runs):
        start = time.monotonic()
        assert not panel.model.setData(panel.model.index(0), "Another name")
        assert "in use by another process" in panel.count.text()
        panel.delete()
        assert not panel.model.change(first, note="Good")
        panel.filter.setText("lstm")
        panel.filter.returnPressed.emit()
        panel.refresh()
        assert panel.model.shown() == [first, second]
        assert time.monotonic() - start < 3, "the window does not stand still"
        assert len(messages(desk)) == 1, "the same is counted, not listed again"
    panel.refresh()
    with Store(desk.runs, create=False) as store:
        assert [(run.name, run.note) for run in store.runs()] == [("Long", "")] * 2
    assert panel.model.setData(panel.model.index(0), "Another name")
    panel.list.setCurrentIndex(panel.model.index(0))
    panel.delete()
    assert panel.model.shown() == [second]


def test_a_window_that_opens_while_runs_cannot_be_read_lists_them_later(
    qtbot: QtBot, make_desk: MakeDesk, tmp_path: Path
) -> None:
    with Store(tmp_path / "runs") as store:
        run = store.create(name="Long", label="lstm", experiment=LONG)
    with locked(tmp_path / "runs", reading=True):
        desk = make_desk()
        desk.window.show_experiment()
        desk.window.show_panel(0)
        qtbot.waitUntil(lambda: bool(messages(desk)), timeout=10_000)
        for _ in range(3):
            desk.runs_panel.refresh()
        assert len(messages(desk)) == 1
        assert desk.problems_panel.problems()[0].level == "warning"
        assert desk.runs_panel.model.shown() == []
    qtbot.waitUntil(lambda: desk.runs_panel.model.shown() == [run], timeout=10_000)


def test_what_cannot_be_deleted_at_the_end_is_deleted_later(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    begun(qtbot, desk, SHORT, updates=4)
    wait_for(qtbot, desk, WorkerState.FINISHED)
    panel = desk.runs_panel
    panel.refresh()
    panel.list.setCurrentIndex(panel.model.index(0))
    (run,) = panel.model.shown()
    panel.delete()
    assert panel.model.shown() == []
    with locked(desk.runs):
        start = time.monotonic()
        panel.close_store()
        assert time.monotonic() - start < 4
    with Store(desk.runs, create=False) as store:
        assert store.runs() == []
        with store._database.reading() as connection:
            assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)
            store.purge([run])
            assert connection.execute("SELECT count(*) FROM runs").fetchone() == (0,)


def test_a_window_that_closes_is_gone_before_what_takes_long(
    qtbot: QtBot, make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk()
    seen: list[bool] = []
    purge = Store.purge

    def noted(store: Store, *runs: list[str]) -> None:
        seen.append(desk.window.isVisible())
        purge(store, *runs)

    monkeypatch.setattr(Store, "purge", noted)
    Store(desk.runs).close()
    assert desk.window.isVisible()
    desk.close()
    assert seen == [False]


def test_runs_of_a_read_only_store_can_be_looked_at(qtbot: QtBot, make_desk: MakeDesk) -> None:
    first = make_desk()
    begun(qtbot, first, SHORT, updates=4)
    wait_for(qtbot, first, WorkerState.FINISHED)
    first.leave()
    with read_only(first.runs):
        desk = make_desk()
        (message,) = messages(desk)
        assert "cannot be written to" in message
        (run,) = desk.runs_panel.model.shown() or [first.stage.run]
        desk.comparing.reopen(str(run))
        wait_for(qtbot, desk, WorkerState.FINISHED)
        qtbot.waitUntil(lambda: "Nothing more is kept" in banner(desk), timeout=20_000)
        assert len(desk.stage.curve("train.loss").values) == 4
        qtbot.waitUntil(lambda: bool(desk.stage.frames), timeout=20_000)
        desk.running.begin()
        wait_for(qtbot, desk, WorkerState.FAILED)
        qtbot.waitUntil(lambda: "could not begin" in banner(desk), timeout=20_000)
        assert "choose another" in banner(desk)
        desk.leave()


def test_without_a_folder_for_runs_the_window_opens_and_says_so(
    qtbot: QtBot, make_desk: MakeDesk, tmp_path: Path
) -> None:
    (tmp_path / "runs").write_text("a file has the name of the folder")
    desk = make_desk()
    (message,) = messages(desk)
    assert "cannot be made" in message
    desk.document.open_text(SHORT, "short")
    desk.filing.opened.emit()
    desk.actions.run.trigger()
    wait_for(qtbot, desk, WorkerState.FAILED)
    assert "could not begin" in banner(desk)
    desk.document.set("layers.0.hidden", 9)
    assert desk.document.dirty


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere fonts do not come from fontconfig")
def test_without_fonts_of_the_system_the_window_can_be_read(tmp_path: Path) -> None:
    configuration = tmp_path / "fonts.conf"
    configuration.write_text(
        f"<fontconfig><dir>{tmp_path / 'none'}</dir><cachedir>{tmp_path / 'fonts'}</cachedir></fontconfig>"
    )
    done = subprocess.run(
        [sys.executable, "-c", FONTS, str(tmp_path)],
        env={**os.environ, "FONTCONFIG_FILE": str(configuration), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    said, families, size = done.stdout.splitlines()[-3:]
    assert said == "en;the window is in English: no Chinese font is installed"
    assert families.split(";")[0] == "Inter"
    assert size == "1024 768"
