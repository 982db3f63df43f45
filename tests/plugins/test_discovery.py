"""Where plugins are looked for, in which order, and which files are none."""

import os
from pathlib import Path

import pytest

import lab
from lab.registry.discovery import Folder, default_folders, plugin_files, user_plugin_folder
from lab.registry.manager import load_catalog
from lab.resources import plugin_folder
from tests.plugins.helpers import CELL, GOOD, load, load_text


def test_folders_are_searched_with_what_is_in_them() -> None:
    catalog = load(GOOD)
    assert catalog.failures == ()
    assert catalog.names("cell") == ("three-lines",)
    entry = catalog.entry("cell", "three-lines")
    assert entry.origin == str(GOOD / "cells" / "three_lines.py")
    assert entry.title == {"en": "Three lines", "zh": "三行"}
    assert entry.version == "0.3"
    assert entry.component().values() == {}


def test_files_that_need_the_window_are_listed_and_not_imported() -> None:
    # Each of them raises when it is imported, so this would show as a failure.
    catalog = load(GOOD)
    assert catalog.window_only == (str(GOOD / "view.py"), str(GOOD / "view_by_helper.py"))
    assert catalog.failures == ()


@pytest.mark.parametrize(
    "line",
    [
        "import PySide6",
        "import PySide6.QtCore as core",
        "from PySide6.QtWidgets import QLabel",
        "import pyqtgraph as pg",
        "import lab.ui.api",
        "from lab.ui.api import View",
        "from lab import ui",
        "def draw():\n    import pyqtgraph",
    ],
)
def test_each_way_to_import_the_window_is_seen(tmp_path: Path, line: str) -> None:
    catalog = load_text(tmp_path, line + "\n")
    assert catalog.window_only == (str(tmp_path / "plugin.py"),)
    assert catalog.failures == ()


@pytest.mark.parametrize(
    "line",
    [
        "from ._helper import draw",
        "from . import (\n    _other,\n    _helper,\n)",
        "from \\\n    . import _helper",
        "from .deeper import inner",
        "from .deeper.inner import draw",
    ],
)
def test_a_window_is_seen_through_a_file_beside(tmp_path: Path, line: str) -> None:
    folder = tmp_path / "deeper"
    folder.mkdir()
    for helper in (tmp_path / "_helper.py", folder / "__init__.py", folder / "inner.py"):
        helper.write_text("import pyqtgraph\nraise RuntimeError\n", encoding="utf-8")
    catalog = load_text(tmp_path, line + "\n")
    assert str(tmp_path / "plugin.py") in catalog.window_only


def test_what_names_the_window_and_is_no_python_is_told(tmp_path: Path) -> None:
    (tmp_path / "_helper.py").write_text("import pyqtgraph (\n", encoding="utf-8")
    for text, file in (("import PySide6 (\n", "plugin.py"), ("from ._helper import draw\n", "_helper.py")):
        catalog = load_text(tmp_path, text)
        assert catalog.window_only == ()
        assert [Path(failure.file).name for failure in catalog.failures] == [file]
        assert "not valid Python" in catalog.failures[0].message


def test_names_that_only_look_like_the_window_are_no_window(tmp_path: Path) -> None:
    text = "# import PySide6\nNOTE = 'import pyqtgraph'\n" + CELL.format(name="kept")
    catalog = load_text(tmp_path, text)
    assert catalog.window_only == ()
    assert catalog.names("cell") == ("kept",)


def test_the_default_folders_are_the_built_in_the_users_and_those_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setenv("LAB_PLUGIN_PATH", os.pathsep.join([str(first), "", str(second)]))
    folders = [folder.path for folder in default_folders()]
    assert folders == [plugin_folder(), user_plugin_folder(), first, second]
    assert default_folders()[0].version == lab.__version__


def test_the_users_folder_and_the_environment_add_to_the_built_in_plugins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_text(user_plugin_folder() / "cells", CELL.format(name="mine"))
    load_text(tmp_path, CELL.format(name="theirs"))
    monkeypatch.setenv("LAB_PLUGIN_PATH", str(tmp_path))
    catalog = load_catalog(entry_points=False)
    assert {"mine", "theirs"} <= set(catalog.names("cell"))
    origins = {entry.origin for entry in catalog.components}
    assert any(Path(origin).is_relative_to(plugin_folder()) for origin in origins)


def test_the_first_of_two_with_one_name_is_taken_and_the_other_is_told(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        load_text(tmp_path / folder, CELL.format(name="same"))
    catalog = load(tmp_path / "b", tmp_path / "a")
    assert catalog.entry("cell", "same").origin == str(tmp_path / "b" / "plugin.py")
    (failure,) = catalog.failures
    assert failure.file == str(tmp_path / "a" / "plugin.py")
    assert failure.line == 4
    assert failure.message == f"there is a cell 'same' already, from {tmp_path / 'b' / 'plugin.py'}"


def test_a_file_that_two_folders_lead_to_is_loaded_once(tmp_path: Path) -> None:
    load_text(tmp_path / "cells", CELL.format(name="once"))
    (tmp_path / "cells" / "round").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "again.py").symlink_to(tmp_path / "cells" / "plugin.py")
    found = list(plugin_files(Folder(path=tmp_path)))
    assert found == [tmp_path / "again.py", tmp_path / "cells" / "plugin.py"]
    catalog = load(tmp_path, tmp_path / "cells", tmp_path)
    assert catalog.names("cell") == ("once",)
    assert catalog.failures == ()


def test_hidden_and_private_files_are_no_plugins(tmp_path: Path) -> None:
    for name in ("_shared.py", ".hidden.py", "notes.txt", "plugin.py.orig", "plugin.pyc"):
        (tmp_path / name).write_text("raise RuntimeError\n", encoding="utf-8")
    for name in ("_private", "__pycache__", ".git"):
        load_text(tmp_path / name, "raise RuntimeError\n")
    assert load(tmp_path).failures == ()


@pytest.mark.parametrize("name", ["my-cell.py", "2nd cell.py", "v1.2.py", "编码.py", "class.py", "json.py", "lab.py"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "some.folder"
    assert load_text(folder, CELL.format(name="kept"), name=name).failures == ()
    assert load(tmp_path).names("cell") == ("kept",)


def test_a_folder_that_is_not_there_is_told_with_the_variable_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file.py").write_text("", encoding="utf-8")
    monkeypatch.setenv("LAB_PLUGIN_PATH", os.pathsep.join([str(tmp_path / "nowhere"), str(tmp_path / "file.py")]))
    failures = [one for one in load_catalog(entry_points=False).failures if one.file.startswith(str(tmp_path))]
    assert [(one.message, one.line, one.remedy) for one in failures] == [
        ("the folder of plugins does not exist", None, "Correct LAB_PLUGIN_PATH"),
        ("the folder of plugins is not a folder", None, "Correct LAB_PLUGIN_PATH"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00x", "this is not valid Python"),
        (b"x = '\xe9'\n", "this is not valid Python"),
        (b"x = 1\x00\n", "null bytes"),
        (b"(" * 5000, "this is not valid Python"),
        (b"x = " + b"-" * 100_000 + b"1\n", "the file is not Python"),
    ],
)
def test_a_file_that_is_no_text_or_no_program_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "plugin.py").write_bytes(content)
    (failure,) = load(tmp_path).failures
    assert failure.file == str(tmp_path / "plugin.py")
    assert message in failure.message
    assert failure.remedy


def test_the_order_is_by_kind_and_name_whatever_the_files_are_called(tmp_path: Path) -> None:
    for file, name in (("a.py", "zebra"), ("b.py", "ant"), ("c.py", "mole")):
        load_text(tmp_path, CELL.format(name=name), name=file)
    load_text(tmp_path, (GOOD / "cells" / "three_lines.py").read_text(encoding="utf-8"), name="0.py")
    assert load(tmp_path).names("cell") == ("ant", "mole", "three-lines", "zebra")
