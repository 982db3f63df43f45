"""The plot: a pair of axes on a canvas, with curves, images, marks, and the row of names above it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, final

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from lab.ui.api import Key
from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas
from lab.ui.views.heading import HEIGHT
from lab.ui.views.marks import Band, Note, Rule
from lab.ui.views.paint import Over, Under
from lab.ui.words import Text

if TYPE_CHECKING:
    from lab.ui.views.items import PlotItem

LEFT: Final = 40
BOTTOM: Final = 35
"""The height below a plot whose horizontal axis has a name; 20 without."""
Range = tuple[float, float]
Ticks = Callable[[float, float, int], list[tuple[float, str]]]
"""From the least and the greatest value, and how many there is room for, to ticks."""


@final
@dataclass(slots=True)
class Axis:
    """How one axis is labelled: its name, and the ticks between two values; None shows none."""

    ticks: Ticks | None
    name: Text = field(default_factory=lambda: Text.plain(""))
    grid: bool = False


@final
class Plot:
    """A pair of axes. It is placed by the arrangement of its canvas, and drawn with what its lists hold.

    After a change of `bands`, `rules`, `notes`, `keys` or an axis call `update`. `drag` is called with data coordinates
    while the left button is down, `opened` at a double click; with neither, the mouse zooms and moves the plot, and
    `free` says that it did. `ground` paints below all data, and is kept as pixels.
    """

    def __init__(self, canvas: Canvas, x: Axis, y: Axis, *, left: int = LEFT, heading: bool = True) -> None:
        self.canvas = canvas
        self.x, self.y = x, y
        self.left, self.heading = left, heading
        self.bands: list[Band] = []
        self.rules: list[Rule] = []
        self.notes: list[Note] = []
        self.keys: Sequence[Key] = ()
        self.hatched = False
        self.drag: Callable[[float, float], None] | None = None
        self.opened: Callable[[float, float], None] | None = None
        self.free = False
        self.rect = QRectF(0, 0, 1, 1)
        self.outer = QRectF(0, 0, 1, 1)
        self.items: list[PlotItem] = []
        self.ground: Callable[[QPainter], None] | None = None
        self.box = pg.ViewBox(enableMenu=False, defaultPadding=0.0)
        self.box.disableAutoRange()
        self.box.setZValue(0)
        self.under, self.over = Under(self), Over(self)
        for item in (self.under, self.box, self.over):
            canvas.scene().addItem(item)
        self.box.sigRangeChanged.connect(self._moved)
        self.box.sigRangeChangedManually.connect(self._zoomed)
        canvas.plots.append(self)

    def still(self) -> None:
        """The mouse does not zoom or move it."""
        self.box.setMouseEnabled(False, False)

    def show(self, wanted: bool) -> None:
        """Show or hide all of it."""
        for item in (self.under, self.box, self.over, *self.items):
            item.setVisible(wanted)

    def place(self, outer: QRectF, *, bottom: int | None = None) -> None:
        """Give it a rectangle of the canvas, names and labels included."""
        self.outer = outer
        below = bottom if bottom is not None else BOTTOM if self.x.name.en else 20
        top = theme.px(HEIGHT) if self.heading else 0
        inner = outer.adjusted(theme.px(self.left), top, 0, -theme.px(below))
        inner.setSize(inner.size().expandedTo(QRectF(0, 0, 8, 8).size()))
        self.rect = QRectF(inner.toRect())
        self.box.setGeometry(self.rect)
        self.under.place()
        self.over.place()
        for item in self.items:
            item.place()
        self._moved()

    def set_range(self, x: Range | None = None, y: Range | None = None) -> None:
        """Show these ranges, unless the person has zoomed."""
        if self.free:
            return
        (x0, x1), (y0, y1) = self.box.viewRange()
        if (x is not None and x != (x0, x1)) or (y is not None and y != (y0, y1)):
            self.box.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=True)

    def invert(self) -> None:
        """Count downwards, as the rows of a matrix."""
        self.box.invertY(True)

    def add(self, item: "PlotItem") -> None:
        """Put an item over the axes."""
        self.canvas.scene().addItem(item)
        self.items.append(item)

    def view(self) -> tuple[Range, Range]:
        """The ranges of x and y that are shown."""
        (x0, x1), (y0, y1) = self.box.viewRange()
        return (float(x0), float(x1)), (float(y0), float(y1))

    def to_pixels(self, x: float, y: float) -> QPointF:
        """Where a point of the data stands on the canvas."""
        (x0, x1), (y0, y1) = self.view()
        across, up = (x - x0) / (x1 - x0), (y - y0) / (y1 - y0)
        down = up if self.box.yInverted() else 1 - up
        return QPointF(self.rect.left() + across * self.rect.width(), self.rect.top() + down * self.rect.height())

    def to_data(self, place: QPointF) -> tuple[float, float]:
        """The point of the data at a place on the canvas."""
        (x0, x1), (y0, y1) = self.view()
        down = (place.y() - self.rect.top()) / self.rect.height()
        up = down if self.box.yInverted() else 1 - down
        return x0 + (place.x() - self.rect.left()) / self.rect.width() * (x1 - x0), y0 + up * (y1 - y0)

    def update(self) -> None:
        """Draw axes and marks again."""
        self.under.update()
        self.over.update()

    def mark(self, rules: Sequence[Rule], notes: Sequence[Note]) -> None:
        """Replace what is drawn over the data; nothing is drawn again where nothing has changed."""
        if list(rules) != self.rules or list(notes) != self.notes:
            self.rules, self.notes = list(rules), list(notes)
            self.over.update()

    def caption(self, name: Text, keys: Sequence[Key]) -> None:
        """Replace the name of the vertical axis and the legend; nothing is drawn again where nothing has changed."""
        if name != self.y.name or tuple(keys) != tuple(self.keys):
            self.y.name, self.keys = name, tuple(keys)
            self.under.update()

    def restyle(self) -> None:
        """Colours have changed."""
        for item in self.items:
            item.restyle()
        self.update()

    def smooth(self, wanted: bool) -> None:
        """Draw curves antialiased."""
        for item in self.items:
            if item.antialiased != wanted:
                item.antialiased = wanted
                item.update()

    def as_vectors(self, wanted: bool) -> None:
        """Draw without a cache of pixels."""
        self.under.cached(not wanted)
        self.over.cached(not wanted)

    def _moved(self, *_: object) -> None:
        self.update()
        for item in self.items:
            item.update()

    def _zoomed(self, *_: object) -> None:
        self.free = True
