"""The theme: contrasts, colour maps whose zero is the paper, fonts that stay, icons that are there."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QColor, QFontInfo, QFontMetricsF, QPalette
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QRadioButton,
    QStyle,
    QStyleOptionButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from lab.resources import resource_folder
from lab.ui.icons import icon, pixmap
from lab.ui.theme import Tokens, dress, ground, theme
from lab.ui.theme import fonts as theme_fonts
from lab.ui.theme.maps import MAPS
from lab.ui.theme.tokens import DARK, LIGHT
from lab.ui.verbs import CHOICES, FILE, RUN, VIEW
from lab.ui.words import language

ICONS = sorted((resource_folder() / "icons").glob("*.svg"))


@pytest.fixture(autouse=True)
def _light(qapp: QApplication) -> Iterator[None]:
    theme.install(qapp)
    theme.use("light")
    yield
    theme.use("light")
    theme.use_text_size(1.0)
    theme.enlarge(1.0)


def contrast(one: str, other: str) -> float:
    """Of two colours, after WCAG 2.1."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_every_ground(tokens: Tokens) -> None:
    for ground_ in (tokens.chrome, tokens.sheet, tokens.raised):
        for text in (tokens.text, tokens.muted, tokens.good, tokens.warning, tokens.error, tokens.accent):
            assert contrast(text, ground_) >= 4.5
    for soft in (tokens.accent_soft, tokens.warning_soft, tokens.error_soft):
        assert contrast(tokens.text, soft) >= 4.5
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.on_accent, tokens.accent_hover) >= 4.5
    assert contrast(tokens.field, tokens.sheet) >= 3  # the frame of what can be edited


@pytest.mark.parametrize(("tokens", "least"), [(LIGHT, 3.1), (DARK, 5.0)], ids=["light", "dark"])
def test_series_can_be_seen_on_the_sheet(tokens: Tokens, least: float) -> None:
    assert len(set(tokens.series)) == 8
    assert min(contrast(colour, tokens.sheet) for colour in tokens.series) >= least


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_the_zero_of_every_map_is_the_sheet(choice: str) -> None:
    theme.use(choice)
    sheet = QColor(theme.tokens.sheet)
    paper = np.array([sheet.red(), sheet.green(), sheet.blue()])
    for name in MAPS:
        table = theme.colour_map(name)
        assert table.shape == (256, 4)
        assert table.dtype == np.uint8
        assert (table[:, 3] == 255).all()
        zero = table[127 if name == "signed" else 0, :3].astype(int)
        # A colour map need not have the very colour of the dark sheet, but nobody sees a difference of ten in 255.
        assert np.abs(zero - paper).max() <= 10
        with pytest.raises(ValueError, match="read-only"):
            table[0] = 0


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_larger_values_are_farther_from_the_sheet(choice: str) -> None:
    theme.use(choice)
    for name in ("gate", "magnitude"):
        table = theme.colour_map(name)
        bright = [luminance(QColor(*(int(part) for part in row[:3])).name()) for row in table]
        steps = np.diff(bright) * (1 if choice == "dark" else -1)
        assert (steps > -1e-3).all()


def test_an_unknown_map_is_refused() -> None:
    with pytest.raises(KeyError):
        theme.colour_map("rainbow")


def test_the_application_wears_the_theme(qapp: QApplication) -> None:
    theme.use("dark")
    assert theme.current() == "dark"
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == DARK.chrome.lower()
    assert qapp.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text).name() == DARK.faint.lower()
    assert DARK.accent in qapp.styleSheet()


def test_the_style_sheet_is_understood(qtbot: QtBot, qtlog: object) -> None:
    label = QLabel("x")
    qtbot.addWidget(label)
    theme.use("dark")
    label.show()
    assert not [one.message for one in qtlog.records if "parse" in one.message]  # type: ignore[attr-defined]


def test_changed_is_sent_once_for_each_change(qtbot: QtBot) -> None:
    told: list[str] = []
    theme.changed.connect(lambda: told.append(theme.current()))
    theme.use("dark")
    theme.use("dark")
    theme.use("light")
    assert told == ["dark", "light"]


def test_an_unknown_choice_follows_the_system() -> None:
    theme.use("solarized")
    assert theme.choice == "system"
    assert theme.current() in ("light", "dark")


def test_digits_of_tabular_fonts_have_one_width() -> None:
    tabular, usual = QFontMetricsF(theme.font(13, 400, tabular=True)), QFontMetricsF(theme.font(13))
    assert len({tabular.horizontalAdvance(digit) for digit in "0123456789"}) == 1
    assert len({usual.horizontalAdvance(digit) for digit in "0123456789"}) > 1


def test_inter_comes_along() -> None:
    assert QFontInfo(theme.font(13)).family() == "Inter"
    assert "SIL Open Font License" in (resource_folder() / "fonts" / "Inter-LICENSE.txt").read_text(encoding="utf-8")


def test_a_missing_font_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(theme_fonts, "resource_folder", lambda: tmp_path)
    problems = theme_fonts.load()
    assert [problem.level for problem in problems] == ["warning", "warning"]
    assert "Inter-Regular.otf" in problems[0].message
    assert problems[0].remedy


def test_text_size_changes_what_is_dressed(qtbot: QtBot) -> None:
    label = QLabel("x")
    qtbot.addWidget(label)
    dress(label, 12, 600, "error")
    theme.use_text_size(1.5)
    assert label.font().pixelSize() == 18
    assert theme.px(26) == 39
    theme.use("dark")
    assert label.palette().windowText().color().name() == DARK.error.lower()
    dress(label, 12, 400, "muted")
    assert label.palette().windowText().color().name() == DARK.muted.lower()
    assert len(label.children()) == 1


def test_a_dressed_widget_keeps_its_font_when_it_moves(qtbot: QtBot) -> None:
    page, other = QWidget(), QWidget()
    for widget in (page, other):
        qtbot.addWidget(widget)
        QVBoxLayout(widget)
        widget.show()
    label = QLabel("x")
    page.layout().addWidget(label)
    dress(label, 13)
    theme.enlarge(1.7)
    label.setParent(None)
    other.layout().addWidget(label)
    label.show()
    QApplication.processEvents()
    assert label.font().pixelSize() == 22


def test_a_widget_that_is_gone_is_not_dressed_any_more(qtbot: QtBot) -> None:
    widget = QWidget()
    label = QLabel("x", widget)
    dress(label)
    ground(widget, "sheet")
    widget.deleteLater()
    del label, widget
    QApplication.processEvents()
    theme.use("dark")
    assert theme.current() == "dark"


def test_emphasis_in_chinese_is_bold_enough(qtbot: QtBot) -> None:
    language.use("zh")
    assert theme.font(13, 600).weight() == theme_fonts.chinese_bold()
    language.use("en")
    assert theme.font(13, 600).weight() == 600


@pytest.mark.parametrize("path", ICONS, ids=lambda path: path.stem)
def test_every_icon_can_be_drawn(path: Path) -> None:
    assert QSvgRenderer(QByteArray(path.read_bytes())).isValid()
    picture = pixmap(path.stem, "text", 16).toImage()
    assert any(picture.pixelColor(x, y).alpha() for x in range(32) for y in range(32))


def test_every_action_has_the_icon_it_names() -> None:
    names = {verb.icon for verb in (*RUN, *FILE, *VIEW, *CHOICES) if verb.icon}
    assert names <= {path.stem for path in ICONS}


def test_an_icon_that_is_not_there_is_empty() -> None:
    picture = icon("no-such-icon").pixmap(16, 16).toImage()
    assert not any(picture.pixelColor(x, y).alpha() for x in range(16) for y in range(16))


@pytest.mark.parametrize(("choice", "tokens"), [("light", LIGHT), ("dark", DARK)])
def test_pictures_of_the_style_sheet_have_colours_of_the_theme(choice: str, tokens: Tokens) -> None:
    folder = resource_folder() / "icons"
    arrows = [(f"chevron-{side}", tokens.muted) for side in ("down", "up", "left", "right")]
    for name, colour in (*arrows, ("check", tokens.on_accent)):
        assert colour in (folder / f"{name}-{choice}.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("size", [1.0, 1.5, 2.0])
@pytest.mark.parametrize(
    ("kind", "part"),
    [
        (QCheckBox, QStyle.SubElement.SE_CheckBoxIndicator),
        (QRadioButton, QStyle.SubElement.SE_RadioButtonIndicator),
    ],
)
def test_boxes_are_as_large_as_the_text(
    qtbot: QtBot, kind: type[QAbstractButton], part: QStyle.SubElement, size: float
) -> None:
    theme.use_text_size(size)
    button = kind()
    qtbot.addWidget(button)
    option = QStyleOptionButton()
    option.initFrom(button)
    for state in (QStyle.StateFlag.State_Off, QStyle.StateFlag.State_On):
        option.state = QStyle.StateFlag.State_Enabled | state
        box = button.style().subElementRect(part, option, button)
        assert box.width() == box.height() == round(14 * size) + 2


@pytest.mark.parametrize("size", [1.0, 1.5, 2.0])
def test_arrows_are_as_large_as_the_text(qtbot: QtBot, size: float) -> None:
    theme.use_text_size(size)
    choice = QComboBox()
    qtbot.addWidget(choice)
    choice.resize(200, theme.px(28))
    choice.show()
    picture = choice.grab().toImage()
    ground = picture.pixelColor(100, 6)
    edge = 4  # of the frame
    rows = range(edge, picture.height() - edge)
    drawn = [x for x in range(100, 200 - edge) if any(picture.pixelColor(x, y) != ground for y in rows)]
    assert 5 * size <= drawn[-1] - drawn[0] + 1 <= 8 * size
