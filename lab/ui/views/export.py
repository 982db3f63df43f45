"""Saving what a view shows: as a picture, as vectors, as a table, as arrays."""

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from lab.errors import LabError
from lab.experiment.atomic import write_atomically
from lab.ui.icons import pixmap
from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas

Array = NDArray[Any]
FORMATS: Final = ("png", "svg", "csv", "npz")
_RATIO: Final = 2
"""Pixels of a saved picture for each pixel on the screen: it is printed and projected."""


@final
@dataclass(frozen=True, slots=True)
class Saved:
    """What of a view is saved: its title, its sentence with an icon, and the widgets below them, from top to bottom."""

    title: str
    sentence: str
    icon: str
    widgets: Sequence[QWidget]
    table: Mapping[str, Array]

    def size(self) -> QSize:
        """The size of the picture, in pixels of the screen."""
        width = max(widget.width() for widget in self.widgets)
        return QSize(width, _caption_height() + sum(widget.height() for widget in self.widgets))

    def paint(self, painter: QPainter) -> None:
        """Paint all of it."""
        size = self.size()
        painter.fillRect(QRect(QPoint(0, 0), size), theme.colour("sheet"))
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        width, title, line = size.width() - 24, theme.px(24), theme.px(17)
        painter.setPen(theme.colour("text"))
        painter.setFont(theme.font(13, 600))
        painter.drawText(QRect(12, 6, width, title), flags, self.title)
        indent = theme.px(20) if self.icon else 0
        if self.icon:
            picture = pixmap(self.icon, self.icon, theme.px(14))
            painter.drawPixmap(12, 6 + title + (line - theme.px(14)) // 2, picture)
        painter.setPen(theme.colour("text" if self.icon else "muted"))
        painter.setFont(theme.font(12))
        painter.drawText(QRect(12 + indent, 6 + title, width - indent, line), flags, self.sentence)
        top = _caption_height()
        for widget in self.widgets:
            widget.render(painter, QPoint(0, top))
            top += widget.height()


def save(saved: Saved, path: Path) -> None:
    """Save what a view shows, or its table, in the format that the ending of the file names.

    LabError where the ending is another or the file cannot be written.
    """
    ending = path.suffix.lower().removeprefix(".")
    makers: Mapping[str, Callable[[], bytes]] = {
        "png": lambda: as_png(saved),
        "svg": lambda: as_svg(saved),
        "csv": lambda: as_csv(saved.table),
        "npz": lambda: as_npz(saved.table),
    }
    if ending not in makers:
        remedy = "End the name in .png, .svg, .csv or .npz"
        raise LabError(f"cannot save as {path.suffix or path.name!r}", remedy=remedy)
    try:
        content = makers[ending]()
        write_atomically(path, lambda place: _put(place, content))
    except OSError as error:
        raise LabError(
            f"cannot write {path.name}: {error.strerror or error}", file=str(path), remedy="Choose another folder"
        ) from error


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _caption_height() -> int:
    return theme.px(24) + theme.px(17) + 10


def as_png(saved: Saved) -> bytes:
    """A picture at twice the resolution of the screen."""
    picture = QPixmap(saved.size() * _RATIO)
    picture.setDevicePixelRatio(_RATIO)
    painter = QPainter(picture)
    saved.paint(painter)
    painter.end()
    kept = QByteArray()
    buffer = QBuffer(kept)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(kept.data())


def as_svg(saved: Saved) -> bytes:
    """Vectors; text stays text, images of arrays stay images."""
    kept = QByteArray()
    buffer = QBuffer(kept)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # Version 1.1 knows clipping; without it curves would run out of their axes.
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    generator.setOutputDevice(buffer)
    generator.setSize(saved.size())
    generator.setViewBox(QRect(QPoint(0, 0), saved.size()))
    generator.setResolution(96)
    canvases = [canvas for widget in saved.widgets for canvas in widget.findChildren(Canvas)]
    for canvas in canvases:
        canvas.as_vectors(True)
    try:
        painter = QPainter(generator)
        saved.paint(painter)
        painter.end()
    finally:
        for canvas in canvases:
            canvas.as_vectors(False)
    return bytes(kept.data())


def as_csv(table: Mapping[str, Array]) -> bytes:
    """One column for each array of one dimension; of others one for each place in the dimensions after the first.

    Columns may differ in length; the cells beyond an end are empty. NaN is written `nan`. For spreadsheets the text
    begins with the mark of UTF-8.
    """
    columns: list[tuple[str, list[str]]] = []
    for name, array in table.items():
        flat = np.atleast_1d(np.asarray(array))
        for place in np.ndindex(*flat.shape[1:]):
            title = name if not place else f"{name}[{', '.join(map(str, place))}]"
            columns.append((title, [_cell(value) for value in flat[(slice(None), *place)]]))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([title for title, _ in columns])
    for row in range(max((len(cells) for _, cells in columns), default=0)):
        writer.writerow([cells[row] if row < len(cells) else "" for _, cells in columns])
    return text.getvalue().encode("utf-8-sig")


def as_npz(table: Mapping[str, Array]) -> bytes:
    """All arrays, exactly, for `numpy.load`."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in table.items():
            with archive.open(f"{name}.npy", "w") as entry:
                np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
    return kept.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, np.floating):
        return repr(value.item()) if value.dtype == np.float64 else f"{value:.9g}"
    return str(value)
