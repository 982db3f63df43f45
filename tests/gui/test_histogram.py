"""The histogram of weights: every bar can be seen, also the one at zero, however thin."""

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from pytestqt.qtbot import QtBot

from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas
from lab.ui.views.histogram import BINS, Histogram

pytestmark = pytest.mark.usefixtures("light")


@pytest.mark.parametrize("width", range(90, 170, 7))
def test_the_bar_at_zero_is_before_the_line_there(qtbot: QtBot, width: int) -> None:
    canvas = Canvas(lambda _inside: None)
    qtbot.addWidget(canvas)
    canvas.resize(200, 200)
    histogram = Histogram(canvas)
    histogram.show_values(np.zeros(100), 1.0)
    histogram.place(QRectF(10, 0, width, 180))
    canvas.show()
    plot = canvas.plots[0]
    picture = canvas.grab().toImage()
    reach = int(plot.rect.width() / BINS / 2) + 1
    middle = round(plot.to_pixels(0.0, 0.0).x())
    row = round(plot.rect.center().y())
    around = [picture.pixelColor(middle + away, row) for away in range(-reach, reach + 1)]
    assert theme.colour("series1") in around
    above = [picture.pixelColor(middle + away, round(plot.rect.top()) + 2) for away in range(-reach, reach + 1)]
    assert theme.colour("axis") in above  # above the bar the line goes on
