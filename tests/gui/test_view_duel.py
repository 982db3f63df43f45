"""The duel of algorithms: which are chosen, what stands in the table, and what is said where one cannot run."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from lab.experiment.file import read_text
from lab.registry.catalog import Catalog
from lab.runner.messages import WorkerState
from lab.telemetry.frames import Frame
from lab.training.looking import Lookout
from lab.training.plan import Plan
from lab.training.setup import set_up
from lab.training.trainer import Trainer
from lab.ui.stage import Stage
from lab.ui.views.curves import Line
from lab.ui.views.frame import ViewFrame
from lab.ui.views.rows import Row
from lab.ui.words import language
from tests.gui.frames import ADDING, catalog, put


def frame_of(text: str, algorithms: str, updates: int = 3) -> Frame:
    """What the probe gives after some updates, looked at after each."""
    found = catalog()
    with Trainer(set_up(read_text(text, found).spec, found), Plan(target="numpy")) as trainer:
        lookout = Lookout(trainer, found)
        lookout.choose({"duel": {"algorithms": algorithms}}, range(4))
        frame = None
        while trainer.update < updates:
            if (progress := trainer.advance()) is not None and progress.kind == "update":
                (frame,) = lookout.every()
        assert frame is not None
        return frame


@pytest.fixture(scope="module")
def frame() -> Frame:
    return frame_of(ADDING, "rtrl,truncated-bptt,uoro,force")


def shown(qtbot: QtBot, frame: Frame, size: tuple[int, int]) -> ViewFrame:
    stage = Stage()
    stage.state = WorkerState.RUNNING
    put(stage, frame)
    made = ViewFrame(catalog().get("view", "duel")(stage))
    qtbot.addWidget(made)
    made.resize(*size)
    made.show()
    made.refresh()
    assert made.problem is None, made.problem
    return made


def rows(made: ViewFrame) -> list[Row]:
    return list(made.view._rows._rows)  # type: ignore[attr-defined]


def test_the_table_has_the_latest_of_each(qtbot: QtBot, frame: Frame) -> None:
    made = shown(qtbot, frame, (640, 320))
    found = {str(row.key.text): row.figures for row in rows(made)}
    assert list(found) == ["rtrl", "truncated-bptt", "uoro", "force"]
    assert found["rtrl"][:2] == ("1.000", "1.00")
    assert found["uoro"][0].lstrip("−").startswith("0.")
    assert found["force"][1] == "–", "the size of a change is not compared"
    assert all(figures[2].endswith(("ms", "s")) for figures in found.values())
    assert [key.series for key in made.view.legend()] == [1, 2, 3, 4]
    lines = [item for item in made.view._plot.items if isinstance(item, Line) and len(item._x)]  # type: ignore[attr-defined]
    assert [key.dash for key in made.view.legend()] == [line.dash for line in lines] == [0, 1, 2, 3]
    assert "1.000 for rtrl" in made.sentence.en
    assert "rtrl 为 1.000" in made.sentence.zh
    table = made.view.table()
    assert table["rtrl update"].tolist() == [1, 2, 3]
    assert table["rtrl cosine"] == pytest.approx([1, 1, 1], abs=1e-5)
    assert table["uoro norm ratio"].shape == (3,)


def test_where_there_is_no_room_for_the_table_the_legend_stands_in_its_place(qtbot: QtBot, frame: Frame) -> None:
    for size, tabled in (((640, 320), True), ((400, 420), True), ((300, 200), False)):
        view = shown(qtbot, frame, size).view
        assert view._rows.isVisible() is tabled  # type: ignore[attr-defined]
        assert bool(view._plot.keys) is not tabled  # type: ignore[attr-defined]


def test_the_menu_lists_all_and_asks_for_what_is_ticked(qtbot: QtBot, frame: Frame) -> None:
    made = shown(qtbot, frame, (640, 320))
    menu = next(menu for menu in made.view.findChildren(QMenu) if menu.title() == "Algorithms")
    asked: list[tuple[str, dict[str, str]]] = []
    made.view.stage.asked.connect(lambda probe, settings: asked.append((probe, settings)))
    menu.aboutToShow.emit()
    known: Catalog = catalog()
    titles = {known.get("algorithm", name).title_in("en"): name for name in known.names("algorithm") if name != "bptt"}
    assert [action.text() for action in menu.actions()] == list(titles)
    ticked = {titles[action.text()] for action in menu.actions() if action.isChecked()}
    assert ticked == {"rtrl", "truncated-bptt", "uoro", "force"}
    by_name = {titles[action.text()]: action for action in menu.actions()}
    by_name["forward-gradient"].trigger()
    by_name["uoro"].trigger()
    assert asked == [
        ("duel", {"algorithms": "rtrl,truncated-bptt,uoro,force,forward-gradient"}),
        ("duel", {"algorithms": "rtrl,truncated-bptt,force"}),
    ]
    language.use("zh")
    menu.aboutToShow.emit()
    assert menu.title() == "训练算法"


def test_the_last_one_cannot_be_taken_away(qtbot: QtBot) -> None:
    made = shown(qtbot, frame_of(ADDING, "uoro", 1), (640, 320))
    asked: list[object] = []
    made.view.stage.asked.connect(lambda *words: asked.append(words))
    made.view._toggle("uoro")  # type: ignore[attr-defined]
    assert not asked


def test_one_that_cannot_run_the_network_says_why(qtbot: QtBot) -> None:
    both = ADDING.replace('cell = "elman"\n', 'cell = "elman"\nbidirectional = true\n')
    made = shown(qtbot, frame_of(both, "rtrl,truncated-bptt(update_every=24)"), (640, 320))
    first, second = sorted(rows(made), key=lambda row: str(row.key.text))
    assert first.words is not None
    assert "two directions" in first.words.en
    assert "双向" in first.words.zh
    assert second.words is not None or second.figures[0] == "1.000"
    alone = shown(qtbot, frame_of(both, "rtrl"), (640, 320))
    assert alone.sentence.en.startswith("None of the chosen algorithms")
    assert alone.view.sentence().mark == "warning"


def test_norm_ratios_have_a_scale_of_their_own(qtbot: QtBot, frame: Frame) -> None:
    made = shown(qtbot, frame, (640, 320))
    view = made.view
    cosines: QImage = made.grab().toImage()
    view._choice._choose(1)  # type: ignore[attr-defined]
    assert view.axis().en.startswith("Norm")
    assert made.grab().toImage() != cosines
    low, high = view._plot.view()[1]  # type: ignore[attr-defined]
    ratios = np.log10(np.concatenate([frame.arrays[f"{name}/ratio"] for name in ("rtrl", "truncated-bptt", "uoro")]))
    assert low < ratios.min() <= ratios.max() < high


def test_another_run_begins_empty(qtbot: QtBot, frame: Frame) -> None:
    made = shown(qtbot, frame, (640, 320))
    stage = made.view.stage
    stage.frames.clear()
    stage.reset.emit()
    made.refresh()
    assert made.view.table() == {}
    assert rows(made) == []
    put(stage, replace(frame))
    made.refresh()
    assert made.view.table()
