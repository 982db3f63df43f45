"""The head of the form: which experiment it is, what has been changed, and the way to its text."""

from typing import Final, final

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QGridLayout, QToolButton, QWidget

from lab.ui.document import OpenDocument
from lab.ui.icons import bind_icon
from lab.ui.theme import bind_theme, dress, theme
from lab.ui.widgets import Elided
from lab.ui.words import Text, bind

_ONE: Final = Text("1 problem", "1 个问题")
_SEVERAL: Final = Text("{n} problems", "{n} 个问题")


@final
class Head(QWidget):
    """Title and subtitle, and a button that is down while the text is edited."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 8, 8, 2)
        grid.setSpacing(1)
        self.title, self.subtitle = Elided(parent=self), Elided(parent=self)
        dress(self.title, 13, 600)
        dress(self.subtitle, 12, role="muted", tabular=True)
        self.as_text = QToolButton(self)
        self.as_text.setCheckable(True)
        bind_icon(self.as_text, self.as_text.setIcon, "edit", "muted")
        bind_theme(self.as_text, lambda: self.as_text.setIconSize(QSize(theme.px(16), theme.px(16))))
        words = Text("Edit as text", "以文本编辑")
        bind(self.as_text, self.as_text.setToolTip, words)
        bind(self.as_text, self.as_text.setAccessibleName, words)
        grid.addWidget(self.title, 0, 0)
        grid.addWidget(self.subtitle, 1, 0)
        grid.addWidget(self.as_text, 0, 1, 2, 1)
        grid.setColumnStretch(0, 1)

    def show_document(self, document: OpenDocument, run: Text | None) -> None:
        """Name, run, seed and the number of edits; without edits the name of the file. First what is wrong."""
        spec = None if document.shown is None else document.shown.spec
        name = Text("Experiment", "实验") if spec is None else Text(spec.name_in("en"), spec.name_in("zh"))
        self.title.setText(str(name))
        wrong = len(document.faults)
        dress(self.subtitle, 12, role="error" if wrong else "muted", tabular=True)
        parts = [(_ONE if wrong == 1 else _SEVERAL).with_(n=wrong)] if wrong else []
        if run is not None:
            parts.append(run)
        if spec is not None and document.problem("seed") is None:
            parts.append(Text("seed {n}", "种子 {n}").with_(n=spec.seed))
        count = len(document.edits())
        if count:
            edits = Text("{n} edits", "{n} 处改动") if count > 1 else Text("1 edit", "1 处改动")
            parts.append(edits.with_(n=count))
        elif document.name:
            parts.append(Text.plain(document.name))
        self.subtitle.setText(" · ".join(map(str, parts)))
