"""The gallery: what is seen first. Experiments that run in seconds, and ways to one's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from lab.ui.cards import Card
from lab.ui.examples import GROUPS, examples
from lab.ui.icons import bind_icon
from lab.ui.keys import shown
from lab.ui.tab_order import REGION
from lab.ui.theme import bind_theme, dress, ground, theme
from lab.ui.widgets import Elided, Segments, hairline
from lab.ui.words import Text, bind

_TITLE: Final = Text("Choose an experiment", "选择一个实验")
_INTRO: Final = Text(
    "Each one trains while you watch. Everything in it can be changed afterwards.",
    "每个实验都在您眼前训练，之后可以改动其中的一切。",
)
_ALL: Final = Text("All {count}", "全部 {count}")
_GALLERY: Final = Text("Gallery", "示例")
_RECENT: Final = Text("Recent", "最近")
_NO_RECENT: Final = Text("Experiments you run appear here.", "运行过的实验会出现在这里。")
_ENTRIES: Final = {
    "open": (Text("Open experiment…", "打开实验…"), "file", "Ctrl+O"),
    "own_data": (Text("Own data (CSV, text)…", "自己的数据…"), "table", "Ctrl+Shift+O"),
    "empty": (Text("Empty experiment", "空白实验"), "plus", "Ctrl+N"),
}
_WIDE, _NARROW = 264, 208
_BREAK: Final = 1280
"""Logical width below which the side is narrow."""
_GAP, _EDGE = 20, 32
_CARD: Final = 300
_WIDEST: Final = 400
_COLUMNS: Final = 4
_MOST_RECENT: Final = 8


@final
class Gallery(QWidget):
    """Cards of `experiments` (paths of experiment files), and a list of other ways to begin at the left."""

    opened = Signal(str)
    run = Signal(str)
    """The path of an experiment that is to be opened, and run at once."""
    open_asked = Signal()
    own_data_asked = Signal()
    empty_asked = Signal()

    def __init__(self, experiments: Sequence[Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards = [Card(example) for example in examples(experiments)]
        self._groups = [name for name in GROUPS if any(card.example.group == name for card in self.cards)]
        self.entries: dict[str, QToolButton] = {}
        self.side = self._make_side()
        self._page = _Page(self.cards)
        for card in self.cards:
            path = str(card.example.path)
            card.clicked.connect(lambda _checked=False, path=path: self.opened.emit(path))
            card.run.connect(lambda path=path: self.run.emit(path))
            card.moved.connect(lambda key, card=card: self._move(card, key))
        self.groups = Segments(
            [_ALL.with_(count=len(self.cards)), *(GROUPS[name] for name in self._groups)],
        )
        self.groups.chosen.connect(self._choose_group)
        choice = QHBoxLayout()
        choice.setContentsMargins(0, 4, 0, 0)
        choice.addWidget(self.groups)
        choice.addStretch(1)
        self._page.head.addLayout(choice)
        self.area = QScrollArea()
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self._page)
        ground(self._page, "chrome")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.side)
        row.addWidget(hairline(vertical=True))
        row.addWidget(self.area, 1)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.set_recent([])

    def set_recent(self, paths: Sequence[Path]) -> None:
        """List files that were open lately, the latest first."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for path in paths[:_MOST_RECENT]:
            button = _entry(Text.plain(path.stem), "file")
            button.setToolTip(str(path))
            button.clicked.connect(lambda _checked=False, path=path: self.opened.emit(str(path)))
            self._recent.addWidget(button)
        self._no_recent.setVisible(not paths)

    def visible_cards(self) -> list[Card]:
        """The cards of the chosen group, in their order."""
        return [card for card in self.cards if not card.isHidden()]

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        cards = self.visible_cards()
        if cards:
            cards[0].setFocus(event.reason())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._size_side()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._size_side()

    def _size_side(self) -> None:
        self.side.setFixedWidth(theme.px(_WIDE if self.width() >= _BREAK else _NARROW))

    def _make_side(self) -> QWidget:
        side = QWidget()
        side.setProperty(REGION, True)
        ground(side, "chrome")
        column = QVBoxLayout(side)
        column.setContentsMargins(12, 20, 12, 16)
        column.setSpacing(2)
        here = _entry(_GALLERY, "grid")
        bind(here, here.setToolTip, Text("The shipped experiments", "自带的实验"))
        here.setCheckable(True)
        here.setChecked(True)
        here.clicked.connect(lambda: here.setChecked(True))
        column.addWidget(here)
        asks = {"open": self.open_asked, "own_data": self.own_data_asked, "empty": self.empty_asked}
        for name, (words, picture, keys) in _ENTRIES.items():
            button = _entry(words, picture)
            bind(
                button,
                button.setToolTip,
                Text("{words} ({keys})", "{words}（{keys}）").with_(words=words, keys=shown(keys)),
            )
            button.clicked.connect(asks[name])
            self.entries[name] = button
            column.addWidget(button)
        column.addSpacing(18)
        recent = QLabel()
        recent.setContentsMargins(6, 0, 0, 0)
        dress(recent, 12, 600, "muted")
        bind(recent, recent.setText, _RECENT)
        column.addWidget(recent)
        self._no_recent = QLabel()
        self._no_recent.setWordWrap(True)
        self._no_recent.setContentsMargins(8, 4, 0, 0)
        dress(self._no_recent, 12, 400, "muted")
        bind(self._no_recent, self._no_recent.setText, _NO_RECENT)
        column.addWidget(self._no_recent)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        column.addLayout(self._recent)
        column.addStretch(1)
        return side

    def _choose_group(self, index: int) -> None:
        wanted = self._groups[index - 1] if index else ""
        for card in self.cards:
            card.setVisible(not wanted or card.example.group == wanted)
        self._page.place()

    def _move(self, card: Card, key: int) -> None:
        cards = self.visible_cards()
        columns = self._page.columns
        steps = {
            int(Qt.Key.Key_Left): -1,
            int(Qt.Key.Key_Right): 1,
            int(Qt.Key.Key_Up): -columns,
            int(Qt.Key.Key_Down): columns,
        }
        place = cards.index(card) + steps[key]
        if 0 <= place < len(cards):
            cards[place].setFocus(Qt.FocusReason.OtherFocusReason)
            self.area.ensureWidgetVisible(cards[place], 0, _GAP)


@final
class _Page(QWidget):
    """The heading, and the cards in as many columns as there is room for."""

    def __init__(self, cards: Sequence[Card]) -> None:
        super().__init__()
        self.cards = cards
        self.columns = 1
        for card in cards:
            card.setParent(self)
        top = QWidget(self)
        self._top = top
        self.head = QVBoxLayout(top)
        self.head.setContentsMargins(_EDGE, 24, _EDGE, 0)
        self.head.setSpacing(6)
        title, intro = QLabel(), Elided()
        dress(title, 20, 600)
        dress(intro, 13, 400, "muted")
        bind(title, title.setText, _TITLE)
        bind(intro, intro.setText, _INTRO)
        self.head.addWidget(title)
        self.head.addWidget(intro)
        bind_theme(self, self.place)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.place()

    def place(self) -> None:
        """Put every visible card where it belongs."""
        width = self.width() - 2 * _EDGE
        shown = [card for card in self.cards if not card.isHidden()]
        self.columns = max(1, min(_COLUMNS, (width + _GAP) // round((_CARD - 10) * min(theme.scale, 1.5) + _GAP)))
        wide = min(round(_WIDEST * theme.scale), (width - _GAP * (self.columns - 1)) // self.columns)
        high = self.head.sizeHint().height()
        self._top.setGeometry(0, 0, self.width(), high)
        top = high + 14
        if not shown or wide < 1:
            return
        tall = max(card.height_for(wide) for card in shown)
        for place, card in enumerate(shown):
            row, column = divmod(place, self.columns)
            card.setGeometry(_EDGE + column * (wide + _GAP), top + row * (tall + _GAP), wide, tall)
        rows = -(-len(shown) // self.columns)
        self.setMinimumHeight(top + rows * (tall + _GAP) + 4)


def _entry(words: Text, picture: str) -> QToolButton:
    button = QToolButton()
    button.setProperty("side", True)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    bind(button, lambda text: button.setText(f"  {text}"), words)
    bind(button, button.setAccessibleName, words)
    bind_icon(button, button.setIcon, picture, "muted")

    def size() -> None:
        button.setFixedHeight(theme.px(30))
        button.setIconSize(QSize(theme.px(16), theme.px(16)))

    bind_theme(button, size)
    return button
