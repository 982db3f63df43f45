"""Plugins are loaded from their source, under private names, and can be loaded again."""

import os
import sys
from pathlib import Path

import pytest

from lab.registry.loader import PREFIX
from tests.plugins.helpers import CELL, GOOD, load, load_text


@pytest.mark.parametrize("edited", ["plugin.py", "_name.py"])
def test_an_edit_of_equal_size_and_second_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edited: str) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for name in ("aa", "bb"):
        texts = {"plugin.py": CELL.format(name=name)}
        if edited == "_name.py":
            text = CELL.replace('"{name}"', "NAME").replace("{{}}", "{}")
            texts = {"_name.py": f'NAME = "{name}"\n', "plugin.py": "from ._name import NAME\n" + text}
        for file, text in texts.items():
            (tmp_path / file).write_text(text, encoding="utf-8")
            os.utime(tmp_path / file, (1_000_000_000, 1_000_000_000))
        assert load(tmp_path).names("cell") == (name,)
        assert load(tmp_path).names("cell") == (name,)  # and again, from the bytecode


@pytest.mark.parametrize("broken", [b"", b"x" * 40, "half"])
def test_bytecode_that_is_cut_off_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bytes | str
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    load_text(tmp_path, CELL.format(name="kept"))
    (kept,) = tmp_path.rglob("*.pyc")
    whole = kept.read_bytes()
    kept.write_bytes(broken if isinstance(broken, bytes) else whole[: len(whole) // 2])
    assert load(tmp_path).names("cell") == ("kept",)
    assert kept.read_bytes() == whole


def test_bytecode_of_a_folder_that_was_moved_names_the_new_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    load_text(tmp_path / "old", CELL.format(name="kept"))
    (tmp_path / "old").rename(tmp_path / "new")
    module = load(tmp_path / "new").get("cell", "kept").__module__
    assert sys.modules[module].lab_register_cells.__code__.co_filename == str(tmp_path / "new" / "plugin.py")


def test_a_relative_import_reaches_packages_and_the_folder_above(tmp_path: Path) -> None:
    package = tmp_path / "_shared"
    package.mkdir()
    (package / "__init__.py").write_text("from .inner import VALUE\n", encoding="utf-8")
    (package / "inner.py").write_text("VALUE = 3\n", encoding="utf-8")
    text = "from .._shared import VALUE\nassert VALUE == 3\n" + CELL.format(name="kept")
    load_text(tmp_path / "cells", text)
    catalog = load(tmp_path)
    assert catalog.failures == ()
    assert catalog.names("cell") == ("kept",)


def test_modules_of_plugins_have_private_names(tmp_path: Path) -> None:
    before = set(sys.modules)
    catalog = load_text(tmp_path, CELL.format(name="kept"), name="numpy.py")
    assert all(name.startswith(PREFIX) for name in set(sys.modules) - before)
    module = catalog.get("cell", "kept").__module__
    assert module.startswith(PREFIX)
    assert sys.modules[module].__file__ == str(tmp_path / "numpy.py")
    assert sys.meta_path == [finder for finder in sys.meta_path if not type(finder).__module__.startswith("lab.")]


def test_two_folders_with_files_of_one_name_do_not_mix(tmp_path: Path) -> None:
    load_text(tmp_path / "a", CELL.format(name="first"))
    load_text(tmp_path / "b", CELL.format(name="second"))
    catalog = load(tmp_path / "a", tmp_path / "b")
    first, second = (catalog.get("cell", name) for name in ("first", "second"))
    assert first.__module__ != second.__module__


def test_annotations_that_are_text_find_the_types_of_the_plugin(tmp_path: Path) -> None:
    text = (
        "from __future__ import annotations\nfrom typing import Literal as Either\n"
        + CELL.format(name="kept").replace(
            '    states = ("h",)', '    states = ("h",)\n    mode: Either["a", "b"] = hyperparameter("a")'
        )
    ).replace("hookimpl\n", "hookimpl, hyperparameter\n", 1)
    catalog = load_text(tmp_path, text)
    assert catalog.failures == ()
    assert catalog.get("cell", "kept").hyperparameters()["mode"].choices == ("a", "b")


def test_of_two_classes_of_one_name_the_line_of_the_last_is_told(tmp_path: Path) -> None:
    text = "class Kept:\n    class Inner:\n        pass\n" + CELL.format(name="kept").replace("states", "state")
    (failure,) = load_text(tmp_path, text).failures
    assert failure.line == 7


def test_loading_twice_gives_equal_catalogs_of_different_classes() -> None:
    first, second = load(GOOD), load(GOOD)
    assert [entry.name for entry in first.components] == [entry.name for entry in second.components]
    assert first.get("cell", "three-lines") is not second.get("cell", "three-lines")
