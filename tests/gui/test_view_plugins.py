"""Plugins of views: loaded for the window alone, each in isolation, with the remedy where one is wrong."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from lab.registry.manager import load_catalog
from lab.ui.hookspecs import WINDOW
from lab.ui.stage import Stage

PLUGIN = """
from lab.api import hookimpl
from lab.ui.api import Sentence, Text, View


class Words(View):
    name = "words"
    title = {"en": "Words", "zh": "文字"}

    def refresh(self):
        pass

    def sentence(self):
        return Sentence(Text("Nothing yet.", "还没有内容。"))

    def table(self):
        return {}


class Half(View):
    name = "half"

    def refresh(self):
        pass


@hookimpl
def lab_register_views():
    return [Words, Half]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "words.py").write_text(PLUGIN, encoding="utf-8")
    return tmp_path


def test_views_are_loaded_for_the_window_alone(qtbot: QtBot, folder: Path) -> None:
    headless = load_catalog([folder], entry_points=False)
    assert headless.window_only == (str(folder / "words.py"),)
    assert headless.components == headless.failures == ()
    catalog = load_catalog([folder], entry_points=False, window=WINDOW)
    assert catalog.names("view") == ("words",)
    view = catalog.get("view", "words")(Stage())
    qtbot.addWidget(view)
    assert view.sentence().text.zh == "还没有内容。"
    (failure,) = catalog.failures
    assert "view 'half' has no sentence" in failure.message
    assert failure.line == PLUGIN.splitlines().index("class Half(View):") + 1
