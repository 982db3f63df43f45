"""A section of the form with a title that folds it away, and rows that are shown only when asked for."""

from typing import Final, final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from lab.ui.forms.row import Row
from lab.ui.icons import icon
from lab.ui.theme import bind_theme, dress, theme
from lab.ui.widgets import Mark, hairline
from lab.ui.words import Text, bind_call

_WRONG: Final = Text("{title}: something in it is wrong", "{title}：其中有错误")


@final
class Fold(QToolButton):
    """A word with an arrow that opens and closes what is beneath it."""

    def __init__(self, title: Text, *, opened: bool, weight: int = 600, role: str = "text") -> None:
        super().__init__()
        self.title = title
        self._wrong = False
        self.setCheckable(True)
        self.setChecked(opened)
        self.setProperty("flat", True)
        self.setStyleSheet(
            "QToolButton, QToolButton:checked { background: transparent; border-color: transparent;"
            " padding: 0; text-align: left; }"
        )
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        dress(self, 13 if role == "text" else 12, weight, role)
        bind_call(self, self._show)
        bind_theme(self, self._show)
        self.toggled.connect(self._show)

    def rename(self, title: Text) -> None:
        """Another title."""
        if title != self.title:
            self.title = title
            self._show()

    def show_wrong(self, wrong: bool) -> None:
        """Say to those who cannot see it that something beneath it is wrong."""
        self._wrong = wrong
        self._show()

    def _show(self) -> None:
        self.setText(f" {self.title}")
        self.setAccessibleName(str(_WRONG.with_(title=self.title) if self._wrong else self.title))
        self.setIcon(icon("chevron-down" if self.isChecked() else "chevron-right", "muted"))
        self.setIconSize(QSize(theme.px(12), theme.px(12)))
        self.setFixedHeight(theme.px(26))
        state = Text("Fold {title} away", "收起{title}") if self.isChecked() else Text("Show {title}", "展开{title}")
        self.setToolTip(str(state.with_(title=self.title)))


@final
class Section(QWidget):
    """Rows under a title. Rows of rare keys wait under "More" unless they say something of their own."""

    folded = Signal()

    def __init__(
        self, title: Text, *, opened: bool = True, line: bool = True, indent: int = 0, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.opened = opened
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(indent, 0, 0, 0)
        whole.setSpacing(0)
        if line:
            whole.addSpacing(7)
            whole.addWidget(hairline(self))
            whole.addSpacing(4)
        self._head = QWidget(self)
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(2)
        self.title = Fold(title, opened=opened, role="text" if line else "muted")
        self.title.toggled.connect(self._fold)
        head.addWidget(self.title)
        self.mark = Mark("", "error", 14, self._head)
        head.addWidget(self.mark)
        self._wrong = False
        head.addStretch(1)
        self.head = head
        whole.addWidget(self._head)
        self.body = QWidget(self)
        self.rows = QVBoxLayout(self.body)
        self.rows.setContentsMargins(0, 0, 0, 2)
        self.rows.setSpacing(0)
        self.more = Fold(Text("More", "更多"), opened=False, weight=400, role="muted")
        self.more.toggled.connect(self.show_rare)
        whole.addWidget(self.body)
        self.body.setVisible(opened)
        self._rare: list[tuple[Row, bool]] = []

    def show_rows(self, rows: list[Row], hidden: list[bool]) -> None:
        """These rows and no others, in this order; those marked `hidden` wait under "More"."""
        if rows != [row for row, _ in self._rare]:
            while self.rows.count():
                self.rows.takeAt(0)
            for row in rows:
                self.rows.addWidget(row)
            self.rows.addWidget(self.more)
        self._rare = list(zip(rows, hidden, strict=True))
        self.show_rare()

    def show_rare(self) -> None:
        """Show the rare rows if they are asked for."""
        count = sum(hidden for _, hidden in self._rare)
        for row, hidden in self._rare:
            row.setVisible(self.more.isChecked() or not hidden)
        self.more.setVisible(count > 0)
        words = (
            Text("Less", "收起")
            if self.more.isChecked()
            else Text("{count} more", "还有 {count} 项").with_(count=count)
        )
        self.more.rename(words)

    def show_head(self, shown: bool) -> None:
        """With its title, or as part of what is above it."""
        self._head.setVisible(shown)
        self.body.setVisible(not shown or self.title.isChecked())

    def show_wrong(self, wrong: bool) -> None:
        """Mark the title where something in it is wrong, and unfold it when it becomes so."""
        if wrong != self._wrong:
            self._wrong = wrong
            self.mark.show_mark("error" if wrong else "", "error")
            self.title.show_wrong(wrong)
            if wrong:
                self.open()

    def open(self) -> None:
        """Unfold it."""
        self.title.setChecked(True)

    def _fold(self, opened: bool) -> None:
        self.body.setVisible(opened)
        self.folded.emit()
