"""The section of the network: a part for each layer, which can be added, moved, copied and removed, and the output."""

from functools import partial
from typing import final

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from lab.ui.forms.section import Section
from lab.ui.icons import bind_icon, icon
from lab.ui.theme import bind_theme, theme
from lab.ui.words import Text, bind


@final
class Network(QObject):
    """The section with its parts, which have titles where there are several layers.

    What is to be done with a layer is only told.
    """

    added = Signal()
    repeated = Signal(int)
    moved = Signal(int, int)
    removed = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.section = Section(Text("Network", "网络"), parent=parent)
        self.output = Section(Text("Output", "输出"), line=False, parent=self.section.body)
        self.layers: list[Section] = []
        self._buttons: list[QToolButton] = []
        self._editable = True
        self._add = QToolButton(self.section)
        bind_icon(self._add, self._add.setIcon, "plus", "muted")
        bind_theme(self._add, lambda: self._add.setIconSize(QSize(theme.px(16), theme.px(16))))
        bind(self._add, self._add.setToolTip, Text("Add a layer like the last one", "添加与最后一层相同的层"))
        bind(self._add, self._add.setAccessibleName, Text("Add a layer", "添加一层"))
        self._add.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._add.clicked.connect(self.added)
        self.section.head.addWidget(self._add)
        self.section.more.hide()
        self.section.rows.addWidget(self.output)

    def show_layers(self, cells: list[Text]) -> None:
        """As many parts as there are layers, each named by its cell."""
        while len(self.layers) > len(cells):
            part = self.layers.pop()
            self._buttons.pop()
            self.section.rows.removeWidget(part)
            part.hide()
            part.deleteLater()
        while len(self.layers) < len(cells):
            self._new_part()
        for index, (part, cell) in enumerate(zip(self.layers, cells, strict=True)):
            part.title.rename(Text("Layer {n} · {cell}", "第 {n} 层 · {cell}").with_(n=index + 1, cell=cell))
        for part in (*self.layers, self.output):
            part.show_head(len(cells) > 1)

    def show_editable(self, editable: bool) -> None:
        """Layers cannot come and go while a network learns."""
        self._editable = editable
        for widget in (self._add, *self._buttons):
            widget.setVisible(editable)

    def menu_of(self, index: int) -> QMenu:
        """What can be done with a layer."""
        menu = QMenu(self._buttons[index])
        last = len(self.layers) - 1
        entries = (
            ("up", Text("Move up", "上移"), index > 0, partial(self.moved.emit, index, index - 1)),
            ("down", Text("Move down", "下移"), index < last, partial(self.moved.emit, index, index + 1)),
            ("copy", Text("Duplicate", "复制一层"), True, partial(self.repeated.emit, index)),
            ("delete", Text("Remove", "删除"), last > 0, partial(self.removed.emit, index)),
        )
        for name, words, possible, do in entries:
            action = menu.addAction(icon(name), str(words))
            action.setEnabled(possible)
            action.setToolTip(str(words))
            action.triggered.connect(do)
        return menu

    def _new_part(self) -> None:
        index = len(self.layers)
        part = Section(Text("Layer", "层"), line=False, parent=self.section.body)
        button = QToolButton(part)
        bind_icon(button, button.setIcon, "more", "muted")
        bind_theme(button, lambda: button.setIconSize(QSize(theme.px(16), theme.px(16))))
        words = Text("What can be done with layer {n}", "对第 {n} 层的操作").with_(n=index + 1)
        bind(button, button.setToolTip, words)
        bind(button, button.setAccessibleName, words)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(partial(self._popup, index))
        button.setVisible(self._editable)
        part.head.addWidget(button)
        self.section.rows.insertWidget(index, part)
        part.show()
        self.layers.append(part)
        self._buttons.append(button)

    def _popup(self, index: int) -> None:
        button = self._buttons[index]
        menu = self.menu_of(index)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
