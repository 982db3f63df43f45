"""A small typesetter: trees of formulas become boxes of glyphs and rules that a painter can draw anywhere."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, final

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPainter, QPainterPath, QPen

from lab.resources import resource_folder
from lab.ui.panels.formula import Fence, Fraction, Node, Root, Row, Script, Sign, Table, Tilde

_FAMILIES: Final = ["STIX", "STIX Two Text", "Cambria Math", "Times New Roman", "DejaVu Serif"]
_FILES: Final = ("STIX-Regular.otf", "STIX-Italic.otf")
_SPACE: Final = {"operator": 0.24, "comma": 0.0}
_SMALL: Final = 0.70
_LEAST: Final = 8.5
"""Pixels under which no script is made smaller."""


def math_font(pixels: float, *, italic: bool = False) -> QFont:
    """The font of formulas; it is loaded from the shipped files where the system has none."""
    if _FAMILIES[0] not in QFontDatabase.families():
        for file in _FILES:
            QFontDatabase.addApplicationFont(str(resource_folder() / "fonts" / file))
    font = QFont()
    font.setFamilies(_FAMILIES)
    font.setPixelSize(max(1, round(pixels)))
    font.setItalic(italic)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


@final
@dataclass(frozen=True, slots=True)
class Glyphs:
    """Text whose baseline begins at (x, y). `series` is the number of its colour, 0 that of text."""

    x: float
    y: float
    text: str
    font: QFont
    series: int = 0
    stretch: float = 1.0


@final
@dataclass(frozen=True, slots=True)
class Stroke:
    """A line drawn through points."""

    points: tuple[tuple[float, float], ...]
    series: int = 0


Mark = Glyphs | Stroke


@final
@dataclass(frozen=True, slots=True)
class Box:
    """Marks around an origin on the baseline; ascent and descent are both positive."""

    width: float
    ascent: float
    descent: float
    marks: tuple[Mark, ...] = field(default=())

    @property
    def height(self) -> float:
        return self.ascent + self.descent

    def moved(self, dx: float, dy: float) -> Iterable[Mark]:
        """Its marks, moved."""
        for mark in self.marks:
            match mark:
                case Glyphs():
                    yield replace(mark, x=mark.x + dx, y=mark.y + dy)
                case Stroke():
                    yield replace(mark, points=tuple((x + dx, y + dy) for x, y in mark.points))

    def in_series(self, series: int) -> "Box":
        """The same in a colour, where it has none yet."""
        return replace(self, marks=tuple(mark if mark.series else replace(mark, series=series) for mark in self.marks))

    def draw(self, painter: QPainter, x: float, y: float, colour: Callable[[int], QColor]) -> None:
        """Draw with the origin at (x, y); `colour` gives that of a series, of text for 0."""
        for mark in self.moved(x, y):
            painter.setPen(QPen(colour(mark.series), 1.1))
            if isinstance(mark, Stroke):
                path = QPainterPath(QPointF(*mark.points[0]))
                for point in mark.points[1:]:
                    path.lineTo(QPointF(*point))
                painter.setBrush(QColor(0, 0, 0, 0))
                painter.drawPath(path)
                continue
            painter.setFont(mark.font)
            if mark.stretch == 1.0:
                painter.drawText(QPointF(mark.x, mark.y), mark.text)
                continue
            painter.save()
            painter.translate(mark.x, mark.y)
            painter.scale(1.0, mark.stretch)
            painter.drawText(QPointF(0.0, 0.0), mark.text)
            painter.restore()


def beside(boxes: Iterable[Box]) -> Box:
    """Boxes one after the other on one baseline."""
    width, ascent, descent = 0.0, 0.0, 0.0
    marks: list[Mark] = []
    for box in boxes:
        marks.extend(box.moved(width, 0.0))
        width += box.width
        ascent, descent = max(ascent, box.ascent), max(descent, box.descent)
    return Box(width, ascent, descent, tuple(marks))


@final
class Typesetter:
    """Makes boxes at one size. `colours` gives the series of symbols by their LaTeX."""

    def __init__(self, pixels: float, colours: Mapping[str, int] | None = None) -> None:
        self.pixels = pixels
        self.colours = colours or {}
        self._fonts = {italic: math_font(pixels, italic=italic) for italic in (False, True)}
        self._metrics = {italic: QFontMetricsF(font) for italic, font in self._fonts.items()}
        self._axis = 0.26 * pixels
        """How far above the baseline fractions, fences and tables are centred."""

    @property
    def quad(self) -> float:
        """The size of the letters, in pixels."""
        return self.pixels

    def smaller(self) -> "Typesetter":
        """The one for what stands below and above."""
        return Typesetter(max(_LEAST, self.pixels * _SMALL), self.colours)

    def box(self, node: Node) -> Box:
        """The box of a tree."""
        match node:
            case Sign():
                return self._sign(node)
            case Row(parts):
                return self.row(parts)
            case Script():
                return self._script(node)
            case Fraction():
                return self._fraction(node)
            case Root(body):
                return self._root(self.box(body))
            case Tilde(body):
                return self._tilde(body)
            case Fence():
                return self.fence(node.left, self.box(node.body), node.right)
            case Table():
                return self._table(node)

    def row(self, parts: tuple[Node, ...]) -> Box:
        """Parts beside one another, with the space that belongs between them."""
        boxes: list[Box] = []
        for place, part in enumerate(parts):
            before = parts[place - 1] if place else None
            box = self.box(part)
            if isinstance(part, Sign) and part.kind == "operator" and not _is_binary(before):
                box = self._text(part.text, italic=False)  # a sign in front of something, not between
            elif before is not None:
                boxes.append(Box(self._between(before, part), 0.0, 0.0))
            boxes.append(box)
        return beside(boxes)

    def fence(self, left: str, body: Box, right: str) -> Box:
        """A box between delimiters that are as high as it is."""
        half = max(body.ascent - self._axis, body.descent + self._axis, 0.5 * self.pixels)
        return beside([*self._delimiter(left, half), body, *self._delimiter(right, half)])

    def _delimiter(self, sign: str, half: float) -> list[Box]:
        if not sign or sign == ".":
            return []
        plain = self._text(sign, italic=False)
        if half <= 0.62 * self.pixels:
            return [plain]
        rect = self._metrics[False].tightBoundingRect(sign)
        stretch = 2 * half / max(1.0, rect.height())
        middle = (rect.top() + rect.bottom()) / 2
        glyph = Glyphs(0.0, -self._axis - stretch * middle, sign, self._fonts[False], 0, stretch)
        return [Box(plain.width, half + self._axis, half - self._axis, (glyph,))]

    def _sign(self, sign: Sign) -> Box:
        if sign.kind == "space":
            return Box(0.1 * self.pixels, 0.0, 0.0)
        box = self._text(sign.text, italic=sign.kind == "italic" and not sign.text[0].isdigit())
        space = _SPACE.get(sign.kind, 0.0) * self.pixels
        after = 0.22 * self.pixels if sign.kind == "comma" else space
        return Box(box.width + space + after, box.ascent, box.descent, tuple(box.moved(space, 0.0))) if after else box

    def _text(self, text: str, *, italic: bool) -> Box:
        metrics = self._metrics[italic]
        lead = max(0.0, -metrics.leftBearing(text[0]))  # an italic f begins left of its origin
        glyph = Glyphs(lead, 0.0, text, self._fonts[italic])
        return Box(lead + metrics.horizontalAdvance(text), 0.72 * self.pixels, 0.22 * self.pixels, (glyph,))

    def _script(self, node: Script) -> Box:
        base, small = self.box(node.base), self.smaller()
        large = isinstance(node.base, Sign) and node.base.text == "∑"
        tall = isinstance(node.base, Fence | Row)
        marks = list(base.marks)
        width, ascent, descent = base.width, base.ascent, base.descent
        gap = 0.03 * self.pixels
        if node.below is not None:
            box = small.box(node.below)
            down = (base.descent if tall or large else 0.0) + 0.18 * self.pixels
            marks.extend(box.moved(base.width + gap, down))
            width, descent = max(width, base.width + gap + box.width), max(descent, down + box.descent)
        if node.above is not None:
            box = small.box(node.above)
            up = max(0.36 * self.pixels, base.ascent - 0.36 * self.pixels)
            lean = 0.08 * self.pixels if isinstance(node.base, Sign) and node.base.kind == "italic" else 0.0
            marks.extend(box.moved(base.width + gap + lean, -up))
            width, ascent = max(width, base.width + gap + lean + box.width), max(ascent, up + box.ascent)
        result = Box(width + gap, ascent, descent, tuple(marks))
        series = self.colours.get(node.source, 0)
        return result.in_series(series) if series else result

    def _fraction(self, node: Fraction) -> Box:
        upper, lower = self.box(node.upper), self.box(node.lower)
        pad, gap = 0.15 * self.pixels, 0.12 * self.pixels
        width = max(upper.width, lower.width) + 2 * pad
        up, down = self._axis + gap + upper.descent, gap - self._axis + lower.ascent
        rule = Stroke(((pad / 2, -self._axis), (width - pad / 2, -self._axis)))
        marks = (
            *upper.moved((width - upper.width) / 2, -up),
            *lower.moved((width - lower.width) / 2, down),
            rule,
        )
        return Box(width, up + upper.ascent, down + lower.descent, marks)

    def _root(self, body: Box) -> Box:
        lead, gap = 0.55 * self.pixels, 0.12 * self.pixels
        top, low = -(body.ascent + gap), body.descent
        hook = Stroke(((0.05 * lead, low - 0.45 * body.height), (0.3 * lead, low - 0.5 * body.height),
                       (0.6 * lead, low), (lead, top), (lead + body.width + gap, top)))  # fmt: skip
        return Box(
            lead + body.width + gap, body.ascent + 2 * gap, body.descent, (hook, *body.moved(lead + gap / 2, 0.0))
        )

    def _tilde(self, node: Node) -> Box:
        box = self.box(node)
        letter = node.text if isinstance(node, Sign) else ""
        top = -self._metrics[True].tightBoundingRect(letter).top() if letter else box.ascent
        width, high = 0.36 * self.pixels, 0.07 * self.pixels
        x, y = box.width / 2 + 0.07 * self.pixels, -(top + 0.16 * self.pixels)
        wave = ((-0.5, 0.6), (-0.38, -0.5), (-0.2, -0.9), (0.0, 0.0), (0.2, 0.9), (0.38, 0.5), (0.5, -0.6))
        stroke = Stroke(tuple((x + width * a, y + high * b) for a, b in wave))
        return Box(box.width, max(box.ascent, -y + 2 * high), box.descent, (*box.marks, stroke))

    def _table(self, node: Table) -> Box:
        boxes = [[self.box(cell) for cell in row] for row in node.rows]
        columns = max(len(row) for row in boxes)
        widths = [max((row[at].width for row in boxes if at < len(row)), default=0.0) for at in range(columns)]
        apart, gap = 0.8 * self.pixels, 0.3 * self.pixels
        heights = [(max(b.ascent for b in row), max(b.descent for b in row)) for row in boxes]
        total = sum(a + d for a, d in heights) + gap * (len(boxes) - 1)
        y = -self._axis - total / 2
        marks: list[Mark] = []
        for row, (ascent, descent) in zip(boxes, heights, strict=True):
            x = 0.1 * self.pixels
            for box, width in zip(row, widths, strict=False):
                marks.extend(box.moved(x, y + ascent))
                x += width + apart
            y += ascent + descent + gap
        width = sum(widths) + apart * (columns - 1) + 0.2 * self.pixels
        return Box(width, total / 2 + self._axis, total / 2 - self._axis, tuple(marks))

    def _between(self, left: Node, right: Node) -> float:
        opening = isinstance(right, Fence) or (isinstance(right, Sign) and right.kind in ("open", "upright"))
        if isinstance(left, Sign) and left.kind == "function" and not opening:
            return 0.17 * self.pixels
        if isinstance(left, Script) and isinstance(right, Script | Fence) and _is_symbol(left):
            return 0.16 * self.pixels  # a matrix and what it is applied to
        if isinstance(left, Sign) and left.kind in ("italic", "upright") and isinstance(right, Script):
            return 0.16 * self.pixels
        return 0.0


def bounds(box: Box, x: float, y: float) -> QRectF:
    """The rectangle of a box whose origin is at (x, y)."""
    return QRectF(x, y - box.ascent, box.width, box.height)


def _is_binary(before: Node | None) -> bool:
    return before is not None and not (isinstance(before, Sign) and before.kind in ("operator", "comma"))


def _is_symbol(node: Script) -> bool:
    return isinstance(node.base, Sign) and node.base.kind == "italic"
