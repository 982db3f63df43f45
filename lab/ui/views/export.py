"""Saving what a view shows: as a picture, as vectors, as a table, as arrays."""

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, QSize
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from lab.errors import LabError
from lab.experiment.atomic import write_atomically
from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas

Array = NDArray[Any]
FORMATS: Final = ("png", "svg", "csv", "npz")
_RATIO: Final = 2
"""Pixels of a saved picture for each pixel on the screen: it is printed and projected."""


def save(widget: QWidget, table: Mapping[str, Array], path: Path) -> None:
    """Save what a widget shows, or its table, in the format that the ending of the file names.

    LabError where the ending is another or the file cannot be written.
    """
    ending = path.suffix.lower().removeprefix(".")
    makers: Mapping[str, Callable[[], bytes]] = {
        "png": lambda: as_png(widget),
        "svg": lambda: as_svg(widget),
        "csv": lambda: as_csv(table),
        "npz": lambda: as_npz(table),
    }
    if ending not in makers:
        raise LabError(
            f"cannot save as {path.suffix or path.name!r}", remedy="End the name in .png, .svg, .csv or .npz"
        )
    try:
        content = makers[ending]()
        write_atomically(path, lambda place: _put(place, content))
    except OSError as error:
        raise LabError(
            f"cannot write {path.name}: {error.strerror or error}", file=str(path), remedy="Choose another folder"
        ) from error


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def as_png(widget: QWidget) -> bytes:
    """The widget as it is on the screen, at twice the resolution."""
    picture = QPixmap(widget.size() * _RATIO)
    picture.setDevicePixelRatio(_RATIO)
    picture.fill(theme.colour("sheet"))
    widget.render(picture)
    kept = QByteArray()
    buffer = QBuffer(kept)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(kept.data())


def as_svg(widget: QWidget) -> bytes:
    """The widget as vectors; text stays text, images of arrays stay images."""
    kept = QByteArray()
    buffer = QBuffer(kept)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # Version 1.1 knows clipping; without it curves would run out of their axes.
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    generator.setViewBox(QRect(QPoint(0, 0), QSize(widget.size())))
    generator.setResolution(96)
    canvases = widget.findChildren(Canvas)
    for canvas in canvases:
        canvas.as_vectors(True)
    try:
        painter = QPainter(generator)
        painter.fillRect(widget.rect(), theme.colour("sheet"))
        widget.render(painter, QPoint(0, 0))
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
