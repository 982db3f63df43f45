"""The commands of the file menu, with the questions answered."""

import json
import os
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from lab.resources import resource_folder
from lab.runner.messages import Problem
from lab.ui.document import OpenDocument
from lab.ui.filing import Filing


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture
def filing(qtbot: QtBot, catalog: Catalog) -> Filing:
    window = QWidget()
    qtbot.addWidget(window)
    document = OpenDocument(catalog, window)
    return Filing(document, window)


@pytest.fixture
def document(filing: Filing) -> OpenDocument:
    return filing._document


def answering(monkeypatch: pytest.MonkeyPatch, role: QMessageBox.ButtonRole) -> list[str]:
    """Press the button of a role in every question; the questions that were asked."""
    asked: list[str] = []

    def press(box: QMessageBox) -> int:
        asked.append(box.text())
        next(button for button in box.buttons() if box.buttonRole(button) is role).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", press)
    return asked


def naming(monkeypatch: pytest.MonkeyPatch, path: Path | None) -> None:
    def chosen(*_: object) -> tuple[str, str]:
        return "" if path is None else str(path), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(chosen))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(chosen))


def test_what_is_saved_is_left_without_a_question(filing: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, QMessageBox.ButtonRole.RejectRole)
    assert filing.new()
    assert asked == []


def test_unsaved_changes_are_asked_about(
    filing: Filing, document: OpenDocument, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    document.set("seed", 3)
    asked = answering(monkeypatch, QMessageBox.ButtonRole.RejectRole)
    assert not filing.new()
    assert "Untitled" in asked[0]
    assert document.dirty
    answering(monkeypatch, QMessageBox.ButtonRole.AcceptRole)
    naming(monkeypatch, None)
    assert not filing.new()
    naming(monkeypatch, tmp_path / "kept")
    assert filing.new()
    assert "seed = 3" in (tmp_path / "kept.toml").read_text(encoding="utf-8")
    document.set("seed", 4)
    answering(monkeypatch, QMessageBox.ButtonRole.DestructiveRole)
    assert filing.open_path(resource_folder() / "experiments" / "copy.toml")
    assert document.name == "copy.toml"


def test_a_file_that_another_program_changed_is_asked_about(
    filing: Filing, document: OpenDocument, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "a.toml"
    document.save(path)
    path.write_text("theirs", encoding="utf-8")
    document.set("seed", 9)
    asked = answering(monkeypatch, QMessageBox.ButtonRole.RejectRole)
    assert not filing.save()
    assert len(asked) == 1
    assert path.read_text(encoding="utf-8") == "theirs"
    answering(monkeypatch, QMessageBox.ButtonRole.DestructiveRole)
    assert filing.save()
    assert "seed = 9" in path.read_text(encoding="utf-8")


def test_what_cannot_be_done_is_told(filing: Filing, qtbot: QtBot, document: OpenDocument, tmp_path: Path) -> None:
    before = document.text
    with qtbot.waitSignal(filing.failed) as told:
        assert not filing.open_path(tmp_path / "missing.toml")
    assert told.args is not None
    (problem,) = told.args
    assert isinstance(problem, Problem)
    assert problem.message == "There is no such experiment file"
    assert document.text == before


def test_recent_files_are_listed(
    filing: Filing, document: OpenDocument, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, qtbot: QtBot
) -> None:
    menu = QMenu()
    qtbot.addWidget(menu)
    filing.fill_recent(menu)
    assert not menu.actions()[0].isEnabled()
    for name in ("a.toml", "b.toml"):
        document.save(tmp_path / name)
    naming(monkeypatch, tmp_path / "a.toml")
    assert filing.open()
    filing.fill_recent(menu)
    assert [action.text() for action in menu.actions()] == ["&1  a.toml", "&2  b.toml"]
    menu.actions()[1].trigger()
    assert document.path == tmp_path / "b.toml"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows asks for another name itself")
@pytest.mark.parametrize("name", ["x" * 300 + ".toml", "x" * 300, "x" * 230 + ".toml"])
def test_a_name_that_cannot_be_is_told(
    filing: Filing,
    document: OpenDocument,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
    tmp_path: Path,
    name: str,
) -> None:
    naming(monkeypatch, tmp_path / name)
    document.set("seed", 3)
    answering(monkeypatch, QMessageBox.ButtonRole.DestructiveRole)
    for act in (filing.save_as, filing.open, filing.save):
        with qtbot.waitSignal(filing.failed) as told:
            assert not act()
        assert told.args is not None
        (problem,) = told.args
        assert isinstance(problem, Problem)
        assert "annot be" in problem.message or "no such" in problem.message
    assert document.dirty
    assert document.path is None
    assert list(tmp_path.glob("x*")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_a_recent_file_that_cannot_be_looked_at_leaves_the_others(document: OpenDocument, tmp_path: Path) -> None:
    document.save(tmp_path / "a.toml")
    (kept,) = Path(os.environ["XDG_STATE_HOME"]).rglob("recent.json")
    kept.write_text(json.dumps(["/" + "x" * 300, str(tmp_path / "a.toml")]), encoding="utf-8")
    assert document.recent() == [tmp_path / "a.toml"]
