"""What stands in a plot beside the data: shaded bands, rules, notes and the hatch of what is not finite."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, final

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from lab.ui.theme import theme
from lab.ui.words import Text

Align = Literal["left", "centre", "right", "beside"]
DASHES: Final = (
    (), (4.0, 2.5), (1.0, 2.0), (7.0, 2.0, 1.0, 2.0), (10.0, 3.0), (6.0, 2.0, 1.0, 2.0, 1.0, 2.0),
    (3.0, 2.0, 3.0, 5.0), (2.0, 4.0),
)  # fmt: skip
"""Patterns of lines, by the place of their series, so that they are told apart without colour: the first is solid."""


@final
@dataclass(frozen=True, slots=True)
class Band:
    """A shaded part of a plot between two values of x."""

    low: float
    high: float
    role: str = "shade"


@final
@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line across a plot at a value of x, or of y where `level`; a halo keeps it visible over an image."""

    at: float
    role: str = "muted"
    level: bool = False
    dash: bool = False
    halo: bool = False


@final
@dataclass(frozen=True, slots=True)
class Note:
    """Words in a plot at a place in data coordinates, moved by pixels; they are kept inside the plot.

    Aligned `beside` they stand right of the place if there is room, else left of it. `row` counts lines of text from
    the top of the plot instead of `y`, where it is given. `back` keeps what is behind from showing through. Notes that
    `stack` give way to each other, up and down.
    """

    text: Text
    x: float
    y: float = 0.0
    role: str = "text"
    align: Align = "left"
    bold: bool = False
    dx: float = 0.0
    dy: float = 0.0
    row: int | None = None
    back: bool = False
    stack: bool = False


def pen(role: str, *, dash: int = 0, width: float = 1.0, alpha: int = 255) -> QPen:
    """A cosmetic pen of a colour of the theme, in one of the `DASHES`; after the last the first follows again."""
    colour = QColor(theme.colour(role))
    colour.setAlpha(alpha)
    made = QPen(colour, width)
    made.setCosmetic(True)
    pattern = DASHES[dash % len(DASHES)]
    if pattern:
        made.setDashPattern(pattern)
    return made


def hatch(painter: QPainter, rect: QRectF) -> None:
    """Diagonal lines over a rectangle in pixels: the sign of NaN and infinity. Drawn as lines, so that SVG keeps it."""
    if rect.isEmpty():
        return
    painter.fillRect(rect, theme.colour("sheet"))
    painter.setPen(pen("hatch"))
    lines = []
    left, top, right, bottom = rect.left(), rect.top(), rect.right(), rect.bottom()
    apart = 7.0
    place = left + top - (left + top) % apart + apart
    while place < right + bottom:
        start = QPointF(left, place - left) if place - left <= bottom else QPointF(place - bottom, bottom)
        end = QPointF(place - top, top) if place - top <= right else QPointF(right, place - right)
        lines.append(QLineF(start, end))
        place += apart
    painter.drawLines(lines)


def draw_notes(painter: QPainter, notes: Sequence[Note], places: Sequence[QPointF], rect: QRectF) -> None:
    """Write notes at places in pixels, inside `rect`."""
    painter.setFont(theme.font(11, tabular=True))
    height = float(painter.fontMetrics().height())
    stacked = [k for k, note in enumerate(notes) if note.stack and rect.top() <= places[k].y() <= rect.bottom()]
    room = (rect.top() + height / 2, rect.bottom() - height / 2)
    levels = spread([places[k].y() + notes[k].dy * theme.scale for k in stacked], height, *room)
    for k, level in zip(stacked, levels, strict=True):
        _draw_note(painter, notes[k], QPointF(places[k].x(), level - notes[k].dy * theme.scale), rect)
    for note, place in zip(notes, places, strict=True):
        if not note.stack:
            _draw_note(painter, note, place, rect)


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Places in their order, as near to the wanted ones as can be with so much between any two, from low to high."""
    order = sorted(range(len(wanted)), key=lambda k: wanted[k])
    groups: list[tuple[list[int], float]] = []
    for k in order:
        members, middle = [k], wanted[k]
        while True:
            reach = (len(members) - 1) / 2 * apart
            middle = max(low + reach, min(middle, high - reach))
            if not groups or middle - reach - (groups[-1][1] + (len(groups[-1][0]) - 1) / 2 * apart) >= apart:
                break
            members = groups.pop()[0] + members
            middle = sum(wanted[one] for one in members) / len(members)
        groups.append((members, middle))
    found = [0.0] * len(wanted)
    for members, middle in groups:
        for place, k in enumerate(members):
            found[k] = middle + (place - (len(members) - 1) / 2) * apart
    return found


def _draw_note(painter: QPainter, note: Note, place: QPointF, rect: QRectF) -> None:
    font = theme.font(11, 600 if note.bold else 400, tabular=True)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    text = metrics.elidedText(str(note.text), Qt.TextElideMode.ElideRight, max(int(rect.width()) - 8, 20))
    width, height = metrics.horizontalAdvance(text) + 2.0, float(metrics.height())
    x = place.x() + note.dx - {"centre": width / 2, "right": width}.get(note.align, 0.0)
    if note.align == "beside" and x + width > rect.right():
        x = place.x() - note.dx - width
    y = (
        rect.top() + 4 + note.row * (height + 1)
        if note.row is not None
        else place.y() + note.dy * theme.scale - height / 2
    )
    x = max(rect.left() + 2, min(x, rect.right() - width - 2))
    y = max(rect.top(), min(y, rect.bottom() - height))
    box = QRectF(x, y, width, height)
    if note.back:
        painter.fillRect(box.adjusted(-2, 0, 2, 0), theme.colour("sheet"))
    painter.setPen(theme.colour(note.role))
    painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
