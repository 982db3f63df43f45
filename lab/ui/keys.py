"""Keys as the system takes them: what macOS keeps for itself has others there, and all are written as the system does.

Qt means the command key by `Ctrl` and the control key by `Meta` on macOS.
"""

import sys
from collections.abc import Mapping
from typing import Final

from PySide6.QtGui import QKeySequence

_MAC: Final[Mapping[str, str]] = {
    "Ctrl+Tab": "Meta+Tab",
    "Ctrl+Shift+Tab": "Meta+Shift+Tab",
    "Ctrl+F5": "Ctrl+Shift+R",
    "F5": "F5 Ctrl+R",
    "F11": "Meta+Ctrl+F",
}
"""Switching programs, reading aloud and showing the desktop are the system's own there; F5 needs another key."""


def taken(keys: str) -> list[str]:
    """The keys of an action, which are separated by spaces, as this system can give them; the first is shown."""
    found = keys.split()
    if sys.platform == "darwin":
        found = [there for one in found for there in _MAC.get(one, one).split()]
    return found


def shown(keys: str) -> str:
    """The first of some keys as this system writes it: `Ctrl+O`, or `⌘O`."""
    return QKeySequence(taken(keys)[0]).toString(QKeySequence.SequenceFormat.NativeText)
