"""Saving what a view shows: as a picture, as vectors, as a table, as arrays."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QImageWriter, QPainter, QPixmap
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from lab.errors import LabError
from lab.experiment.atomic import write_atomically
from lab.ui.icons import pixmap
from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas

Array = NDArray[Any]
_RATIO: Final = 2
"""Pixels of a saved picture for each pixel on the screen: it is printed and projected."""


@final
@dataclass(frozen=True, slots=True)
class Saved:
    """What of a view is saved: its title, its sentence with an icon, and the widgets below them, from top to bottom.

    `table` gives the arrays, and is called where they are saved.
    """

    title: str
    sentence: str
    icon: str
    widgets: Sequence[QWidget]
    table: Callable[[], Mapping[str, Array]]

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


def taken(saved: Saved, path: Path) -> Callable[[], None]:
    """Take what a view shows, or its table, as it is now, in the format that the ending of the file names.

    What is returned saves it, also in another thread. Both raise LabError: where the ending is another or nothing is
    shown that has numbers, and where the file cannot be written.
    """
    ending = path.suffix.lower().removeprefix(".")
    if ending not in _TAKERS:
        remedy = "End the name in .png, .svg, .csv or .npz"
        raise LabError(f"cannot save as {path.suffix or path.name!r}", remedy=remedy)
    make = _TAKERS[ending](saved)

    def write() -> None:
        content = make()
        try:
            write_atomically(path, lambda place: _put(place, content))
        except OSError as error:
            raise LabError(
                f"cannot write {path.name}: {error.strerror or error}", file=str(path), remedy="Choose another folder"
            ) from error

    return write


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _caption_height() -> int:
    return theme.px(24) + theme.px(17) + 10


def painted(saved: Saved) -> QImage:
    """A picture at twice the resolution of the screen."""
    picture = QPixmap(saved.size() * _RATIO)
    picture.setDevicePixelRatio(_RATIO)
    painter = QPainter(picture)
    saved.paint(painter)
    painter.end()
    return picture.toImage()


def as_png(picture: QImage) -> bytes:
    """The file of a picture."""
    kept = QByteArray()
    buffer = QBuffer(kept)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, b"PNG").write(picture)
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
    titles: list[str] = []
    blocks: list[list[str]] = []
    ends: list[str] = []
    for name, array in table.items():
        columns = np.atleast_1d(array)
        places = list(np.ndindex(*columns.shape[1:]))
        if places:
            titles += [f"{name}[{', '.join(map(str, place))}]" if place else name for place in places]
            blocks.append(_rows(columns.reshape(len(columns), len(places))))
            ends.append("," * (len(places) - 1))
    rows = zip_longest(*blocks)
    lines = (",".join(map(_or, row, ends)) for row in rows)
    return "".join(f"{line}\r\n" for line in (_line(titles), *lines)).encode("utf-8-sig")


def as_npz(table: Mapping[str, Array]) -> bytes:
    """All arrays, exactly, for `numpy.load`."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in table.items():
            with archive.open(f"{name}.npy", "w") as entry:
                np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
    return kept.getvalue()


def _rows(columns: Array) -> list[str]:
    """The cells of each row with commas between them. All of a row at once: there may be a million numbers."""
    if columns.dtype.kind not in "biuf":
        return [_line(map(str, row)) for row in columns]
    exact = columns.dtype.kind != "f" or columns.dtype == np.float64
    form = ",".join(["%r" if exact else "%.9g"] * columns.shape[1])
    return [form % tuple(row.tolist()) for row in columns]


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue().removesuffix("\r\n")


def _or(cells: str | None, end: str) -> str:
    return end if cells is None else cells


def _take_png(saved: Saved) -> Callable[[], bytes]:
    picture = painted(saved)
    return lambda: as_png(picture)


def _take_svg(saved: Saved) -> Callable[[], bytes]:
    content = as_svg(saved)
    return lambda: content


def _take_csv(saved: Saved) -> Callable[[], bytes]:
    table = _copied(saved)
    return lambda: as_csv(table)


def _take_npz(saved: Saved) -> Callable[[], bytes]:
    table = _copied(saved)
    return lambda: as_npz(table)


def _copied(saved: Saved) -> dict[str, Array]:
    table = saved.table()
    if not table:
        raise LabError("there are no numbers to save yet", remedy="Run the experiment, or resume it")
    # Frames that come meanwhile may be written where these are.
    return {name: np.array(array) for name, array in table.items()}


_TAKERS: Final[Mapping[str, Callable[[Saved], Callable[[], bytes]]]] = {
    "png": _take_png,
    "svg": _take_svg,
    "csv": _take_csv,
    "npz": _take_npz,
}
