"""Fonts and colours of single widgets that stay right when the theme or the size of text changes."""

from collections.abc import Callable
from typing import final

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QWidget

from lab.ui.theme.themes import theme


@final
class _Binding(QObject):
    """Calls again when the theme changes, as long as its owner lives."""

    def __init__(self, owner: QObject, show: Callable[[], object]) -> None:
        super().__init__(owner)
        self._show = show
        theme.changed.connect(self._again)

    @Slot()
    def _again(self) -> None:
        self._show()


def bind_theme(owner: QObject, show: Callable[[], object]) -> None:
    """Call `show` now, and again whenever the theme or the size of text changes, until `owner` is gone."""
    show()
    _Binding(owner, show)


def set_font(widget: QWidget, font: QFont) -> None:
    """Give a widget a font that stays when the widget moves to another parent.

    Under a style sheet Qt remembers the first font that was set, and goes back to it then.
    """
    widget.setFont(font)
    widget.setProperty("_q_styleSheetWidgetFont", font)


@final
class _Dress(QObject):
    """What one widget wears."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self.font: tuple[float, int, bool] = (13, 400, False)
        self.role = "text"
        theme.changed.connect(self.put_on)

    @Slot()
    def put_on(self) -> None:
        pixels, weight, tabular = self.font
        set_font(self._widget, theme.font(pixels, weight, tabular))
        colours = self._widget.palette()
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
            colours.setColor(QPalette.ColorGroup.All, role, theme.colour(self.role))
            colours.setColor(QPalette.ColorGroup.Disabled, role, theme.colour("faint"))
        self._widget.setPalette(colours)


def dress(widget: QWidget, pixels: float = 13, weight: int = 400, role: str = "text", tabular: bool = False) -> None:
    """Give a widget a font of the window and its text the colour of a role, now and in every theme.

    Called again for the same widget it replaces what it wore.
    """
    worn = widget.findChild(_Dress, options=Qt.FindChildOption.FindDirectChildrenOnly) or _Dress(widget)
    worn.font, worn.role = (pixels, weight, tabular), role
    worn.put_on()


@final
class _Ground(QObject):
    """The background of one widget."""

    def __init__(self, widget: QWidget, role: str) -> None:
        super().__init__(widget)
        self._widget, self._role = widget, role
        theme.changed.connect(self.put_on)

    @Slot()
    def put_on(self) -> None:
        colours = self._widget.palette()
        colours.setColor(QPalette.ColorRole.Window, theme.colour(self._role))
        self._widget.setPalette(colours)


def ground(widget: QWidget, role: str) -> None:
    """Fill the background of a widget with the colour of a role, now and in every theme."""
    widget.setAutoFillBackground(True)
    _Ground(widget, role).put_on()


def dress_again(widget: QWidget) -> None:
    """Put on again what a widget and all in it wear, after it was given another parent.

    Under a style sheet Qt then goes back to the first palettes, those of the theme at the start.
    """
    for worn in widget.findChildren(_Dress):
        worn.put_on()
    for under in widget.findChildren(_Ground):
        under.put_on()
