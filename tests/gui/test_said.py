"""The Chinese window: what the engine and plugins say is Chinese in every place where it is shown."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from lab.runner.messages import WorkerState
from lab.ui.banner import Banner
from lab.ui.panels.plugins import PluginsPanel
from lab.ui.words import language
from tests.gui.test_desk import BROKEN, LONG, MakeDesk, begun, wait_for
from tests.plugins.helpers import CELL

WORDS = """
[messages]
"the moon is {phase} tonight" = "今晚的月相：{phase}"

[values]
"full" = "满月"
"""
ENGLISH = re.compile(r"[a-z]{3,} [a-z]{3,}")


def shown(widget: QWidget) -> str:
    """All words of a widget that can be seen, and what it is to those who cannot see."""
    QApplication.processEvents()
    labels = [one.text().replace("\u200b", "") for one in widget.findChildren(QLabel) if one.isVisible()]
    return "\n".join([*labels, *(one.accessibleName() for one in widget.findChildren(QWidget))])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_worker_that_is_killed(qtbot: QtBot, make_desk: MakeDesk) -> None:
    desk = make_desk()
    language.use("zh")
    begun(qtbot, desk)
    pid = desk.session.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(qtbot, desk, WorkerState.LOST)
    (banner,) = [one for one in desk.window.findChildren(Banner) if one.isVisible()]
    assert "训练进程被 SIGKILL 结束。" in shown(banner)
    assert "若是内存不足，请减小网络或批次。" in shown(banner)
    assert not ENGLISH.search(shown(banner))
    assert "训练进程被 SIGKILL 结束" in shown(desk.problems_panel)
    assert not ENGLISH.search(shown(desk.problems_panel))
    language.use("en")
    assert "The worker was ended by SIGKILL." in shown(banner)
    assert "the worker was ended by SIGKILL" in shown(desk.problems_panel)


def test_what_is_wrong_with_plugins(qtbot: QtBot, make_desk: MakeDesk, tmp_path: Path) -> None:
    """A plugin brings its own words; what brings none is left as it is."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "good.py").write_text(CELL.format(name="good"), encoding="utf-8")
    (folder / "moon.py").write_text('raise ValueError("the moon is full tonight")', encoding="utf-8")
    (folder / "sun.py").write_text('raise ValueError("the sun is out of order")', encoding="utf-8")
    (folder / "messages.zh.toml").write_text(WORDS, encoding="utf-8")
    (folder / "broken.py").write_text(BROKEN, encoding="utf-8")
    language.use("zh")
    desk = make_desk(folder)
    begun(qtbot, desk)
    desk.window.views.show_view("broken")
    qtbot.waitUntil(lambda: len(desk.problems_panel.problems()) == 3, timeout=10_000)
    panel = PluginsPanel(desk.catalog)
    qtbot.addWidget(panel)
    panel.show()
    for place in (panel, desk.problems_panel):
        assert "导入抛出了 ValueError: 今晚的月相：满月" in shown(place)
        assert "导入抛出了 ValueError: the sun is out of order" in shown(place)
        assert "请改正这一行" in shown(place)
    assert "视图 'broken' 出错：ValueError: no such thing" in shown(desk.problems_panel)
    frame = next(one for one in desk.frames if one.name == "broken")
    assert "视图 'broken' 出错" in shown(frame)
    copy = [one for one in desk.problems_panel.findChildren(QToolButton) if one.accessibleName() == "复制此问题"]
    copy[-1].click()
    assert QGuiApplication.clipboard().text().startswith("错误：")
    language.use("en")
    assert "the import raised ValueError: the moon is full tonight" in shown(desk.problems_panel)
    assert "The import raised ValueError: the moon is full tonight" in shown(panel)


def test_translations_that_cannot_be_read(make_desk: MakeDesk, tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "good.py").write_text(CELL.format(name="good"), encoding="utf-8")
    (folder / "messages.zh.toml").write_text("[messages\n", encoding="utf-8")
    language.use("zh")
    desk = make_desk(folder)
    (problem,) = desk.problems_panel.problems()
    assert problem.file == str(folder / "messages.zh.toml")
    assert "无法读取译文" in shown(desk.problems_panel)


def test_what_is_wrong_with_an_experiment(make_desk: MakeDesk, tmp_path: Path) -> None:
    language.use("zh")
    desk = make_desk()
    assert not desk.filing.open_path(tmp_path / "nothing.toml")
    assert "没有这个实验文件" in shown(desk.problems_panel)
    file = tmp_path / "x.toml"
    file.write_text(LONG.replace("[dataset]", "[dataset").replace('"Long"', '"Long"'), encoding="utf-8")
    assert desk.filing.open_path(file)
    assert "这不是有效的 TOML：表头末尾应为" in shown(desk.experiment)
    assert "请补全表头的方括号。" in shown(desk.experiment)
    assert not ENGLISH.search(shown(desk.experiment.wrong))
    desk.document.open_text(LONG.replace("hidden = 6", "hidden = 6\nouput = 3\n\n[weigths]\nx = 1"), "x")
    assert not ENGLISH.search("\n".join(text.zh for text in desk.experiment.wrong.texts()))
