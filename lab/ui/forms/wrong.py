"""What is wrong with an experiment and has no field of its own to stand under, with what can be done about it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from lab.ui.theme import bind_theme, dress, theme
from lab.ui.widgets import Mark
from lab.ui.words import Text, bind, bind_call


@final
@dataclass(frozen=True, slots=True)
class Remedy:
    """Something a person can do: what the button says, and what it does."""

    words: Text
    do: Callable[[], object]


@final
@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong, or worth knowing where `level` is `note`."""

    text: Text
    level: str = "error"
    remedies: tuple[Remedy, ...] = ()
    place: Remedy | None = None
    """Where it is: a link before the sentence."""


@final
class WrongList(QWidget):
    """A list of them, each with its icon, its sentence and its buttons. It takes no room while it is empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 8, 0, 2)
        self._column.setSpacing(8)
        self._shown: tuple[Text, ...] = ()
        self.hide()

    def show_wrong(self, wrong: Sequence[Wrong]) -> None:
        """These and no others."""
        texts = tuple(one.text for one in wrong)
        if texts != self._shown:
            self._shown = texts
            while self._column.count():
                item = self._column.takeAt(0)
                widget = item.widget() if item is not None else None
                if widget is not None:
                    widget.hide()
                    widget.deleteLater()
            for one in wrong:
                self._column.addWidget(self._entry(one))
        self.setVisible(bool(wrong))

    def texts(self) -> tuple[Text, ...]:
        """What is listed."""
        return self._shown

    def _entry(self, wrong: Wrong) -> QWidget:
        entry = QWidget(self)
        row = QHBoxLayout(entry)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(
            Mark(wrong.level, "muted" if wrong.level == "note" else wrong.level, 14, entry),
            0,
            Qt.AlignmentFlag.AlignTop,
        )
        column = QVBoxLayout()
        column.setSpacing(4)
        label = QLabel(entry)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        dress(label, 12, role="text" if wrong.level == "note" else wrong.level)
        if wrong.place is None:
            bind(label, label.setText, wrong.text)
        else:
            _link(label, wrong.place, wrong.text)
        column.addWidget(label)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for remedy in wrong.remedies:
            button = QPushButton(entry)
            dress(button, 12)
            bind(button, button.setText, remedy.words)
            bind(button, button.setToolTip, remedy.words)
            bind(button, button.setAccessibleName, remedy.words)
            button.clicked.connect(partial(_press, remedy))
            buttons.addWidget(button)
        buttons.addStretch(1)
        if wrong.remedies:
            column.addLayout(buttons)
        row.addLayout(column, 1)
        return entry


def _link(label: QLabel, place: Remedy, text: Text) -> None:
    """The place as a link, which the keyboard reaches too."""
    label.setTextFormat(Qt.TextFormat.RichText)
    flags = Qt.TextInteractionFlag
    label.setTextInteractionFlags(flags.LinksAccessibleByMouse | flags.LinksAccessibleByKeyboard)
    label.linkActivated.connect(lambda _: place.do())

    def show() -> None:
        colour = theme.colour("accent").name()
        link = f'<a href="#" style="color: {colour}">{escape(str(place.words))}</a>'
        label.setText(f"{link}&ensp;{escape(str(text))}")

    bind_call(label, show)
    bind_theme(label, show)


def _press(remedy: Remedy, _checked: bool = False) -> None:
    remedy.do()
