"""The fonts: Inter comes along, what it lacks is taken from the system."""

from pathlib import Path
from typing import Final

from PySide6.QtGui import QFont, QFontDatabase

from lab.resources import resource_folder
from lab.runner.messages import Problem

# Simplified Chinese is named before anything that would fall back to Japanese forms of the same characters.
FAMILIES: Final = (
    "Inter",
    "Segoe UI",
    "SF Pro Text",
    "Noto Sans CJK SC",
    "Microsoft YaHei UI",
    "PingFang SC",
    "WenQuanYi Micro Hei",
)
FORMULA_FAMILIES: Final = ("STIX Two Text", "STIX", "STIXGeneral", "Cambria Math", "Times New Roman", "DejaVu Serif")
CODE_FAMILIES: Final = (
    "Cascadia Mono",
    "SF Mono",
    "Menlo",
    "DejaVu Sans Mono",
    "Noto Sans Mono CJK SC",
    "Consolas",
    "monospace",
)

_FILES: Final = ("Inter-Regular.otf", "Inter-SemiBold.otf")
_CHINESE: Final = frozenset(FAMILIES[3:]) | {
    "Source Han Sans SC",
    "Noto Sans SC",
    "SimSun",
    "SimHei",
    "Microsoft YaHei",
}


def load() -> list[Problem]:
    """Make the shipped fonts known to Qt, once there is an application. What is missing is said, and nothing breaks."""
    folder = resource_folder() / "fonts"
    problems = [_missing(folder / name) for name in _FILES if not _added(folder / name)]
    if not has_chinese():
        problems.append(
            Problem(
                level="warning",
                message="the window is in English: no Chinese font is installed",
                remedy="Install one, such as fonts-noto-cjk or fonts-wqy-microhei, and start again.",
            )
        )
    return problems


def has_chinese() -> bool:
    """Whether a font that is installed has the characters of simplified Chinese."""
    installed = QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese)
    return bool(installed or _CHINESE & set(QFontDatabase.families()))


def chinese_bold() -> int:
    """The weight at which emphasised Chinese is drawn bolder: a font that has one weight is made bold from 700 on."""
    known = set(QFontDatabase.families())
    family = next((family for family in FAMILIES[3:] if family in known), "")
    weights = [QFontDatabase.weight(family, style) for style in QFontDatabase.styles(family)]
    return 700 if weights and max(weights) < 600 else 600


def make(
    families: tuple[str, ...], pixels: float, weight: int, *, tabular: bool = False, italic: bool = False
) -> QFont:
    """A font of a size in pixels; `tabular` gives every digit the same width."""
    font = QFont()
    font.setFamilies(list(families))
    font.setPixelSize(max(1, round(pixels)))
    font.setWeight(QFont.Weight(weight))
    font.setItalic(italic)
    font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    if tabular:
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


def _added(path: Path) -> bool:
    # Qt writes a line of its own for a file that is not there.
    return path.is_file() and QFontDatabase.addApplicationFont(str(path)) >= 0


def _missing(path: Path) -> Problem:
    return Problem(
        level="warning",
        message=f"the font {path.name} cannot be loaded; another one is shown",
        remedy="Install RNN Lab again if the window looks wrong.",
        file=str(path),
    )
