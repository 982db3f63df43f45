"""Several watched samples: all of them in the phase portrait, one of them in the others; and what is laid over."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lab.experiment.series import load_forecast
from lab.experiment.store import Store
from lab.runner.messages import WorkerState
from lab.ui.desk import Desk
from lab.ui.stage import Curve, Overlay, Stage
from lab.ui.views.canvas import Canvas
from lab.ui.views.curves import Line
from lab.ui.views.frame import ViewFrame
from lab.ui.views.plane import principal
from lab.ui.views.series import SeriesPart
from lab.ui.views.ticks import fitting, linear, of_steps
from lab.ui.words import Text
from tests.gui.frames import ADDING, SERIES, TEXT, catalog, put, trained


@pytest.fixture(scope="module")
def adding() -> Stage:
    return trained(ADDING, 6)


@pytest.fixture
def series(_series: Stage) -> Stage:
    _series.cursor.step, _series.overlays = None, []
    return _series


@pytest.fixture(scope="module")
def _series() -> Stage:
    return trained(SERIES)


def shown(qtbot: QtBot, name: str, stage: Stage) -> ViewFrame:
    frame = ViewFrame(catalog().get("view", name)(stage))
    qtbot.addWidget(frame)
    frame.resize(560, 300)
    frame.show()
    QApplication.processEvents()
    assert frame.problem is None, frame.problem
    return frame


def test_all_samples_are_drawn_and_one_is_shown_everywhere(qtbot: QtBot, adding: Stage) -> None:
    portrait, hidden = shown(qtbot, "phase-portrait", adding), shown(qtbot, "hidden-states", adding)
    assert portrait.view.table()["paths"].shape == (24, 6, 2)
    assert [key.text.en for key in portrait.view.legend()] == ["1", "2", "3", "4", "5", "6"]
    assert [name.en for name in portrait.view.chooser().names] == ["1", "2", "3", "4", "5", "6"]
    states = adding.frames["hidden-states"].arrays["layers.0/h"]
    np.testing.assert_allclose(hidden.view.map.values, states[:, 0])
    for view in (portrait.view, hidden.view):
        assert list(view.table()["step"]) == list(range(24))
    QTest.keyClick(portrait.findChild(Canvas), Qt.Key.Key_Down)
    assert adding.cursor.sample == 1
    np.testing.assert_allclose(hidden.view.map.values, states[:, 1])
    assert "sequence 2" in hidden.view.map.below.x.name.en
    portrait.view.chooser().chosen.emit(4)
    np.testing.assert_allclose(hidden.view.map.values, states[:, 4])
    adding.cursor.look_at(sample=0)


def test_heavy_probes_are_asked_for_the_sample_that_is_shown(qtbot: QtBot, adding: Stage) -> None:
    frames = [shown(qtbot, name, adding) for name in ("spectrum", "through-time")]
    asked: dict[str, int] = {}
    adding.asked.connect(lambda probe, settings: asked.update({probe: settings["sample"]}))
    with qtbot.waitSignal(adding.cursor.settled):
        adding.cursor.look_at(sample=2)
        adding.cursor.look_at(sample=3)
        assert not asked
    assert asked == {"spectrum": 3, "through-time": 3}
    assert all("inputs" in frame.needs for frame in frames)
    adding.cursor.look_at(sample=0)


def test_a_series_has_a_trail_of_three_years_in_the_colours_of_seasons(qtbot: QtBot, series: Stage) -> None:
    frame = shown(qtbot, "phase-portrait", series)
    assert [key.text.en for key in frame.view.legend()] == ["Q1", "Q2", "Q3", "Q4"]
    notes = [note.text.en for note in frame.findChild(Canvas).plots[0].notes]
    assert notes == ["1957-12", "1960-12"]
    with qtbot.waitSignal(series.cursor.settled):
        series.cursor.look_at(step=50)
    times = series.frames["inputs"].notes["times"]
    notes = [note.text.en for note in frame.findChild(Canvas).plots[0].notes]
    assert notes == [times[14], times[50]]
    QTest.keyClick(frame.findChild(Canvas), Qt.Key.Key_Right)
    assert series.cursor.step == 51


def test_the_plane_does_not_turn_with_what_changes_little(
    qtbot: QtBot, series: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two directions of the same variance: their order and signs are chance, and must not be seen."""
    monkeypatch.setitem(portrait_names(), "TURN_AGAIN", -1.0)
    steps = np.arange(len(series.frames["inputs"].arrays["inputs"]))
    circle = np.stack([np.cos(steps / 2), np.sin(steps / 2), 0 * steps, 0 * steps], axis=1)[:, None]
    draw = np.random.default_rng(1)
    stage = Stage()
    put(stage, series.frames["inputs"])
    frame, before = None, None
    for update in range(8):
        states = (circle + 0.05 * draw.normal(size=circle.shape)).astype(np.float32)
        known = series.frames["hidden-states"]
        put(stage, replace(known, update=update, arrays={"layers.0/h": states}))
        frame = frame or shown(qtbot, "phase-portrait", stage)
        frame.refresh()
        paths = frame.view.table()["paths"]
        assert before is None or np.abs(paths - before).max() < 0.5
        before = paths
    # Another plane, in which everything now is, is taken at once.
    put(stage, replace(known, update=9, arrays={"layers.0/h": states[..., [2, 3, 0, 1]]}))
    frame.refresh()
    assert np.ptp(frame.view.table()["paths"]) > 1.5


def portrait_names() -> dict[str, object]:
    """The names in the module of the view, which is loaded as a plugin."""
    names: dict[str, object] = catalog().get("view", "phase-portrait").refresh.__globals__
    return names


def test_principal_axes_are_those_of_the_whole_decomposition() -> None:
    draw = np.random.default_rng(2)
    points = draw.normal(size=(200, 40)) * np.linspace(3.0, 0.5, 40)
    _, _, exact = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    axes = principal(points, -exact[:2])
    np.testing.assert_allclose(axes, -exact[:2], atol=0.02)


def test_axes_of_time_have_the_labels_of_the_data(qtbot: QtBot, series: Stage) -> None:
    for name, place in (("hidden-states", 1), ("gates", 1), ("through-time", 0)):
        frame = shown(qtbot, name, series)
        plot = frame.findChild(Canvas).plots[place]
        assert "1955" in [label for _, label in plot.x.ticks(0, 129, 10)], name
    assert "1952-09" in series.frames["inputs"].notes["times"]


def test_ticks_have_room() -> None:
    width = lambda label: 7.0 * len(label)  # noqa: E731 - seven pixels a letter
    ticks, factor = fitting(linear(0.0, 4e35, 4), width, 40.0)
    assert factor == "·10³⁵"
    assert [label for _, label in ticks] == ["0", "1", "2", "3", "4"]
    assert fitting(linear(0.0, 4.0, 4), width, 40.0)[1] == ""
    years = [f"{year}-{month:02}" for year in (1950, 1951, 1952) for month in range(1, 13)]
    assert [label for _, label in of_steps(years, 0, 35, 5)] == ["1950", "1951", "1952"]
    assert of_steps(["a long name of a step"] * 40, 0, 39, 5)[1][1] == "10"


def test_forecasts_of_other_runs_are_laid_over(qtbot: QtBot, series: Stage) -> None:
    arrays = series.frames["predictions"].arrays
    truth, position = arrays["truth"], arrays["position"]
    kept = {"forecast": Curve(position, truth + 7), "truth": Curve(position, truth)}
    other = {"forecast": Curve(position[:9], truth[:9]), "truth": Curve(position[:9], truth[:9])}
    series.overlays = [
        Overlay("a", Text.plain("2 · run"), kept, 3),
        Overlay("b", Text.plain("3 · run"), other, 4),
        Overlay("c", Text.plain("4 · run"), {}, 5),
    ]
    frame = shown(qtbot, "predictions", series)
    legend = [key.text.en for key in frame.view.legend()]
    assert {"2 · run", "3 · run: another series", "4 · run: no forecast kept"} <= set(legend)
    np.testing.assert_allclose(frame.view.table()["2 · run forecast"], truth + 7)
    assert not any("3 · run" in name or "4 · run" in name for name in frame.view.table())
    same = [Overlay(str(k), Text.plain(f"{k + 2} · run"), kept, k + 3) for k in range(6)]
    series.overlays = same
    frame.refresh()
    plot = frame.findChild(SeriesPart).canvas.plots[0]
    drawn = {item._role: item.dash for item in plot.items if isinstance(item, Line) and len(item._x)}
    assert len({drawn[f"series{one.series}"] for one in same} | {drawn["series2"]}) == 7
    keys = [key for key in frame.view.legend() if "· run" in key.text.en]
    assert [(key.look, key.dash) for key in keys] == [("line", drawn[f"series{one.series}"]) for one in same]
    assert sum(name.endswith("· run forecast") for name in frame.view.table()) == 6
    series.overlays = []
    frame.refresh()
    assert "2 · run" not in [key.text.en for key in frame.view.legend()]


def test_forecasts_of_classes_are_not_and_it_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("the rain is on the plain. " * 100, encoding="utf-8")
    stage = trained(TEXT.replace("{file}", str(file)))
    frame = shown(qtbot, "predictions", stage)
    assert frame.view.reading().en == ""
    stage.overlays = [Overlay("a", Text.plain("2 · run"), {}, 3)]
    assert "only series" in frame.view.reading().en


def test_a_run_keeps_its_forecast_and_samples_are_chosen_in_the_form(
    qtbot: QtBot, make_desk: Callable[..., Desk]
) -> None:
    desk = make_desk()
    for text in (SERIES.replace("epochs = 25", "epochs = 3"), ADDING):
        desk.document.open_text(text, "one")
        desk.filing.opened.emit()
        desk.actions.run.trigger()
        qtbot.waitUntil(lambda: desk.stage.state is WorkerState.FINISHED, timeout=60_000)
    with Store(desk.runs, create=False) as store:
        first, second = (run.id for run in store.runs())
        found = load_forecast(store.run_folder(first))
        assert load_forecast(store.run_folder(second)) is None
    assert found is not None
    assert len(found.truth) == len(found.forecast) == len(found.position) > 100
    desk.comparing.compare([first])
    np.testing.assert_allclose(desk.stage.overlays[0].curves["forecast"].values, found.forecast)
    desk.window.views.show_view("phase-portrait")
    qtbot.waitUntil(lambda: "hidden-states" in desk.stage.frames, timeout=20_000)
    assert desk.stage.frames["hidden-states"].arrays["layers.0/h"].shape[1] == 6
    samples, one, _ = desk.experiment.watching.rows
    one.edited.emit(2, False)
    assert desk.stage.cursor.sample == 2
    samples.edited.emit([9, 3], False)
    assert desk.stage.cursor.sample == 1, "the third sequence is shown on"

    def watched() -> list[str]:
        return list(desk.stage.frames["inputs"].notes["labels"])

    qtbot.waitUntil(lambda: watched() == ["8", "2"], timeout=20_000)
    desk.stage.cursor.look_at(sample=0)
    assert desk.experiment.watching.shown == 0
    assert not desk.stage.marks, "nothing runs"


def test_other_samples_leave_a_mark_on_the_loss(qtbot: QtBot, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.session.target = "numpy"
    desk.document.open_text(
        ADDING.replace("epochs = 4", "epochs = 100000").replace("test_size = 16", "test_size = 3"), "one"
    )
    desk.filing.opened.emit()
    desk.actions.run.trigger()
    qtbot.waitUntil(lambda: desk.stage.update > 2, timeout=60_000)
    desk.actions.run.trigger()
    qtbot.waitUntil(lambda: desk.stage.state is WorkerState.PAUSED, timeout=20_000)
    samples, one, redraw = desk.experiment.watching.rows
    one.edited.emit(2, False)
    redraw.edited.emit(5.0, False)
    assert not desk.stage.marks, "the same are watched"
    samples.edited.emit([3, 1], False)
    assert desk.stage.marks == [(desk.stage.update, {"en": "watched: 3, 1", "zh": "观测样本 3, 1"})]
    (plot,) = next(frame for frame in desk.frames if frame.name == "loss").findChild(Canvas).plots
    desk.window.views.show_view("loss")
    qtbot.waitUntil(lambda: "watched: 3, 1" in [note.text.en for note in plot.notes], timeout=20_000)
    desk.experiment.watching.rows[0].edited.emit([3, 1, 2], False)
    assert len(desk.stage.marks) == 2
