"""The beginning of a file of data, as a table whose columns can be chosen or as text."""

from typing import Final, final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from lab.ui.datafile import Column, Look
from lab.ui.theme import bind_theme, theme
from lab.ui.words import Text, bind, bind_call

_ROWS: Final = 50
_COLUMNS: Final = 60


@final
class Preview(QStackedWidget):
    """The first rows of a table, with the kind of each column under its name, or the beginning of a text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = QTableWidget(self)
        self.table.setTabKeyNavigation(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.verticalHeader().setVisible(False)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setWordWrap(False)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setStyleSheet("QTableView::item { padding: 0 8px; border: 0; }")
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.addWidget(self.table)
        self.addWidget(self.text)
        words = Text("Beginning of the file", "文件的开头")
        for widget in (self.table, self.text):
            bind(widget, widget.setAccessibleName, words)
        self._look: Look | None = None
        bind_call(self, self._show)
        bind_theme(self, self._show)

    def show_look(self, look: Look | None) -> None:
        """Show what was found in a file; nothing where nothing was."""
        self._look = look
        if look is None:
            self.text.clear()
        self._show()

    def show_beginning(self, text: str) -> None:
        """Show the text of a file that cannot be used."""
        self._look = None
        self.text.setPlainText(text)
        self.setCurrentWidget(self.text)

    def _show(self) -> None:
        look = self._look
        self.text.setFont(theme.code_font(12))
        if look is None or look.table is None:
            if look is not None:
                self.text.setPlainText(look.beginning)
            self.setCurrentWidget(self.text)
            return
        self.setCurrentWidget(self.table)
        columns, rows = look.columns[:_COLUMNS], look.table.rows[:_ROWS]
        self.table.setFont(theme.font(12, tabular=True))
        self.table.clear()
        self.table.setColumnCount(len(columns))
        self.table.setRowCount(len(rows))
        self.table.setHorizontalHeaderLabels([f"{column.name}\n{kind_of(column)}" for column in columns])
        for place, column in enumerate(columns):
            side = Qt.AlignmentFlag.AlignRight if column.numeric else Qt.AlignmentFlag.AlignLeft
            head = self.table.horizontalHeaderItem(place)
            if head is not None:
                head.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            for line, row in enumerate(rows):
                item = QTableWidgetItem(row[place])
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                if not column.usable:
                    item.setForeground(QColor(theme.colour("muted")))
                self.table.setItem(line, place, item)
        self.table.verticalHeader().setDefaultSectionSize(theme.px(22))
        self.table.resizeColumnsToContents()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setFixedHeight(theme.px(42))


@final
class ColumnList(QListWidget):
    """The columns of a table to choose from; those that a network cannot read say why."""

    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: tuple[Column, ...] = ()
        self.itemChanged.connect(lambda _: self.chosen.emit())
        bind(self, self.setAccessibleName, Text("Columns to read", "读入的列"))
        bind_call(self, self._name)
        self.setStyleSheet("QListView::item { padding: 3px 6px; }")
        bind_theme(self, lambda: self.setFont(theme.font(12)))

    def show_columns(self, columns: tuple[Column, ...]) -> None:
        """These, with all that can be read ticked."""
        self._columns = columns
        self.blockSignals(True)
        self.clear()
        for column in columns:
            item = QListWidgetItem(self)
            item.setCheckState(Qt.CheckState.Checked if column.usable else Qt.CheckState.Unchecked)
            if not column.usable:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
        self.blockSignals(False)
        self._name()

    def ticked(self) -> list[str]:
        """The names of the columns that are ticked."""
        checked = Qt.CheckState.Checked
        return [one.name for place, one in enumerate(self._columns) if self.item(place).checkState() is checked]

    def _name(self) -> None:
        self.blockSignals(True)
        for place, column in enumerate(self._columns):
            item = self.item(place)
            item.setText(f"{column.name}   {kind_of(column)}")
            item.setToolTip(str(why_not(column)) if not column.usable else column.name)
        self.blockSignals(False)


def kind_of(column: Column) -> Text:
    """What a column is: numbers, text, or numbers with gaps."""
    if column.usable:
        return Text("number", "数值")
    if column.numeric:
        gaps = column.rows - column.numbers
        return Text("number, {n} missing", "数值，缺 {n} 个").with_(n=gaps)
    return Text("text", "文本")


def why_not(column: Column) -> Text:
    """Why a column cannot be read."""
    cell = Text.plain(f"“{column.cell[:40]}”") if column.cell else Text("an empty cell", "空单元格")
    return Text(
        "Column {name} has {cell} in line {line}, which is no finite number.",
        "列“{name}”第 {line} 行的{cell}不是有限的数。",
    ).with_(name=column.name, cell=cell, line=column.line)
