"""The open experiment: edits and undo, errors that are marked, saving, the files opened last."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from lab.errors import ExperimentError
from lab.experiment.file import read_file
from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from lab.resources import resource_folder
from lab.ui.document import OpenDocument

WRONG = """
version = 1
name = "Wrong"
[dataset]
plugin = "arline-passengers"
[[layers]]
cell = "lsmt"
hidden = -3
forget_bias = "x"
[training]
learning_rate = 0.1
leraning_rate = 0.2
batch_size = "many"
"""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture
def document(qapp: object, catalog: Catalog) -> Iterator[OpenDocument]:
    document = OpenDocument(catalog)
    yield document
    document.deleteLater()


def shipped() -> list[Path]:
    return sorted((resource_folder() / "experiments").glob("*.toml"))


def test_a_new_experiment_is_valid_and_has_no_file(document: OpenDocument) -> None:
    assert document.document is not None
    assert document.path is None
    assert not document.dirty
    assert not document.edits()


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_shipped_experiments_open_as_copies(document: OpenDocument, path: Path) -> None:
    document.open(path)
    assert document.document is not None
    assert document.text == path.read_text(encoding="utf-8")
    assert document.path is None
    assert document.name == path.name
    assert document.recent() == []


def test_every_edit_is_undone_and_the_comments_stay(document: OpenDocument, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text((resource_folder() / "experiments" / "airline.toml").read_text(encoding="utf-8"), encoding="utf-8")
    document.open(path)
    before = document.text
    document.set("training.learning_rate", 0.003)
    document.set("layers.0.hidden", 64)
    document.repeat_layer(0)
    document.set("layers.1.cell", "gru")
    document.move_layer(1, 0)
    assert document.document is not None
    assert [layer.cell.name for layer in document.document.spec.layers] == ["gru", "lstm"]
    assert document.text.startswith("# One step ahead")
    assert document.differs("training.learning_rate")
    assert document.original("training.learning_rate") == 0.01
    for _ in range(document.undo_stack.count()):
        document.undo_stack.undo()
    assert document.text == before
    assert not document.dirty
    assert not document.edits()
    for _ in range(document.undo_stack.count()):
        document.undo_stack.redo()
    assert document.layers == 2


def test_typing_is_one_edit_until_it_settles(document: OpenDocument) -> None:
    for value in (0.1, 0.2, 0.3):
        document.set("training.learning_rate", value, typing=True)
    document.set("training.clip_norm", 2.0, typing=True)
    assert document.undo_stack.count() == 2
    document.settle()
    document.set("training.clip_norm", 3.0, typing=True)
    assert document.undo_stack.count() == 3
    document.undo_stack.undo()
    assert document.document is not None
    assert document.document.spec.training.clip_norm == 2.0


def test_a_refused_edit_changes_nothing(document: OpenDocument) -> None:
    before = document.text
    with pytest.raises(ExperimentError, match="learning_rate"):
        document.set("training.learning_rate", -1.0)
    with pytest.raises(ExperimentError, match="does not fit"):
        document.set("output.loss", "cross-entropy")
    with pytest.raises(ExperimentError):
        document.remove("layers.0")
    assert document.text == before
    assert document.undo_stack.count() == 0


def test_what_no_longer_fits_is_dropped_and_told(qtbot: QtBot, document: OpenDocument) -> None:
    document.set("layers.0.forget_bias", 2.0)
    with qtbot.waitSignal(document.dropped) as told:
        document.set("layers.0.cell", "gru")
    assert told.args == [("layers.0.forget_bias",)]
    document.undo_stack.undo()
    assert document.differs("layers.0.forget_bias")


def test_a_file_with_errors_opens_with_all_of_them_marked(document: OpenDocument, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(WRONG, encoding="utf-8")
    document.open(path)
    assert document.document is None
    assert document.shown is not None
    assert document.path == path
    assert {problem.path for problem in document.problems} >= {
        "dataset.plugin",
        "layers.0.cell",
        "layers.0.hidden",
        "training.leraning_rate",
        "training.batch_size",
    }
    assert document.shown.spec.dataset.plugin.name == "airline-passengers"
    assert document.shown.spec.training.learning_rate == 0.1
    assert document.given("layers.0.hidden") == -3
    with pytest.raises(ExperimentError):
        document.set("layers.0.hidden", -4)
    document.set("layers.0.hidden", 32)
    document.set("layers.0.cell", "lstm")
    document.remove("training.leraning_rate")
    document.set("training.batch_size", 4)
    document.set("dataset.plugin", "airline-passengers")
    assert [problem.path for problem in document.problems] == ["layers.0.forget_bias"]
    document.remove("layers.0.forget_bias")
    assert document.document is not None
    document.save()
    assert read_file(path, document.catalog).spec == document.document.spec


@pytest.mark.parametrize("text", ["a = ", "[dataset", "= 3", "\x00", "a" * 5000, "[[a]]\n[a]\n"])
def test_a_text_that_is_no_toml_opens_as_text(document: OpenDocument, tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(text.encode())
    document.open(path)
    assert document.document is None
    assert document.shown is None
    assert document.text == text
    assert document.problems[0].line is not None
    document.replace_text('[dataset]\nplugin = "sunspots"\n[[layers]]\ncell = "gru"\n')
    assert document.document is not None
    document.undo_stack.undo()
    assert document.text == text


def test_another_encoding_opens_as_text_without_its_file(document: OpenDocument, tmp_path: Path) -> None:
    path = tmp_path / "gb.toml"
    path.write_bytes('name = "航空乘客"\n[dataset]\nplugin = "sunspots"\n[[layers]]\ncell = "gru"\n'.encode("gb18030"))
    document.open(path)
    assert "航空乘客" in document.text
    assert document.path is None
    assert "UTF-8" in document.problems[0].message


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_what_has_no_text_leaves_open_what_was(document: OpenDocument, tmp_path: Path, name: str) -> None:
    before = document.text
    with pytest.raises(ExperimentError):
        document.open(tmp_path / name)
    assert document.text == before


def test_saving(document: OpenDocument, tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="no file"):
        document.save()
    document.set("seed", 3)
    assert document.dirty
    document.save(tmp_path / "one.toml")
    assert not document.dirty
    assert not document.edits()
    document.undo_stack.undo()
    assert document.dirty
    assert document.differs("seed")
    document.revert("seed")
    assert not document.dirty
    document.save(tmp_path / "two.toml")
    assert document.recent() == [tmp_path / "two.toml", tmp_path / "one.toml"]
    (tmp_path / "two.toml").write_text("changed", encoding="utf-8")
    assert document.changed_outside
    with pytest.raises(ExperimentError, match="cannot be written"):
        document.save(tmp_path / "no" / "such" / "folder.toml")


def test_data_beside_the_file_is_found_from_its_new_place(document: OpenDocument, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a\n" + "1\n" * 50, encoding="utf-8")
    path = tmp_path / "a.toml"
    path.write_text('[dataset]\nplugin = "table"\nfile = "data.csv"\n[[layers]]\ncell = "gru"\n', encoding="utf-8")
    document.open(path)
    (tmp_path / "sub").mkdir()
    document.save(tmp_path / "sub" / "b.toml")
    assert document.document is not None
    assert document.document.spec.dataset.plugin.settings["file"] == str(tmp_path / "data.csv")


def test_line_ends_of_windows_stay(document: OpenDocument, tmp_path: Path) -> None:
    path = tmp_path / "dos.toml"
    path.write_bytes(b'seed = 1\r\n[dataset]\r\nplugin = "sunspots"\r\n[[layers]]\r\ncell = "gru"\r\n')
    document.open(path)
    document.set("seed", 2)
    document.save()
    assert path.read_bytes() == b'seed = 2\r\n[dataset]\r\nplugin = "sunspots"\r\n[[layers]]\r\ncell = "gru"\r\n'
