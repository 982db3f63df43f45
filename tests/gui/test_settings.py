"""Settings: kept in one file that a person may edit, forgiving about what is wrong in it, followed at once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QDoubleSpinBox, QLineEdit, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from lab.runner.messages import Problem
from lab.training.plan import default_threads
from lab.ui.desk import Desk
from lab.ui.settings import SETTINGS, Settings, follow, settings_file
from lab.ui.settings_dialog import SettingsDialog
from lab.ui.theme import theme
from lab.ui.words import language
from tests.gui.test_desk import begun


@pytest.fixture(autouse=True)
def _theme(qapp: QApplication) -> Iterator[None]:
    theme.install(qapp)
    yield
    theme.use("light")
    theme.use_text_size(1.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "settings.toml"


def test_all_are_at_their_defaults_at_first(path: Path) -> None:
    settings = Settings(path)
    assert {one.key: settings.value(one.key) for one in SETTINGS} == {one.key: one.default for one in SETTINGS}
    assert not path.exists()
    assert not settings.problems


def test_the_file_is_where_the_system_keeps_settings() -> None:
    assert settings_file().name == "settings.toml"
    assert Settings().path == settings_file()


def test_a_change_is_kept_and_told(path: Path) -> None:
    settings, told = Settings(path), []
    settings.changed.connect(told.append)
    settings.set_value("theme", "dark")
    settings.set_value("theme", "dark")
    settings.set_value("disk_budget", 2.5)
    assert told == ["theme", "disk_budget"]
    again = Settings(path)
    assert (again.value("theme"), again.value("disk_budget")) == ("dark", 2.5)


def test_a_default_is_not_written(path: Path) -> None:
    settings = Settings(path)
    settings.set_value("text_size", 150)
    settings.set_value("text_size", 100)
    assert path.read_text(encoding="utf-8") == ""


def test_what_a_person_wrote_stays(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('# mine\nfuture = 3  # kept\nlanguage = "zh"\n', encoding="utf-8")
    settings = Settings(path)
    settings.set_value("theme", "light")
    text = path.read_text(encoding="utf-8")
    assert "# mine" in text
    assert "future = 3  # kept" in text
    assert Settings(path).value("language") == "zh"


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("theme", "mauve"),
        ("theme", 1),
        ("text_size", 20),
        ("text_size", 120.5),
        ("text_size", "100"),
        ("text_size", True),
        ("threads", -1),
        ("disk_budget", float("nan")),
        ("runs_folder", 3),
    ],
)
def test_a_wrong_value_is_refused(path: Path, key: str, wrong: object) -> None:
    settings = Settings(path)
    before = settings.value(key)
    with pytest.raises(ValueError, match=key):
        settings.set_value(key, wrong)  # type: ignore[arg-type]
    assert settings.value(key) == before


def test_a_wrong_value_in_the_file_costs_only_itself(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('theme = "mauve"\ntext_size = 130\n', encoding="utf-8")
    settings = Settings(path)
    assert settings.value("theme") == "system"
    assert settings.value("text_size") == 130
    assert ["theme" in problem.message for problem in settings.problems] == [True]
    assert settings.problems[0].file == str(path)


@pytest.mark.parametrize("content", [b"theme = ", b"\xff\xfe\x00"], ids=["no-toml", "no-text"])
def test_a_file_that_cannot_be_read_is_said(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    settings = Settings(path)
    assert settings.value("theme") == "system"
    assert [problem.level for problem in settings.problems] == ["warning"]
    settings.set_value("text_size", 120)
    assert path.with_name("settings-unread.toml").read_bytes() == content
    assert Settings(path).value("text_size") == 120


def test_a_file_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    settings, told = Settings(tmp_path / "file" / "settings.toml"), list[Problem]()
    settings.failed.connect(told.append)
    settings.set_value("theme", "dark")
    settings.set_value("theme", "light")
    assert settings.value("theme") == "light"
    assert [problem.level for problem in told] == ["warning"]


def test_two_windows_do_not_undo_each_other(path: Path) -> None:
    first, second = Settings(path), Settings(path)
    first.set_value("theme", "dark")
    second.set_value("text_size", 120)
    assert Settings(path).value("theme") == "dark"
    assert Settings(path).value("text_size") == 120


def test_arrangements_are_kept(path: Path) -> None:
    Settings(path).keep_arrangements({"1.geometry": QByteArray(b"\x00\x01\xff")})
    settings = Settings(path)
    assert settings.arrangements() == ["1.geometry"]
    assert settings.arrangement("1.geometry") == QByteArray(b"\x00\x01\xff")
    assert settings.arrangement("other").isEmpty()


def test_the_window_follows(path: Path) -> None:
    settings = Settings(path)
    settings.set_value("theme", "dark")
    follow(settings)
    assert theme.current() == "dark"
    settings.set_value("theme", "light")
    settings.set_value("language", "zh")
    settings.set_value("text_size", 150)
    assert (theme.current(), language.code, theme.scale) == ("light", "zh", 1.5)
    settings.reset()
    assert (theme.choice, theme.scale) == ("system", 1.0)


@pytest.fixture
def dialog(qtbot: QtBot, path: Path) -> tuple[SettingsDialog, Settings]:
    settings = Settings(path)
    follow(settings)
    made = SettingsDialog(settings)
    qtbot.addWidget(made)
    made.show()
    return made, settings


def test_every_setting_has_a_named_field(dialog: tuple[SettingsDialog, Settings]) -> None:
    shown, _ = dialog
    assert list(shown.editors) == [setting.key for setting in SETTINGS]
    for code in ("en", "zh"):
        language.use(code)
        for setting in SETTINGS:
            field = shown.editors[setting.key]
            assert field.accessibleName() == str(setting.title)
            assert field.toolTip() == field.accessibleDescription() == str(setting.hint)
            assert field.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_a_choice_takes_effect_at_once(qtbot: QtBot, dialog: tuple[SettingsDialog, Settings]) -> None:
    shown, settings = dialog
    choice = shown.editors["theme"]
    assert isinstance(choice, QComboBox)
    qtbot.keyClick(choice, Qt.Key.Key_End)
    assert settings.value("theme") == theme.current() == "dark"


def test_words_of_choices_change_with_the_language(dialog: tuple[SettingsDialog, Settings]) -> None:
    shown, settings = dialog
    choice = shown.editors["theme"]
    assert isinstance(choice, QComboBox)
    settings.set_value("language", "zh")
    assert [choice.itemText(k) for k in range(3)] == ["跟随系统", "浅色", "深色"]
    assert choice.currentData() == settings.value("theme")


def test_numbers_stay_in_their_range(qtbot: QtBot, dialog: tuple[SettingsDialog, Settings]) -> None:
    shown, settings = dialog
    size, disk = shown.editors["text_size"], shown.editors["disk_budget"]
    assert isinstance(size, QSpinBox)
    assert isinstance(disk, QDoubleSpinBox)
    size.setValue(500)
    assert settings.value("text_size") == 200
    disk.setValue(0)
    assert disk.text() == "no limit"


def test_a_file_is_no_folder(qtbot: QtBot, dialog: tuple[SettingsDialog, Settings], tmp_path: Path) -> None:
    shown, settings = dialog
    field = shown.editors["runs_folder"]
    assert isinstance(field, QLineEdit)
    (tmp_path / "file").write_text("", encoding="utf-8")
    for wrong in (tmp_path / "file", tmp_path / ("long" * 100)):
        field.setText(str(wrong))
        qtbot.keyClick(field, Qt.Key.Key_Return)
        assert field.property("bad") is True
        assert settings.value("runs_folder") == ""
        field.clear()
    field.setText(str(tmp_path))
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.property("bad") is False
    assert settings.value("runs_folder") == str(tmp_path)


def test_all_can_be_reset(qtbot: QtBot, dialog: tuple[SettingsDialog, Settings]) -> None:
    shown, settings = dialog
    settings.set_value("language", "en")
    settings.set_value("threads", 1)
    reset = next(button for button in shown.findChildren(QPushButton) if button.text() == "Reset all")
    qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert {one.key: settings.value(one.key) for one in SETTINGS} == {one.key: one.default for one in SETTINGS}
    threads = shown.editors["threads"]
    assert isinstance(threads, QSpinBox)
    assert threads.text() == "all cores"


def test_threads_are_those_of_the_runs_that_begin_from_then_on(qtbot: QtBot, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.settings.set_value("threads", 1)
    begun(qtbot, desk)
    assert desk.stage.about["plan"]["threads"] == 1
    desk.settings.set_value("threads", 0)
    begun(qtbot, desk)
    qtbot.waitUntil(lambda: desk.stage.about["plan"]["threads"] == default_threads(), timeout=60_000)
