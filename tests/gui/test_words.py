"""Words: all there are in the window and its views, in both languages, and drawable."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QTextLayout
from PySide6.QtWidgets import QApplication

from lab.ui.theme import theme

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "lab" / "ui").rglob("*.py")), *sorted((ROOT / "plugins" / "views").glob("*.py"))]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SAME_IN_BOTH = re.compile(r"^[^a-z]*$|^(CPU · NumPy|RNN Lab|Re λ|Im λ)$")
"""Numbers, symbols and names that no language translates."""


def pairs() -> Iterator[tuple[str, str, str]]:
    """Place, English and Chinese of each Text that is written out."""
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
                words = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                if len(words) == 2:
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", words[0], words[1]


PAIRS = list(pairs())


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_there_are_words() -> None:
    assert len(PAIRS) > 300


@pytest.mark.parametrize("place", sorted({place.partition(":")[0] for place, _, _ in PAIRS}))
def test_words_are_translated(place: str) -> None:
    """Chinese is Chinese, English is not, and both have the same placeholders."""
    for where, english, chinese in PAIRS:
        if where.partition(":")[0] != place:
            continue
        assert not CHINESE.search(english), where
        assert fields(english) == fields(chinese), where
        plain = re.sub(r"\{[^}]*\}", "", english)
        assert CHINESE.search(chinese) or SAME_IN_BOTH.match(plain) or english == chinese, f"{where}: {chinese!r}"
        assert "!" not in english, where
        assert "！" not in chinese, where


def test_every_character_can_be_drawn(qapp: QApplication) -> None:
    """No glyph is the empty box that stands for a character which no font has."""
    theme.install(qapp)
    missing = set()
    for character in sorted({c for _, english, chinese in PAIRS for c in english + chinese if not c.isspace()}):
        layout = QTextLayout(character, theme.font(13))
        layout.beginLayout()
        layout.createLine()
        layout.endLayout()
        if any(0 in run.glyphIndexes() for run in layout.glyphRuns()):
            missing.add(character)
    assert not missing
