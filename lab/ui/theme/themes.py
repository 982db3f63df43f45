"""The theme that is shown: colours, fonts and sizes, and the switch between light and dark."""

from typing import Final, final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QGuiApplication
from PySide6.QtWidgets import QApplication, QStyleFactory

from lab.runner.messages import Problem
from lab.ui.theme import fonts, maps
from lab.ui.theme.palette import palette
from lab.ui.theme.sheet import sheet
from lab.ui.theme.tokens import LIGHT, THEMES, Tokens
from lab.ui.words import language

CHOICES: Final = ("system", "light", "dark")


@final
class Theme(QObject):
    """Colours and fonts by what they are for. Only `theme`, below, is one; tests set it back.

    `tokens` are the colours now, `scale` the size of text, 1 being normal; both have their new values when `changed`
    is sent.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tokens: Tokens = LIGHT
        self.choice = "light"
        self.scale = 1.0
        self._text_size = 1.0
        self._enlarged = 1.0
        self._app: QApplication | None = None
        self._chinese_bold = 600
        self._bold = 600
        language.changed.connect(self._language_changed)

    def install(self, app: QApplication) -> list[Problem]:
        """Give the application style, fonts and colours, and follow the system from now on; returns what is missing.

        Once is enough: again it does nothing.
        """
        if app is self._app:
            return []
        problems = fonts.load()
        language.chinese = fonts.has_chinese()
        self._chinese_bold = fonts.chinese_bold()
        self._bold = self._chinese_bold if language.code == "zh" else 600
        app.setStyle(QStyleFactory.create("Fusion"))
        self._app = app
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._apply()
        return problems

    def current(self) -> str:
        """`light` or `dark`, whatever was chosen."""
        return "dark" if self.tokens.dark else "light"

    def use(self, choice: str) -> None:
        """Show `light` or `dark`, or follow `system`. Any other choice follows the system."""
        choice = choice if choice in CHOICES else "system"
        same, self.choice = choice == self.choice, choice
        tokens = THEMES[choice if choice != "system" else _of_system()]
        if tokens is not self.tokens:
            self.tokens = tokens
            self._apply()
        elif not same:
            self.changed.emit()

    def use_text_size(self, factor: float) -> None:
        """Make all text larger or smaller: 1 is normal, between 0.8 and 2."""
        self._text_size = min(max(factor, 0.8), 2.0)
        self._rescale()

    def enlarge(self, factor: float) -> None:
        """Make all text larger for a lecture hall, on top of the chosen size; 1 goes back."""
        self._enlarged = factor
        self._rescale()

    @property
    def text_size(self) -> float:
        """The size of text that was chosen, without what a lecture hall adds."""
        return self._text_size

    @property
    def enlarged(self) -> bool:
        """True while shown for a lecture hall: pens may be thick then."""
        return self._enlarged > 1.0

    def font(self, pixels: float = 13, weight: int = 400, tabular: bool = False) -> QFont:
        """The font of the window at a size in pixels before scaling; weights are 400 and 600."""
        return fonts.make(fonts.FAMILIES, pixels * self.scale, weight if weight < 600 else self._bold, tabular=tabular)

    def formula_font(self, pixels: float = 16, *, italic: bool = True) -> QFont:
        """The font of equations."""
        return fonts.make(fonts.FORMULA_FAMILIES, pixels * self.scale, 400, italic=italic)

    def code_font(self, pixels: float = 12) -> QFont:
        """The font of code and tracebacks, all characters of one width."""
        return fonts.make(fonts.CODE_FAMILIES, pixels * self.scale, 400)

    def px(self, pixels: float) -> int:
        """A length that holds text, scaled, in pixels."""
        return round(pixels * self.scale)

    def colour(self, role: str) -> QColor:
        """The colour of a role: a field of `Tokens`, or `series1` to `series8`."""
        return self.tokens.colour(role)

    def colour_map(self, name: str) -> NDArray[np.uint8]:
        """The 256 colours of `gate`, `magnitude` or `signed`, (256, 4) RGBA, read only."""
        return maps.table(name, self.tokens.dark)

    def _rescale(self) -> None:
        scale = self._text_size * self._enlarged
        if scale != self.scale:
            self.scale = scale
            self._apply()

    def _apply(self) -> None:
        if self._app is not None:
            self._app.setPalette(palette(self.tokens))
            self._app.setFont(self.font())
            self._app.setStyleSheet(sheet(self.tokens, self.scale, self._bold))
        self.changed.emit()

    @Slot()
    def _language_changed(self) -> None:
        bold = self._chinese_bold if language.code == "zh" else 600
        if bold != self._bold:
            self._bold = bold
            self._apply()

    @Slot()
    def _system_changed(self) -> None:
        if self.choice == "system":
            self.use("system")


def _of_system() -> str:
    scheme = QGuiApplication.styleHints().colorScheme()
    return "dark" if scheme is Qt.ColorScheme.Dark else "light"


theme: Final = Theme()
