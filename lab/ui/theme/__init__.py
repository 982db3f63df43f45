"""How the window looks: `theme` has the colours, fonts and colour maps that are shown now."""

from lab.ui.theme.dress import bind_theme, dress, dress_again, ground, set_font
from lab.ui.theme.themes import Theme, theme
from lab.ui.theme.tokens import Tokens

__all__ = ["Theme", "Tokens", "bind_theme", "dress", "dress_again", "ground", "set_font", "theme"]
