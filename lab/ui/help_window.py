"""The help: the shipped pages in the language of the window, with a search through all of them."""

from pathlib import Path
from typing import Final, final

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QFont,
    QKeySequence,
    QShortcut,
    QTextBlock,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from lab.resources import resource_folder
from lab.ui.icons import icon
from lab.ui.keys import shown
from lab.ui.theme import bind_theme, ground, set_font, theme
from lab.ui.widgets import hairline
from lab.ui.words import Text, bind, bind_call, language

FIRST: Final = ("guide", "window", "views", "experiment-file", "own-data", "cells", "plugins")
"""Pages at the head of the list; all others follow by their titles."""


@final
class HelpWindow(QDialog):
    """Shows one page at a time, with a list of all. It stays open beside the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModal(False)
        self.resize(980, 720)
        bind(self, self.setWindowTitle, Text("Help – RNN Lab", "帮助 – RNN Lab"))
        self._name = ""
        self._pages: dict[str, str] = {}
        self._find = QLineEdit()
        self._find.setClearButtonEnabled(True)
        self._glass = self._find.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        bind(self._find, self._find.setPlaceholderText, Text("Search all pages", "搜索所有页面"))
        bind(self._find, self._find.setAccessibleName, Text("Search all pages", "搜索所有页面"))
        bind(
            self._find,
            self._find.setToolTip,
            Text("{keys} comes here, F3 goes to the next place", "{keys} 到这里，F3 转到下一处").with_(
                keys=shown("Ctrl+F")
            ),
        )
        self._find.textChanged.connect(self._filter)
        self._find.returnPressed.connect(self._find_next)
        self._list = QListWidget()
        bind(self._list, self._list.setAccessibleName, Text("Pages", "页面"))
        self._list.currentItemChanged.connect(self._chosen)
        self._page = QTextBrowser()
        self._page.setOpenLinks(False)
        self._page.anchorClicked.connect(self._follow)
        bind(self._page, self._page.setAccessibleName, Text("Page", "页面内容"))
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(12, 12, 8, 12)
        column.setSpacing(8)
        column.addWidget(self._find)
        column.addWidget(self._list, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side)
        row.addWidget(hairline(vertical=True))
        row.addWidget(self._page, 1)
        ground(self, "chrome")
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self._find.setFocus)
        QShortcut(QKeySequence(Qt.Key.Key_F3), self, self._find_next)
        bind_theme(self, lambda: self._restyle(side))
        bind_call(self, self._read)

    def show_page(self, name: str) -> None:
        """Show a page by the name of its file without the ending; one that is not there shows the first page."""
        self._find.clear()
        self._name = name if name in self._pages else next(iter(self._pages), "")
        self._fill()
        self._show()

    @property
    def page(self) -> str:
        """The name of the page that is shown."""
        return self._name

    def pages(self) -> list[str]:
        """The names of all pages, in the order of the list."""
        return list(self._pages)

    def _read(self) -> None:
        """Read all pages anew: the language is another one."""
        folder = resource_folder() / "help" / language.code
        found = {path.stem: _text(path) for path in folder.glob("*.md")}
        order = sorted(found, key=lambda name: (_rank(name), _title(found[name], name).casefold()))
        self._pages = {name: found[name] for name in order}
        if self._name not in self._pages:
            self._name = next(iter(self._pages), "")
        self._fill()
        self._show()

    def _fill(self) -> None:
        wanted = self._find.text().strip().casefold()
        self._list.blockSignals(True)
        self._list.clear()
        for name, text in self._pages.items():
            if wanted in text.casefold():
                item = QListWidgetItem(_title(text, name), self._list)
                item.setData(Qt.ItemDataRole.UserRole, name)
                item.setSizeHint(QSize(0, theme.px(26)))
                if name == self._name:
                    self._list.setCurrentItem(item)
        self._list.blockSignals(False)

    def _filter(self) -> None:
        self._fill()
        if self._list.currentItem() is None and self._list.count():
            self._list.setCurrentRow(0)
        self._page.moveCursor(QTextCursor.MoveOperation.Start)
        self._find_next()

    def _find_next(self) -> None:
        wanted = self._find.text().strip()
        if wanted and not self._page.find(wanted):
            self._page.moveCursor(QTextCursor.MoveOperation.Start)
            self._page.find(wanted)

    def _chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._name = str(item.data(Qt.ItemDataRole.UserRole))
            self._show()
            self._find_next()

    def _follow(self, link: QUrl) -> None:
        if link.scheme() in ("http", "https"):
            QDesktopServices.openUrl(link)
        elif Path(link.path()).suffix == ".md":
            self.show_page(Path(link.path()).stem)

    def _show(self) -> None:
        document = self._page.document()
        document.setDefaultFont(theme.font(13))
        document.setMarkdown(self._pages.get(self._name, ""), QTextDocument.MarkdownFeature.MarkdownDialectGitHub)
        _set(document)
        self._page.moveCursor(QTextCursor.MoveOperation.Start)

    def _restyle(self, side: QWidget) -> None:
        side.setFixedWidth(theme.px(240))
        for widget in (self._find, self._list):
            set_font(widget, theme.font(13))
        self._glass.setIcon(icon("search", "muted"))
        self._page.document().setDocumentMargin(theme.px(28))
        self._show()


def _set(document: QTextDocument) -> None:
    """Give a page the fonts of the window: headings in steps, code in one width on a soft ground, air between."""
    block = document.begin()
    while block.isValid():
        shape = block.blockFormat()
        level = shape.headingLevel()
        is_code = _is_code(block)
        shape.setTopMargin(theme.px(16 if level else 0 if is_code else 2))
        shape.setBottomMargin(theme.px(0 if is_code and _is_code(block.next()) else 8))
        if is_code:
            shape.setBackground(theme.colour("shade"))
            shape.setNonBreakableLines(False)
        else:
            shape.setLineHeight(135, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor = QTextCursor(block)
        cursor.setBlockFormat(shape)
        fragments = block.begin()
        while not fragments.atEnd():
            fragment = fragments.fragment()
            letters = fragment.charFormat()
            cursor.setPosition(fragment.position())
            cursor.setPosition(fragment.position() + fragment.length(), QTextCursor.MoveMode.KeepAnchor)
            letters.setFont(_font(level, code=is_code or letters.fontFixedPitch(), bold=letters.fontWeight() >= 600))
            cursor.setCharFormat(letters)
            fragments += 1
        block = block.next()


def _is_code(block: QTextBlock) -> bool:
    return block.isValid() and block.blockFormat().hasProperty(QTextBlockFormat.Property.BlockCodeFence)


def _font(level: int, *, code: bool, bold: bool) -> QFont:
    if code:
        return theme.code_font(12)
    if level:
        return theme.font({1: 20, 2: 15}.get(level, 13), 600)
    return theme.font(13, 600 if bold else 400)


def _rank(name: str) -> int:
    return FIRST.index(name) if name in FIRST else len(FIRST)


def _title(text: str, name: str) -> str:
    first = next((line for line in text.splitlines() if line.startswith("# ")), "")
    return first[2:].strip() or name


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return f"# {path.stem}\n\n{error}\n"
