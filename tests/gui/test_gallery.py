"""The gallery: a card for every shipped experiment, in both languages, and everything by keyboard."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from lab.ui.cards import Card
from lab.ui.examples import GROUPS, examples, shipped
from lab.ui.gallery import Gallery
from lab.ui.theme import theme
from lab.ui.thumbnails import draw
from lab.ui.words import language


@pytest.fixture
def gallery(qtbot: QtBot) -> Gallery:
    made = Gallery(shipped())
    qtbot.addWidget(made)
    made.resize(1600, 900)
    made.show()
    made.activateWindow()
    return made


@pytest.mark.usefixtures("qapp")
def test_every_shipped_experiment_has_words_in_both_languages_and_a_picture() -> None:
    found = examples(shipped())
    assert len(found) == len(shipped())
    for example in found:
        for text in (example.title, example.sentence, example.foot):
            assert text.en
            assert text.zh
            assert text.en != text.zh
        assert any("\u4e00" <= letter <= "\u9fff" for letter in example.sentence.zh)
        assert len(example.sentence.en) <= 90
        assert example.group in GROUPS
        assert example.arrays
        image = QImage(200, 100, QImage.Format.Format_RGB32)
        image.fill(0)
        blank = image.copy()
        painter = QPainter(image)
        draw(painter, QRectF(0, 0, 200, 100), example.arrays, example.last)
        painter.end()
        assert image != blank
        for name, array in example.arrays.items():
            assert name == "symbols" or np.isfinite(array).all()


def test_four_columns_when_wide_and_two_when_small(gallery: Gallery, qtbot: QtBot) -> None:
    for width, columns in ((1600, 4), (1024, 2), (2560, 4)):
        gallery.resize(width, 700)
        qtbot.waitUntil(lambda columns=columns: len({card.x() for card in gallery.cards}) == columns)
        first = gallery.cards[0]
        assert all(card.size() == first.size() for card in gallery.cards)
        assert all(card.geometry().right() <= gallery.area.viewport().width() for card in gallery.cards)


def test_enter_opens_and_control_enter_runs(gallery: Gallery, qtbot: QtBot) -> None:
    card = gallery.cards[0]
    path = str(card.example.path)
    with qtbot.waitSignal(gallery.opened) as told:
        qtbot.keyClick(card, Qt.Key.Key_Return)
    assert told.args == [path]
    with qtbot.waitSignal(gallery.run) as told:
        qtbot.keyClick(card, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert told.args == [path]


def test_arrows_move_among_the_cards_and_run_shows_where_the_focus_is(gallery: Gallery, qtbot: QtBot) -> None:
    gallery.setFocus()
    first, second = gallery.cards[:2]
    qtbot.waitUntil(first.hasFocus)
    assert first.button.isVisible()
    qtbot.keyClick(first, Qt.Key.Key_Right)
    qtbot.waitUntil(second.hasFocus)
    assert second.button.isVisible()
    assert first.underMouse() or not first.button.isVisible()
    with qtbot.waitSignal(gallery.run) as told:
        qtbot.mouseClick(second.button, Qt.MouseButton.LeftButton)
    assert told.args == [str(second.example.path)]


def test_a_group_shows_its_cards_alone(gallery: Gallery) -> None:
    buttons = gallery.groups.buttons()
    assert buttons[0].text() == f"All {len(gallery.cards)}"
    buttons[1].click()
    shown = gallery.visible_cards()
    assert shown
    assert {card.example.group for card in shown} == {"memory"}
    buttons[0].click()
    assert len(gallery.visible_cards()) == len(gallery.cards)


def test_the_side_asks_for_what_it_says(gallery: Gallery, qtbot: QtBot, tmp_path: Path) -> None:
    for name, signal in (
        ("open", gallery.open_asked),
        ("own_data", gallery.own_data_asked),
        ("empty", gallery.empty_asked),
    ):
        with qtbot.waitSignal(signal):
            gallery.entries[name].click()
    gallery.set_recent([tmp_path / "mine.toml"])
    language.use("zh")
    assert gallery.entries["empty"].text().strip() == "空白实验"


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_no_sentence_is_cut_off(gallery: Gallery, code: str, scale: float) -> None:
    language.use(code)
    theme.use_text_size(scale)
    try:
        gallery.resize(1600, 900)
        for card in gallery.cards:
            assert isinstance(card, Card)
            assert not any(line.endswith("…") for line in card.lines()), card.example.path
    finally:
        theme.use_text_size(1.0)


def test_an_experiment_nobody_described_is_told_by_its_note(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('version = 1\nname = "Own"\nnote = "First sentence. Second."\n', encoding="utf-8")
    (tmp_path / "broken.toml").write_text("name = ", encoding="utf-8")
    (found,) = examples([path, tmp_path / "broken.toml", tmp_path / "none.toml"])
    assert (found.title.en, found.sentence.en, found.group) == ("Own", "First sentence.", "")
