"""What other systems than this one do otherwise, simulated: keys that macOS keeps, and files that Windows holds."""

import os
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence, QShortcut
from pytestqt.qtbot import QtBot

from lab.experiment import atomic
from lab.experiment.atomic import write_atomically
from lab.ui.actions import Actions
from lab.ui.crash import CrashLog
from lab.ui.keys import shown, taken
from lab.ui.main_window import MainWindow
from lab.ui.settings import Settings
from lab.ui.verbs import CHOICES, FILE, PANEL, RUN, VIEW

KEPT_BY_MACOS = ("Ctrl+Tab", "Ctrl+Shift+Tab", "Ctrl+F5", "F11", "Ctrl+H", "Ctrl+M", "Ctrl+Space", "Ctrl+Shift+3")
"""Written as Qt does: `Ctrl` is the command key there."""


def test_keys_that_macos_keeps_are_others_there(monkeypatch: pytest.MonkeyPatch, qapp: object) -> None:
    assert taken("F11 Alt+5") == ["F11", "Alt+5"]
    assert shown("Ctrl+O") == "Ctrl+O"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert taken("F11 Alt+5") == ["Meta+Ctrl+F", "Alt+5"]
    verbs = (*RUN, *FILE, *VIEW, *PANEL, *CHOICES)
    keys = [key for verb in verbs for key in taken(verb.keys)]
    assert len(keys) > 50
    assert len(set(keys)) == len(keys), "one key for two actions"
    assert not set(keys) & set(KEPT_BY_MACOS)
    assert all(QKeySequence(key).count() == 1 and "?" not in QKeySequence(key).toString() for key in keys)


def test_menus_of_macos_take_no_letters(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    letters = {}
    for system in (sys.platform, "darwin"):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "platform", system)
            window = MainWindow(Actions(), Settings(tmp_path / f"{system}.toml"))
            qtbot.addWidget(window)
            found = [one.key().toString() for one in window.findChildren(QShortcut)]
            letters[system] = [key for key in found if key.startswith("Alt+") and len(key) == len("Alt+F")]
    assert letters.pop("darwin") == []
    assert all(len(keys) == 5 for keys in letters.values())


def test_a_file_that_another_program_reads_is_replaced_a_little_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("old", encoding="utf-8")
    refused: list[int] = []

    def replace(source: Path, target: Path, real: object = os.replace) -> None:
        if len(refused) < 3:
            refused.append(1)
            raise PermissionError(13, "Access is denied")
        real(source, target)  # type: ignore[operator]

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(PermissionError):
        write_atomically(path, lambda part: part.write_text("new", encoding="utf-8") and None)
    assert path.read_text(encoding="utf-8") == "old"
    monkeypatch.setattr(atomic, "WINDOWS", True)
    write_atomically(path, lambda part: part.write_text("new", encoding="utf-8") and None)
    assert path.read_text(encoding="utf-8") == "new"
    refused[:] = []
    monkeypatch.setattr(atomic, "PATIENCE", 0.0)
    with pytest.raises(PermissionError):
        write_atomically(path, lambda part: part.write_text("newer", encoding="utf-8") and None)
    assert [one.name for one in tmp_path.iterdir()] == ["settings.toml"]


def test_a_crash_log_that_another_window_has_open_ends_no_window_badly(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = CrashLog(tmp_path)
    log.begin()

    def held(_path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "The process cannot access the file")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", held)
        log.end()
    assert CrashLog(tmp_path).left_behind() == []
    assert list(tmp_path.iterdir()) == []
