"""The colours of both themes, each by what it is for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from PySide6.QtGui import QColor


@final
@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme, as `#RRGGBB`. Text on `chrome`, `sheet` and `raised` has a contrast of 4.5 at least."""

    dark: bool
    chrome: str
    """Behind controls: toolbar, panels, status bar."""
    sheet: str
    """Behind data; the zero of every colour map."""
    raised: str
    """Buttons, menus, tooltips."""
    sunken: str
    """Under the mouse, and what is switched on."""
    line: str
    """Hairlines between areas."""
    field: str
    """The frame of what can be edited."""
    text: str
    muted: str
    faint: str
    """Disabled only."""
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    """Behind what is chosen."""
    good: str
    warning: str
    warning_soft: str
    error: str
    error_soft: str
    grid: str
    axis: str
    shade: str
    """Behind the test part, and the empty half of the triangle."""
    hatch: str
    """The lines over values that are not finite."""
    series: tuple[str, ...]
    """Series 1-8 at index 0-7, told apart in common colour blindness too."""

    def colour(self, role: str) -> QColor:
        """The colour of a role: the name of a field, or `series1` to `series8`. AttributeError for any other."""
        if role.startswith("series") and role[6:].isdigit():
            return QColor(self.series[int(role[6:]) - 1])
        value = getattr(self, role)
        return QColor(value)


LIGHT: Final = Tokens(
    dark=False,
    chrome="#F3F4F6",
    sheet="#FFFFFF",
    raised="#FFFFFF",
    sunken="#E9EBEE",
    line="#DADDE2",
    field="#7F8690",
    text="#1B1F24",
    muted="#5A626D",
    faint="#8A919B",
    accent="#294BC2",
    accent_hover="#213FA8",
    on_accent="#FFFFFF",
    accent_soft="#E4EAFB",
    good="#16704F",
    warning="#8A5A00",
    warning_soft="#FBF0DA",
    error="#B3261E",
    error_soft="#FBE7E5",
    grid="#E6E8EC",
    axis="#9AA1AB",
    shade="#F0F2F7",
    hatch="#C9CDD3",
    series=("#294BC2", "#8F3300", "#239070", "#633467", "#A6761E", "#E95AA1", "#1B9DC7", "#606060"),
)

DARK: Final = Tokens(
    dark=True,
    chrome="#1E2227",
    sheet="#14171B",
    raised="#2A2F36",
    sunken="#191C20",
    line="#31373F",
    field="#757E89",
    text="#E6E9ED",
    muted="#A3ABB5",
    faint="#737C87",
    accent="#8FAFF5",
    accent_hover="#A9C2F8",
    on_accent="#0E1420",
    accent_soft="#253455",
    good="#63D0A3",
    warning="#F0B94A",
    warning_soft="#3A2E14",
    error="#FF8A80",
    error_soft="#43211F",
    grid="#23282E",
    axis="#5F6872",
    shade="#1D222A",
    hatch="#4A4F57",
    series=("#8FAFF5", "#E16E4F", "#9AE2B1", "#9870EA", "#ECD641", "#BA739A", "#60F2FF", "#B1B1B1"),
)

THEMES: Final[Mapping[str, Tokens]] = {"light": LIGHT, "dark": DARK}
