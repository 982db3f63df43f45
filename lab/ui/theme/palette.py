"""The palette of Qt's Fusion style in the colours of a theme."""

from typing import Final

from PySide6.QtGui import QColor, QPalette

from lab.ui.theme.tokens import Tokens

_ROLES: Final = (
    ("Window", "chrome"),
    ("WindowText", "text"),
    ("Base", "sheet"),
    ("AlternateBase", "chrome"),
    ("Text", "text"),
    ("Button", "raised"),
    ("ButtonText", "text"),
    ("Highlight", "accent"),
    ("HighlightedText", "on_accent"),
    ("ToolTipBase", "raised"),
    ("ToolTipText", "text"),
    ("PlaceholderText", "muted"),
    ("Link", "accent"),
    ("LinkVisited", "accent"),
    ("Light", "sheet"),
    ("Midlight", "line"),
    ("Mid", "field"),
    ("Dark", "field"),
    ("Shadow", "line"),
    ("BrightText", "error"),
    ("Accent", "accent"),
)
_DISABLED: Final = (
    ("WindowText", "faint"),
    ("Text", "faint"),
    ("ButtonText", "faint"),
    ("PlaceholderText", "faint"),
    ("Base", "chrome"),
    ("Highlight", "line"),
    ("HighlightedText", "faint"),
    ("Accent", "faint"),
)


def palette(tokens: Tokens) -> QPalette:
    """All roles in the active, the inactive and the disabled group."""
    made = QPalette()
    for role, token in _ROLES:
        made.setColor(QPalette.ColorRole[role], QColor(getattr(tokens, token)))
    for role, token in _DISABLED:
        made.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole[role], QColor(getattr(tokens, token)))
    return made
