"""Entries of the menu of a view."""

from collections.abc import Callable, Sequence

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from lab.ui.words import Text, bind


def choice_menu(
    owner: QWidget,
    title: Text,
    names: Callable[[], Sequence[Text]],
    now: Callable[[], int],
    choose: Callable[[int], object],
) -> QMenu:
    """A menu of things of which one is chosen; it is made anew each time it opens."""
    menu = QMenu(owner)
    bind(menu, menu.setTitle, title)

    def fill() -> None:
        menu.clear()
        group = QActionGroup(menu)
        for index, name in enumerate(names()):
            action = menu.addAction(str(name))
            action.setCheckable(True)
            action.setChecked(index == now())
            action.triggered.connect(lambda _=False, index=index: choose(index))
            group.addAction(action)

    menu.aboutToShow.connect(fill)
    return menu


def switch(owner: QWidget, title: Text, on: bool, changed: Callable[[bool], object]) -> QAction:
    """An entry that is on or off."""
    action = QAction(owner)
    action.setCheckable(True)
    action.setChecked(on)
    bind(action, action.setText, title)
    action.toggled.connect(changed)
    owner.addAction(action)
    return action
