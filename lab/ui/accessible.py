"""What screen readers are told of widgets that draw themselves: Qt knows their names, not what they are."""

from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget

_ROLES: Final = {
    "Canvas": QAccessible.Role.Chart,
    "EquationsView": QAccessible.Role.Equation,
}
"""By the name of the class, which is all that Qt says when it asks."""


def install_roles() -> None:
    """Answer Qt when it asks what a widget of ours is."""
    QAccessible.installFactory(_interface)


def _interface(kind: str, widget: QObject) -> QAccessibleInterface | None:
    role = _ROLES.get(kind)
    return None if role is None or not isinstance(widget, QWidget) else QAccessibleWidget(widget, role)
