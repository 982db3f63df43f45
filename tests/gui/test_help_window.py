"""The help window: every page in both languages, links between pages, a search through all."""

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget, QPushButton, QTextBrowser
from pytestqt.qtbot import QtBot

from lab.resources import resource_folder
from lab.ui.about import AboutDialog
from lab.ui.help_window import HelpWindow
from lab.ui.theme import theme
from lab.ui.words import language

PAGES = sorted(path.stem for path in (resource_folder() / "help" / "en").glob("*.md"))


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication) -> HelpWindow:
    theme.install(qapp)
    made = HelpWindow()
    qtbot.addWidget(made)
    made.show()
    return made


def shown(window: HelpWindow) -> str:
    browser = window.findChild(QTextBrowser)
    assert browser is not None
    return browser.toPlainText()


def titles(window: HelpWindow) -> list[str]:
    pages = window.findChild(QListWidget)
    assert pages is not None
    return [pages.item(row).text() for row in range(pages.count())]


def test_the_first_page_comes_first(window: HelpWindow) -> None:
    assert window.page == window.pages()[0] == "guide"
    assert shown(window).startswith("A first experiment")


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_shown_in_both_languages(window: HelpWindow, page: str, code: str) -> None:
    language.use(code)
    window.show_page(page)
    text = (resource_folder() / "help" / code / f"{page}.md").read_text(encoding="utf-8")
    title = text.splitlines()[0].removeprefix("# ")
    assert shown(window).startswith(title)
    assert title in titles(window)
    assert len(titles(window)) == len(window.pages())


def test_the_page_stays_when_the_language_changes(window: HelpWindow) -> None:
    window.show_page("cells")
    language.use("zh")
    assert window.page == "cells"
    assert shown(window).startswith("编写单元")


def test_a_page_that_is_not_there_gives_the_first(window: HelpWindow) -> None:
    window.show_page("no such page")
    assert window.page == "guide"


def test_links_lead_to_pages(window: HelpWindow) -> None:
    window.findChild(QTextBrowser).anchorClicked.emit(QUrl("plugins.md"))  # type: ignore[union-attr]
    assert window.page == "plugins"


def test_the_search_lists_pages_and_marks_the_place(qtbot: QtBot, window: HelpWindow) -> None:
    field, browser = window.findChild(QLineEdit), window.findChild(QTextBrowser)
    assert field is not None
    assert browser is not None
    every = len(titles(window))
    qtbot.keyClicks(field, "early_stopping")
    assert 0 < len(titles(window)) < every
    assert browser.textCursor().selectedText() == "early_stopping"
    field.setText("qqqq")
    assert titles(window) == []
    field.clear()
    assert len(titles(window)) == every


def test_what_the_program_is_can_be_copied(qtbot: QtBot, qapp: QApplication) -> None:
    theme.install(qapp)
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    copy = next(button for button in dialog.findChildren(QPushButton) if button.text() == "Copy version")
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert qapp.clipboard().text().startswith("RNN Lab ")
