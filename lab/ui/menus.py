"""The menu bar."""

import sys
from typing import Final, final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QMainWindow, QMenu, QMenuBar

from lab.ui.actions import Actions
from lab.ui.words import Text, bind

_TITLES: Final = (
    ("file", Text("File", "文件"), "Alt+F"),
    ("edit", Text("Edit", "编辑"), "Alt+E"),
    ("run", Text("Run", "运行"), "Alt+R"),
    ("view", Text("View", "视图"), "Alt+V"),
    ("help", Text("Help", "帮助"), "Alt+H"),
)


@final
class Menus:
    """The menus of the main window. Alt with the first letter of the English title opens one, in both languages."""

    def __init__(self, window: QMainWindow, actions: Actions) -> None:
        self._bar = window.menuBar()
        self._menus = {name: self._menu(window, title, keys) for name, title, keys in _TITLES}
        self.views = QMenu(self._bar)
        bind(self.views, self.views.setTitle, Text("Views", "各视图"))
        self.panel = QMenu(self._bar)
        bind(self.panel, self.panel.setTitle, Text("Move panel…", "移动面板…"))
        self.panel.setToolTipsVisible(True)
        self.panel.addActions(list(actions.panel.values()))
        for name in ("left", "tab", "wider"):
            self.panel.insertSeparator(actions.panel[name])
        languages, themes = QMenu(self._bar), QMenu(self._bar)
        # Whoever has lost the way in a language finds this entry in the other one.
        languages.setTitle("Language · 语言")
        languages.addActions(actions.languages.actions())
        bind(themes, themes.setTitle, Text("Theme", "主题"))
        themes.addActions(actions.themes.actions())
        a = actions
        self._fill("file", a.gallery, a.new, a.open, a.recent, a.own_data, None, a.save, a.save_as, a.export, None)
        self._fill("file", a.settings, None, a.quit)
        self._fill("edit", a.undo, a.redo, None, a.filter_runs)
        self._fill("run", a.run, a.run_anew, a.one_update, a.one_epoch, a.stop, None, a.snapshot)
        self._fill("view", *a.perspectives.actions(), None, self.views, a.enlarge, a.next_view, a.previous_view)
        self._fill("view", a.view_menu, None)
        self._fill("view", a.toggle_left, a.toggle_right, a.toggle_problems, self.panel, a.reset_arrangement, None)
        self._fill("view", languages, themes, a.larger, a.smaller, a.normal_size)
        self._fill("help", a.help, None, a.about)

    @property
    def bar(self) -> QMenuBar:
        """The menu bar."""
        return self._bar

    def _menu(self, window: QMainWindow, title: Text, keys: str) -> QMenu:
        menu = QMenu(self._bar)
        bind(menu, menu.setTitle, title)
        self._bar.addMenu(menu)
        if sys.platform == "darwin":  # the menus are the system's, and these keys write letters
            return menu
        # Without underlined letters, which Chinese titles would have to carry in brackets.
        shortcut = QShortcut(QKeySequence(keys), window)
        shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
        shortcut.activated.connect(lambda: self._bar.setActiveAction(menu.menuAction()))
        return menu

    def _fill(self, name: str, *entries: QAction | QMenu | None) -> None:
        menu = self._menus[name]
        menu.setToolTipsVisible(True)
        for entry in entries:
            if entry is None:
                menu.addSeparator()
            elif isinstance(entry, QMenu):
                menu.addMenu(entry)
            else:
                menu.addAction(entry)
