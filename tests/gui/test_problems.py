"""The panel of problems: every one with its place and remedy, the same one counted, its traceback one click away."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QToolButton
from pytestqt.qtbot import QtBot

from lab.runner.messages import Problem
from lab.ui.panels.problems import KEPT, UNFOLDED, ProblemsPanel
from lab.ui.theme import theme
from lab.ui.words import language

BROKEN = Problem(
    level="error",
    message="the loss became NaN",
    remedy="Lower the learning rate.",
    file="plugins/cells/mine.py",
    line=17,
    details="Traceback (most recent call last):\n  line 17\nValueError: no",
)
NOTE = Problem(level="note", message="a checkpoint is passed over")


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication) -> ProblemsPanel:
    theme.install(qapp)
    made = ProblemsPanel()
    qtbot.addWidget(made)
    made.resize(900, 90)
    made.show()
    return made


def words(panel: ProblemsPanel) -> list[str]:
    QApplication.processEvents()
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible() and label.text()]


def buttons(panel: ProblemsPanel) -> list[QToolButton]:
    """Those that can be seen, from the top."""
    QApplication.processEvents()
    seen = [one for one in panel.findChildren(QToolButton) if one.isVisible()]
    return sorted(seen, key=lambda one: (one.mapTo(panel, one.rect().topLeft()).y(), one.x()))


def press(qtbot: QtBot, panel: ProblemsPanel, name: str) -> None:
    qtbot.mouseClick(next(one for one in buttons(panel) if one.accessibleName() == name), Qt.MouseButton.LeftButton)


def test_an_empty_panel_says_so(panel: ProblemsPanel) -> None:
    assert words(panel) == ["Nothing has gone wrong."]
    language.use("zh")
    assert words(panel) == ["没有出现问题。"]


def test_a_problem_shows_all_there_is_to_know(panel: ProblemsPanel) -> None:
    panel.add(BROKEN)
    shown = words(panel)
    assert "the loss became NaN" in shown
    assert "Lower the learning rate." in shown
    assert "plugins/cells/mine.py:17" in shown


def test_the_newest_is_on_top_and_the_same_is_counted(qtbot: QtBot, panel: ProblemsPanel) -> None:
    counts: list[tuple[int, int]] = []
    panel.changed.connect(lambda *both: counts.append(both))
    panel.add(BROKEN)
    panel.add(NOTE)
    panel.add(BROKEN)
    assert panel.problems() == [BROKEN, NOTE]
    assert counts == [(1, 1), (2, 1), (2, 1)]
    assert any(text.startswith("2 × ") for text in words(panel))


def test_the_traceback_unfolds(qtbot: QtBot, panel: ProblemsPanel) -> None:
    panel.add(BROKEN)
    press(qtbot, panel, "Traceback")
    details = panel.findChild(QPlainTextEdit)
    assert details is not None
    assert details.isVisible()
    assert details.toPlainText() == BROKEN.details
    assert details.isReadOnly()
    assert panel.minimumHeight() == UNFOLDED
    press(qtbot, panel, "Traceback")
    assert not details.isVisible()
    assert panel.minimumHeight() == 0


def test_there_is_no_traceback_to_unfold_where_there_is_none(panel: ProblemsPanel) -> None:
    panel.add(NOTE)
    assert [one.accessibleName() for one in buttons(panel)] == ["Copy this problem", "Take off the list"]


def test_a_problem_can_be_copied(qtbot: QtBot, panel: ProblemsPanel) -> None:
    panel.add(BROKEN)
    press(qtbot, panel, "Copy this problem")
    copied = QGuiApplication.clipboard().text()
    assert copied.splitlines()[:3] == [
        "Error: the loss became NaN",
        "Lower the learning rate.",
        "plugins/cells/mine.py:17",
    ]
    assert copied.endswith("ValueError: no")


def test_a_problem_can_be_taken_off(qtbot: QtBot, panel: ProblemsPanel) -> None:
    panel.add(BROKEN)
    panel.add(NOTE)
    press(qtbot, panel, "Take off the list")
    assert panel.problems() == [BROKEN]
    panel.clear()
    assert words(panel) == ["Nothing has gone wrong."]


def test_old_ones_make_room(panel: ProblemsPanel) -> None:
    for number in range(KEPT + 5):
        panel.add(Problem(level="warning", message=str(number)))
    assert len(panel.problems()) == KEPT
    assert panel.problems()[0].message == str(KEPT + 4)


def test_a_level_is_read_out(panel: ProblemsPanel) -> None:
    panel.add(BROKEN)
    row = panel.findChildren(QToolButton)[0].parentWidget()
    assert row is not None
    assert row.accessibleName() == "Error: the loss became NaN Lower the learning rate."
    language.use("zh")
    assert row.accessibleName().startswith("错误：")
