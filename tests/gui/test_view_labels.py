"""The labels of axes and colour bars never lie over each other, however low a view is."""

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem
from pytestqt.qtbot import QtBot

from lab.ui.stage import Stage
from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas
from lab.ui.views.frame import ViewFrame
from lab.ui.views.paint import Under
from lab.ui.views.picture import Bar
from tests.gui.frames import SERIES, catalog, trained

pytestmark = pytest.mark.usefixtures("light")


@pytest.fixture(scope="module")
def stage() -> Stage:
    return trained(SERIES, samples=1)


class Recorder(QPainter):
    """A painter that notes the boxes into which it writes."""

    def __init__(self, image: QImage) -> None:
        super().__init__(image)
        self.boxes: list[tuple[QRectF, str]] = []

    def drawText(self, rect: QRectF, flags: int, text: str) -> None:
        if text:
            self.boxes.append((rect, text))


def levels(item: QGraphicsItem) -> list[float]:
    """How high the labels stand that an item writes above each other: those in boxes that begin at the same place."""
    image = QImage(10, 10, QImage.Format.Format_ARGB32)
    painter = Recorder(image)
    item.paint(painter, QStyleOptionGraphicsItem())
    painter.end()
    lefts = [round(box.left()) for box, _ in painter.boxes]
    column = max(set(lefts), key=lefts.count)
    return sorted(box.center().y() for box, _ in painter.boxes if round(box.left()) == column)


@pytest.mark.parametrize("size", [1.0, 2.0])
@pytest.mark.parametrize("name", ["hidden-states", "gates", "through-time", "weights", "loss"])
def test_labels_keep_clear_of_each_other(qtbot: QtBot, stage: Stage, name: str, size: float) -> None:
    theme.use_text_size(size)
    frame = ViewFrame(catalog().get("view", name)(stage))
    qtbot.addWidget(frame)
    frame.show()
    least = 0.7 * QFontMetricsF(theme.font(11)).height()
    for height in range(360, 120, -20):
        frame.resize(400, height)
        frame.refresh()
        canvas = frame.findChild(Canvas)
        found = [one for one in canvas.scene().items() if isinstance(one, Under | Bar) and one.isVisible()]
        assert found
        for item in found:
            apart = [below - above for above, below in zip(levels(item), levels(item)[1:], strict=False)]
            assert all(gap >= least for gap in apart), (height, apart)
