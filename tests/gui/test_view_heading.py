"""The row above a plot: no entry of a legend goes without a sign, and all names can be read somewhere."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lab.ui.api import Key
from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas
from lab.ui.views.frame import ViewFrame
from lab.ui.views.heading import paint_heading
from lab.ui.words import Text, language
from tests.gui.frames import SERIES, catalog, trained

pytestmark = pytest.mark.usefixtures("light")

AXIS = Text("MSE, log scale", "均方误差，对数")
RUNS = [
    Key(Text("train", "训练"), "line", 1),
    Key(Text("validation", "验证"), "dots", 2),
    *(Key(Text("Airline passengers, no memory", "航空乘客，无记忆"), "square", series) for series in (3, 4, 5)),
]


def told(canvas: Canvas) -> list[str]:
    """What is told under the mouse above the plot."""
    rect = canvas.plots[0].rect
    found = canvas.scene().items(QPointF(rect.center().x(), rect.top() - 8))
    return [item.toolTip() for item in found if item.parentItem() is canvas.plots[0].under]


Written = tuple[list[str], tuple[str, ...]]


class Recorder(QPainter):
    """A painter that notes what it writes, and where."""

    def __init__(self, image: QImage) -> None:
        super().__init__(image)
        self.texts: list[tuple[float, str]] = []

    def drawText(self, rect: QRectF, flags: int, text: str) -> None:
        if text:
            self.texts.append((rect.left(), text))


@pytest.fixture
def written(qapp: QApplication) -> Callable[..., Written]:
    """The words that are drawn into a width, and those that are told besides."""

    def write(width: float, before: float = 0.0, axis: Text = AXIS, keys: Sequence[Key] = RUNS) -> Written:
        image = QImage(10, 10, QImage.Format.Format_ARGB32)
        painter = Recorder(image)
        told = paint_heading(painter, QRectF(60, 0, width, 20), axis, keys, before=before)
        painter.end()
        metrics = QFontMetricsF(theme.font(11))
        ends = [(left, left + metrics.horizontalAdvance(text)) for left, text in painter.texts]
        assert all(left >= 60 - before - 1 and right <= 60 + width + 1 for left, right in ends)
        assert all(one[1] < two[0] for one, two in pairwise(ends))
        return [text for _, text in painter.texts], told

    return write


def test_a_short_name_of_an_axis_keeps_its_place(written: Callable[..., Written]) -> None:
    samples = [Key(Text.plain(str(place)), "dots", place) for place in range(1, 7)]
    for width in range(300, 90, -10):
        words, told = written(width, axis=Text.plain("PC 2 · 17%"), keys=samples)
        assert words[0] in ("PC 2 · 17%", "PC 2")
        assert words[-1] == ("6" if len(words) == 7 else f"+{8 - len(words)}")
        assert bool(told) == (words[0] == "PC 2" or words[-1] != "6")
    assert told == ("PC 2 · 17%", "1", "2", "3", "4", "5", "6")


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("size", [1.0, 2.0])
def test_what_has_no_room_is_counted(written: Callable[..., Written], code: str, size: float) -> None:
    language.use(code)
    theme.use_text_size(size)
    names = [str(key.text) for key in RUNS]
    assert written(2400) == ([str(AXIS), *names], ())
    seen = set()
    for width in range(int(800 * size), int(30 * size), -10):
        words, told = written(width)
        entries = [word for word in words if not str(AXIS).startswith(word.rstrip("…")) and not word.startswith("+")]
        more = [int(word) for word in words if word.startswith("+")]
        # An entry is there, perhaps shortened, or it is counted.
        assert len(entries) + sum(more) == len(RUNS)
        assert all(name.startswith(word.rstrip("…")) for word, name in zip(entries, names, strict=False))
        assert bool(told) is (words != [str(AXIS), *names])
        assert not told or told == (str(AXIS), *names)
        seen.add(len(entries))
    assert seen >= {0, 1, 2, 3, 4, 5}


def test_the_name_of_the_axis_may_begin_over_the_labels(written: Callable[..., Written]) -> None:
    width = next(width for width in range(900, 100, -2) if str(AXIS) not in written(width)[0])
    words, told = written(width, before=30.0)
    assert words[0] == str(AXIS)
    assert not told


@pytest.mark.parametrize("code", ["en", "zh"])
def test_the_axes_of_a_phase_portrait_are_named_beside_the_seasons(qtbot: QtBot, code: str) -> None:
    language.use(code)
    frame = ViewFrame(catalog().get("view", "phase-portrait")(trained(SERIES, samples=1)))
    qtbot.addWidget(frame)
    frame.resize(253, 298)  # as in the overview of a window of 1600 x 1000
    frame.show()
    frame.refresh()
    frame.grab()
    canvas = frame.findChild(Canvas)
    assert [str(key.text) for key in canvas.plots[0].keys] == ["Q1", "Q2", "Q3", "Q4"]
    assert "%" in str(frame.view.axis())
    assert told(canvas) == [""]


def test_a_name_that_is_cut_is_told_under_the_mouse(qtbot: QtBot) -> None:
    frame = ViewFrame(catalog().get("view", "loss")(trained(SERIES, samples=1)))
    qtbot.addWidget(frame)
    frame.show()
    for width, whole in ((900, True), (150, False)):
        frame.resize(width, 300)
        frame.refresh()
        frame.grab()
        canvas = frame.findChild(Canvas)
        plot = canvas.plots[0]
        names = [str(plot.y.name), *(str(key.text) for key in plot.keys)]
        assert told(canvas) == ["" if whole else "\n".join(names)]
        assert not any(item.toolTip() for item in canvas.scene().items(plot.rect.center()))
