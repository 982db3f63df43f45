"""Words in the plots of views: none lies over another, none is cut, all are in both languages."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lab.runner.messages import WorkerState
from lab.ui.api import Key
from lab.ui.labels import HYPERPARAMETERS
from lab.ui.stage import Curve, Stage
from lab.ui.views.canvas import Canvas
from lab.ui.views.curves import Line
from lab.ui.views.frame import ViewFrame
from lab.ui.views.frames import waiting
from lab.ui.views.heading import colour, paint_sign
from lab.ui.views.marks import pen, spread
from lab.ui.views.plot import Plot
from lab.ui.views.verdict import judged
from lab.ui.widgets import Elided
from lab.ui.words import Text
from tests.gui.frames import ADDING, SERIES, catalog, trained


@pytest.fixture(scope="module")
def adding() -> Stage:
    return trained(ADDING)


@pytest.fixture
def deep() -> Stage:
    return trained(SERIES.replace("[training]", '[[layers]]\ncell = "elman"\nhidden = 4\n[training]'))


def opened(qtbot: QtBot, name: str, stage: Stage) -> tuple[ViewFrame, list[Plot]]:
    frame = ViewFrame(catalog().get("view", name)(stage))
    qtbot.addWidget(frame)
    frame.resize(560, 300)
    frame.show()
    frame.refresh()
    QApplication.processEvents()
    assert frame.problem is None, frame.problem
    return frame, frame.findChild(Canvas).plots


@pytest.mark.parametrize(
    "wanted", [[50.0], [50.0, 51.0], [51.0, 50.0, 90.0], [2.0, 3.0, 4.0], [99.0, 98.0, 97.0], [10.0, 30.0, 41.0, 42.0]]
)
def test_notes_give_way_in_their_order(wanted: list[float]) -> None:
    found = spread(wanted, 10.0, 5.0, 95.0)
    assert np.argsort(found).tolist() == np.argsort(wanted).tolist()
    assert (np.diff(np.sort(found)) >= 10.0 - 1e-9).all()
    assert min(found) >= 5.0
    assert max(found) <= 95.0


def test_notes_with_room_stay() -> None:
    assert spread([80.0, 20.0, 50.0], 10.0, 0.0, 100.0) == [80.0, 20.0, 50.0]


def test_the_clip_and_the_layers_are_in_the_legend(qtbot: QtBot, adding: Stage) -> None:
    frame, (plot,) = opened(qtbot, "gradients-by-layer", adding)
    words = [key.text for key in frame.view.legend()]
    assert words == [
        Text("layer 1", "第 1 层"),
        Text("output", "输出层"),
        Text("all", "全部"),
        Text("clip at 1.0", "裁剪于 1.0"),
    ]
    assert any(rule.level for rule in plot.rules)
    assert not plot.notes, "no words lie over the curves"
    frame.view.chooser()._choose(1)
    assert all("layers." not in key.text.en for key in frame.view.legend())


@pytest.mark.parametrize("name", ["gradients-by-layer", "duel"])
def test_what_is_always_offered_can_be_seen(qtbot: QtBot, adding: Stage, name: str) -> None:
    frame, _ = opened(qtbot, name, adding)
    assert frame.view.chooser().isVisible()


def test_curves_of_layers_and_parameters_differ_without_colour(qtbot: QtBot, adding: Stage) -> None:
    frame, (plot,) = opened(qtbot, "gradients-by-layer", adding)
    frame.view.chooser()._choose(1)
    keys = [key for key in frame.view.legend() if key.look == "line"]
    assert len(keys) > 2
    patterns = [pen(colour(key.series), dash=key.dash).dashPattern() for key in keys]
    assert len({tuple(one) for one in patterns}) == len(keys)
    assert not patterns[0], "the first is solid"
    lines = {line.dash: line for line in plot.items if isinstance(line, Line) and len(line._x)}
    assert lines.keys() == {key.dash for key in keys}, "curves and legend have the same"
    assert len({_drawn(one) for one in keys}) == len(keys)


def _drawn(key: Key) -> bytes:
    """The sign of a legend, with the colour taken away."""
    picture = QImage(40, 9, QImage.Format.Format_ARGB32)
    picture.fill(0)
    painter = QPainter(picture)
    paint_sign(painter, replace(key, series=1), QPointF(20, 4))
    painter.end()
    return bytes(picture.constBits())


def test_every_parameter_can_be_seen_and_all_are_saved(qtbot: QtBot, adding: Stage, deep: Stage) -> None:
    frame, (plot,) = opened(qtbot, "gradients-by-layer", deep)
    chooser, arrays = frame.view.chooser(), deep.frames["gradients"].arrays
    names = deep.frames["gradients"].notes["names"]
    assert len(names) == 17
    parts = [name.en for name in chooser.names[3:]]
    assert parts == ["layer 1 W", "layer 1 U", "layer 1 b", "layer 2", "output"]
    seen = set()
    for place in range(3, 8):
        chooser._choose(place)
        drawn = [line for line in plot.items if isinstance(line, Line) and len(line._x) and line._role != "muted"]
        assert len(drawn) == len({line.dash for line in drawn}) == len(frame.view._shown)
        seen |= frame.view._shown.keys()
    assert seen == set(names), "of all of them there is a curve"
    table = frame.view.table()
    for place, name in enumerate(names):
        np.testing.assert_array_equal(table[f"norm {name}"], arrays["norms"][:, place].astype(np.float64))
        np.testing.assert_array_equal(table[f"ratio {name}"], arrays["ratios"][:, place].astype(np.float64))
    sums = np.sqrt(sum(table[f"norm {name}"] ** 2 for name in names if name.startswith("layers.1.")))
    np.testing.assert_allclose(table["norm layers.1"], sums)
    stage = frame.view.stage
    kept, stage.frames = stage.frames, {}
    stage.reset.emit()
    assert len(chooser.names) == 3
    stage.frames = kept
    frame.refresh()
    assert chooser.names[chooser.current].en == "output", "what was chosen is seen again"
    QApplication.processEvents()
    frame.resize(560, 300)
    for place in (3, 0, 5):
        chooser._choose(place)
        qtbot.waitUntil(lambda: chooser._one.isVisible() and chooser.width() == chooser._one.sizeHint().width())
    few, _ = opened(qtbot, "gradients-by-layer", adding)
    assert len(few.view.chooser().names) == 3, "all of a small network are seen at once"


def test_a_view_that_is_shown_alone_cannot_be_enlarged(qtbot: QtBot, adding: Stage) -> None:
    frame, _ = opened(qtbot, "loss", adding)
    assert frame.header.enlarge.isVisible()
    frame.set_tabbed(False, alone=True)
    assert not frame.header.enlarge.isVisible()
    frame.set_tabbed(False)
    assert frame.header.enlarge.isVisible()


def test_the_words_of_a_failed_run_stand_apart(qtbot: QtBot) -> None:
    stage = Stage()
    stage.state, stage.checkpoint = WorkerState.FAILED, 1
    stage.curves["train.loss"] = Curve(np.arange(1, 4), np.array([0.5, 1e9, 1e30]))
    _, (plot,) = opened(qtbot, "loss", stage)
    ended, checkpoint = plot.notes
    assert {rule.at for rule in plot.rules} == {1, 3}
    assert ended.x == checkpoint.x == 3, "between the lines there is no room"
    assert ended.row != checkpoint.row


def test_one_loss_is_a_band_over_its_curve(qtbot: QtBot, adding: Stage) -> None:
    stage = Stage()
    stage.spec, stage.about, stage.frames = adding.spec, adding.about, dict(adding.frames)
    frame, (band, curve) = opened(qtbot, "through-time", stage)
    assert band.rect.height() < 40 < curve.rect.height()
    assert band.view()[0] == curve.view()[0], "both go over the same steps"
    assert (band.rect.left(), band.rect.right()) == (curve.rect.left(), curve.rect.right())
    norms = stage.frames["through-time"].arrays["norms"]
    assert f"t = {len(norms) - 1}" in frame.view.sentence().full.en
    assert "One loss" in frame.sentence.en
    curve.drag(len(norms) - 5 - 0.5, 0.0)
    assert curve.notes[0].text.en == "cut after 5 steps"
    assert [rule.at for rule in band.rules] == [len(norms) - 5 - 0.5]
    known = stage.frames["through-time"]
    full = np.where(np.tri(len(norms), dtype=bool), 1.0, np.nan)
    stage.frames["through-time"] = replace(known, arrays={**known.arrays, "norms": full})
    frame.refresh()
    assert band.rect.height() > 100, "many losses are a triangle again"
    assert "One loss" not in frame.view.sentence().text.en
    stage.frames["through-time"] = known
    frame.refresh()
    del stage.frames["through-time"]
    frame.refresh()
    assert (band.y.name.en, band.keys) == ("Loss at step t", ()), "nothing is left of the band"


@pytest.mark.parametrize("verdict", ["explodes", "vanishes", "reaches"])
@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("tenth", [None, 345])
@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({}, ""),
        ({"keeps": "forget", "kept": 0.5}, "forget 0.50"),
        ({"keeps": "update", "kept": 0.5}, "update 0.50"),
        ({"saturated": 0.6}, "60% saturated"),
        ({"keeps": "forget", "kept": 0.5, "saturated": 0.6}, "forget 0.50"),
        ({"keeps": "update", "kept": 0.97, "saturated": 0.6}, "60% saturated"),
    ],
)
def test_a_verdict_is_short_and_gives_its_reason(
    verdict: str, alone: bool, tenth: int | None, known: dict[str, Any], reason: str
) -> None:
    notes = {"verdict": verdict, "gamma": 1.06, "steps_to_tenth": tenth, "steps_to_hundredth": 345, **known}
    said = judged(notes, 400, alone=alone)
    for words in (said.text.en, said.text.zh):
        assert len(words) <= 60, words
        assert "None" not in words
    assert reason in said.text.en
    assert "γ = 1.06" in said.full.en
    gate = f"mean {known.get('keeps')} gate"
    assert (gate in said.full.en, "60% saturated" in said.full.en) == ("kept" in known, "saturated" in known)
    assert ("t = 399" in said.full.zh) is alone


def test_the_verdict_of_the_specification() -> None:
    notes = {"verdict": "vanishes", "gamma": 0.6, "steps_to_hundredth": 9}
    text = judged(notes, 100).text
    assert (text.en, text.zh) == (
        "Vanishes: a hundredth after 9 steps (γ = 0.60).",
        "梯度消失：9 步后剩百分之一（γ = 0.60）。",
    )


def test_what_there_is_no_room_for_is_in_the_tooltip_and_the_description(qtbot: QtBot, adding: Stage) -> None:
    stage = Stage()
    stage.spec, stage.about, stage.frames = adding.spec, adding.about, dict(adding.frames)
    known = stage.frames["through-time"]
    notes = {"verdict": "vanishes", "gamma": 0.6, "steps_to_hundredth": 9, "keeps": "forget", "kept": 0.5}
    notes |= {"saturated": 0.25}
    stage.frames["through-time"] = replace(known, notes={**known.notes, **notes})
    frame, _ = opened(qtbot, "through-time", stage)
    label = next(one for one in frame.header.findChildren(Elided) if one.text() == frame.sentence.en)
    full = "One loss, at t = 23: vanishes, a hundredth after 9 steps (γ = 0.60, mean forget gate 0.50, 25% saturated)."
    assert label.toolTip() == frame.view.accessibleDescription() == full
    assert frame.findChild(Canvas).accessibleDescription() == full


def test_a_verdict_that_cannot_be_given_says_why() -> None:
    notes = {"verdict": "early", "gamma": None}
    assert judged(notes, 3).text.en == "Too short to tell: 3 steps."
    assert judged(notes, 100).text.en.startswith("Too early to tell: few updates")
    assert judged(notes, 3, alone=True).text.zh == "仅 t = 2 处有损失：序列太短，无法判断。"


def test_what_is_not_measured_of_a_run_is_not_promised_for_another() -> None:
    stage = Stage()
    stage.about = {"layers": {}}
    for state in (WorkerState.PAUSED, WorkerState.FINISHED, WorkerState.STOPPED):
        stage.state = state
        assert waiting(stage, Text("weights", "权重")).en == "Not measured yet: weights will be here."
    stage.state = WorkerState.IDLE
    assert "F5" in waiting(stage, Text("weights", "权重")).en


def test_every_hyperparameter_of_the_form_has_a_name() -> None:
    kinds = {"cell", "dataset", "algorithm", "optimizer", "loss", "schedule"}
    entries = [entry for entry in catalog().components if entry.kind in kinds]
    assert len(entries) > 50
    missing = [
        f"{entry.name}.{one.name}"
        for entry in entries
        for one in entry.component.hyperparameters().values()
        if one.name not in HYPERPARAMETERS
    ]
    assert not missing
