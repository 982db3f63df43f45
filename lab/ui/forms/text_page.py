"""The experiment as text: to repair what no form can show, and for those who would rather write."""

from collections.abc import Callable
from functools import partial
from typing import Final, final

from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor, QFocusEvent, QTextCursor, QTextFormat
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from lab.experiment.problems import EntryError
from lab.ui.document import OpenDocument
from lab.ui.forms.editors import text_in
from lab.ui.forms.wrong import Remedy, Wrong, WrongList
from lab.ui.theme import bind_theme, theme
from lab.ui.words import Text, bind

_PAUSE: Final = 250
"""Milliseconds after the last letter until the text is read."""


@final
class TextPage(QWidget):
    """An editor of the text with the lines at fault marked, and above it what is wrong with them."""

    def __init__(self, document: OpenDocument, explain: Callable[[EntryError], Text], parent: QWidget) -> None:
        super().__init__(parent)
        self._document, self._explain = document, explain
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, 12, 12)
        column.setSpacing(8)
        self.wrong = WrongList(self)
        column.addWidget(self.wrong)
        self.editor = _Editor(self)
        column.addWidget(self.editor, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self.take)
        self.editor.textChanged.connect(self._typed)
        self._crlf = False
        self._text = self._seen = ""
        bind_theme(self, self._mark)

    def show_document(self) -> None:
        """Show the text of the document and what is wrong with it."""
        text = self._document.text
        self._crlf = "\r\n" in text
        plain = text.replace("\r\n", "\n")
        if text != self._text:
            self._text = text
            if plain != text_in(self.editor):
                cursor = self.editor.textCursor()
                place = cursor.position()
                self.editor.blockSignals(True)
                self.editor.setPlainText(plain)
                self.editor.blockSignals(False)
                cursor = self.editor.textCursor()
                cursor.setPosition(min(place, self.editor.document().characterCount() - 1))
                self.editor.setTextCursor(cursor)
            self._seen = text_in(self.editor)
        self.wrong.show_wrong([self._entry(problem) for problem in self._document.problems[:_LISTED]])
        self._mark()

    def take(self) -> None:
        """Take over what was typed."""
        self._timer.stop()
        plain = text_in(self.editor)
        if plain != self._seen:
            self._document.replace_text(plain.replace("\n", "\r\n") if self._crlf else plain)

    def go_to(self, line: int) -> None:
        """Put the cursor into a line, counted from 1."""
        block = self.editor.document().findBlockByNumber(line - 1)
        self.editor.setTextCursor(QTextCursor(block))
        self.editor.centerCursor()
        self.editor.setFocus()

    def _entry(self, problem: EntryError) -> Wrong:
        words = self._explain(problem)
        if problem.line is None:
            return Wrong(words)
        place = Text("Line {line}", "第 {line} 行").with_(line=problem.line)
        return Wrong(words, place=Remedy(place, partial(self.go_to, problem.line)))

    def _typed(self) -> None:
        self._timer.start()

    def _mark(self) -> None:
        """The lines at fault on a coloured ground."""
        self.editor.setFont(theme.code_font(12))
        found = []
        for line in {problem.line for problem in self._document.problems} - {None}:
            selection = QTextEdit.ExtraSelection()
            block = self.editor.document().findBlockByNumber((line or 1) - 1)
            # PySide's stubs know the two members of ExtraSelection as plain attributes.
            selection.cursor = QTextCursor(block)
            selection.format.setBackground(QColor(theme.colour("error_soft")))
            selection.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            found.append(selection)
        self.editor.setExtraSelections(found)


_LISTED: Final = 8
"""So many problems are listed; the rest is seen when these are mended."""


@final
class _Editor(QPlainTextEdit):
    """A plain editor that ends an edit when it is left."""

    def __init__(self, page: TextPage) -> None:
        super().__init__(page)
        self._page = page
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabStopDistance(4 * self.fontMetrics().horizontalAdvance(" "))
        bind(self, self.setAccessibleName, Text("Text of the experiment", "实验的文本"))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """What was typed is one edit."""
        super().focusOutEvent(event)
        self._page.take()
        self._page._document.settle()
