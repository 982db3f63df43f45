"""The windows beside the window: settings, help, about, own data. Each is made when it is first asked for."""

from collections.abc import Callable
from typing import final

from PySide6.QtCore import QObject

from lab.registry.catalog import Catalog
from lab.runner.messages import Problem
from lab.ui.about import AboutDialog
from lab.ui.actions import Actions
from lab.ui.filing import Filing
from lab.ui.help_window import HelpWindow
from lab.ui.main_window import MainWindow
from lab.ui.own_data import OwnData
from lab.ui.settings import Settings
from lab.ui.settings_dialog import SettingsDialog
from lab.ui.theme import theme

_FIRST_PAGE = "guide"


@final
class Dialogs(QObject):
    """Follows the actions that open them, and those that change settings at once: language, theme, size of text."""

    def __init__(
        self,
        window: MainWindow,
        actions: Actions,
        catalog: Catalog,
        settings: Settings,
        filing: Filing,
        report: Callable[[Problem], None],
    ) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        self._catalog, self._filing = catalog, filing
        self._help: HelpWindow | None = None
        actions.settings.triggered.connect(lambda: SettingsDialog(settings, window).exec())
        actions.about.triggered.connect(lambda: AboutDialog(window).exec())
        actions.help.triggered.connect(lambda: self.show_help(_FIRST_PAGE))
        actions.own_data.triggered.connect(self.ask_own_data)
        settings.failed.connect(report)
        for group, key in ((actions.languages, "language"), (actions.themes, "theme")):
            for action in group.actions():
                action.setChecked((action.data() or "") == settings.value(key))
            group.triggered.connect(lambda action, key=key: settings.set_value(key, action.data() or ""))
        for action, step in ((actions.larger, 10), (actions.smaller, -10), (actions.normal_size, None)):
            action.triggered.connect(lambda _on=False, step=step: self._resize(step))

    def show_help(self, page: str) -> None:
        """Show a page of the help beside the window."""
        if self._help is None:
            self._help = HelpWindow(self._window)
        self._help.show_page(page)
        self._help.show()
        self._help.raise_()
        self._help.activateWindow()

    def ask_own_data(self, file: str = "") -> None:
        """Ask for a CSV or a text, and make an experiment of it."""
        dialog = OwnData(self._catalog, self._window)
        dialog.made.connect(self._filing.open_text)
        if file:
            dialog.open_file(file)
        dialog.open()

    def _resize(self, step: int | None) -> None:
        size = 100 if step is None else round(100 * theme.text_size) + step
        self._settings.set_value("text_size", min(max(size, 80), 200))
