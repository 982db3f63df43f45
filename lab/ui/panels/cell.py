"""The cell at a glance: its diagram, its equations, how many parameters it has, and the one file that says it all."""

import inspect
import math
from pathlib import Path
from typing import Any, Final, final

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from lab.components.cell import Cell
from lab.errors import LabError
from lab.model.alone import trace_alone
from lab.resources import plugin_folder
from lab.trace.tracer import Traced
from lab.ui.panels.diagram import DiagramView
from lab.ui.panels.equations import EquationsView
from lab.ui.theme import dress, ground
from lab.ui.translation import spoken
from lab.ui.widgets import Elided
from lab.ui.words import Text, bind_call

_EMPTY: Final = Text("No cell is chosen.", "没有选择单元。")
_ABOUT: Final = Text("{count:,} parameters · file {file}", "{count:,} 个参数 · 一个文件：{file}")
_ONE: Final = Text("1 parameter · file {file}", "1 个参数 · 一个文件：{file}")
_FILE: Final = Text("One file: {file}", "一个文件：{file}")
_SOME: Final = 3
"""Inputs that a cell is traced with while nobody knows how many there are; the equations are the same for all."""
_FAILED: Final = Text("The equations cannot be read: {why}", "无法读取方程：{why}")


_Wanted = tuple[type[Cell], dict[str, Any], int, int | None, int | None]
"""A kind of cell, its hyperparameters, its size D, its inputs M and the count of parameters."""


@final
class CellPanel(QWidget):
    """Shows any cell; nothing in it is drawn or written by hand. A cell is traced when the panel is seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.diagram = DiagramView()
        self.equations = EquationsView()
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.about = Elided()
        self._wanted: _Wanted | None = None
        self._stale = False
        self._words = _EMPTY
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(12, 0, 12, 4)
        column.setSpacing(6)
        for part in (self.message, self.diagram, self.equations):
            column.addWidget(part)
        column.addStretch(1)
        ground(inner, "chrome")
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 2, 0, 8)
        outer.setSpacing(4)
        outer.addWidget(scroll, 1)
        outer.addWidget(self.about)
        self.about.setContentsMargins(12, 0, 12, 0)
        dress(self.about, 12, role="muted", tabular=True)
        dress(self.message, 12, role="muted")
        self._put(None, _EMPTY)
        bind_call(self, self._say)

    def showEvent(self, event: QShowEvent) -> None:
        """Show what was chosen meanwhile."""
        self._draw()
        super().showEvent(event)

    def show_none(self) -> None:
        """Show that there is no cell."""
        self._show(None)

    def show_cell(
        self, cell: Cell | type[Cell], hidden: int, inputs: int | None = None, parameters: int | None = None
    ) -> None:
        """Show a cell of size `hidden` D on `inputs` M; a class is made with its defaults.

        `parameters` is the count of the whole network where it is known, else that of the cell is shown, and none
        while the size of the input is not known either.
        """
        kind = cell if isinstance(cell, type) else type(cell)
        self._show((kind, {} if isinstance(cell, type) else cell.values(), hidden, inputs, parameters))

    def _show(self, wanted: _Wanted | None) -> None:
        if wanted == self._wanted:
            return  # every edit of an experiment comes here
        self._wanted, self._stale = wanted, True
        if self.isVisible():
            self._draw()

    def _draw(self) -> None:
        if not self._stale:
            return
        self._stale = False
        if self._wanted is None:
            self._put(None, _EMPTY)
            return
        kind, values, hidden, inputs, parameters = self._wanted
        try:
            traced = trace_alone(kind(**values), inputs=inputs or _SOME, hidden=hidden, simplify=False)
        except LabError as error:
            self._put(None, _FAILED.with_(why=spoken(error)))
            return
        if parameters is None and inputs is None:
            self._put(traced, _FILE.with_(file=source_of(kind)))
            return
        count = parameters if parameters is not None else _count(traced)
        words = _ONE if count == 1 else _ABOUT
        self._put(traced, words.with_(count=count, file=source_of(kind)))

    def _put(self, traced: Traced | None, words: Text) -> None:
        self.diagram.show_traced(traced)
        self.equations.show_traced(traced)
        self._words = words
        for part in (self.diagram, self.equations, self.about):
            part.setVisible(traced is not None)
        self.message.setVisible(traced is None)
        self._say()

    def _say(self) -> None:
        self.message.setText(str(self._words))
        self.about.setText(str(self._words))


def source_of(kind: type) -> str:
    """The file of a component as people name it: `plugins/cells/lstm.py` for a built-in one."""
    try:
        path = Path(inspect.getfile(kind)).resolve()
    except (OSError, TypeError):
        return kind.__module__
    folder = plugin_folder().resolve()
    return f"plugins/{path.relative_to(folder).as_posix()}" if path.is_relative_to(folder) else path.name


def _count(traced: Traced) -> int:
    return sum(math.prod(spec.shape) for name, spec in traced.specs.items() if spec.trainable)
