"""Every view in every state: empty, running, paused, with NaN; its words, its table, what it lets a person do."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lab.registry.manager import load_catalog
from lab.resources import resource_folder
from lab.runner.messages import WorkerState
from lab.ui.hookspecs import WINDOW
from lab.ui.stage import Curve, Overlay, Stage
from lab.ui.theme import theme
from lab.ui.views.canvas import Canvas
from lab.ui.views.choice import Choice
from lab.ui.views.curves import Line
from lab.ui.views.frame import ViewFrame
from lab.ui.words import Text, language
from tests.gui.frames import ADDING, SERIES, TEXT, VIEWS, broken, catalog, put, trained

SIZES = ((252, 260), (384, 230), (740, 320))


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stage]:
    """A series, one value for each sequence, and text: all that predictions can be."""
    file = tmp_path_factory.mktemp("text") / "text.txt"
    file.write_text("the clouds are in the sky and the rain is on the plain.\n" * 60, encoding="utf-8")
    return {"series": trained(SERIES), "adding": trained(ADDING), "text": trained(TEXT.replace("{file}", str(file)))}


@pytest.fixture(autouse=True)
def _theme() -> Iterator[None]:
    yield
    theme.use("light")
    theme.enlarge(1.0)


def shown(qtbot: QtBot, name: str, stage: Stage, size: tuple[int, int] = (560, 300)) -> ViewFrame:
    """A view in its frame, drawn; it must not have failed."""
    frame = ViewFrame(catalog().get("view", name)(stage))
    qtbot.addWidget(frame)
    frame.resize(*size)
    frame.show()
    frame.refresh()
    QApplication.processEvents()
    assert frame.problem is None, frame.problem
    return frame


def check_words(frame: ViewFrame) -> None:
    text = frame.view.sentence().text
    for words in (text.en, text.zh):
        assert 0 < len(words) <= 60, words
        assert "{" not in words
        assert "nan" not in words
    assert text.en[-1] == "."
    assert text.zh[-1] == "。"
    assert frame.view.accessibleDescription()


def painted(frame: ViewFrame) -> QImage:
    """What is drawn; grabbing it paints every item."""
    return frame.grab().toImage()


@pytest.mark.parametrize("name", VIEWS)
def test_empty(qtbot: QtBot, name: str) -> None:
    stage = Stage()
    frame = shown(qtbot, name, stage)
    check_words(frame)
    assert "F5" in frame.sentence.en
    assert "F5" in frame.sentence.zh
    assert frame.view.table() == {}
    for state in WorkerState:
        stage.state = state
        stage.state_changed.emit()
        frame.refresh()
        check_words(frame)
    painted(frame)


@pytest.mark.parametrize("kind", ["series", "adding", "text"])
@pytest.mark.parametrize("name", VIEWS)
def test_running(qtbot: QtBot, stages: dict[str, Stage], name: str, kind: str) -> None:
    stage = stages[kind]
    stage.state = WorkerState.RUNNING
    if name == "gates" and "gates" not in stage.finite:
        pytest.skip("this cell has no gates")
    for size in SIZES:
        for look in ("light", "dark"):
            theme.use(look)
            frame = shown(qtbot, name, stage, size)
            assert (frame.width(), frame.height()) == size, "the view asks for more room than it is given"
            check_words(frame)
            painted(frame)
    table = frame.view.table()
    assert table
    assert all(isinstance(array, np.ndarray) and array.size for array in table.values())


@pytest.mark.parametrize("name", VIEWS)
def test_what_moves_in_a_canvas_is_found_where_it_is(qtbot: QtBot, stages: dict[str, Stage], name: str) -> None:
    frame = shown(qtbot, name, stages["text"], SIZES[-1])
    canvases = frame.findChildren(Canvas)
    for canvas in canvases:
        # As where there are many items: what does not tell that it moves is looked for, and painted, where it was.
        canvas.scene().setBspTreeDepth(8)
    painted(frame)
    items = 0
    for canvas in canvases:
        for plot in canvas.plots:
            plot.place(plot.outer.translated(-60, -90))
        for item in canvas.items():
            place = item.sceneBoundingRect()
            if item.isVisible() and item.parentItem() is None and place.width() < canvas.width():
                items += 1
                assert item in canvas.scene().items(place.center()), type(item).__name__
    assert items or not any(canvas.plots for canvas in canvases)


@pytest.mark.parametrize("name", VIEWS)
def test_nothing_of_the_last_experiment_stays(qtbot: QtBot, stages: dict[str, Stage], name: str) -> None:
    before, after = stages["series"], stages["adding"]
    stage = Stage()
    stage.spec, stage.about, stage.state = before.spec, before.about, WorkerState.RUNNING
    frame = shown(qtbot, name, stage)
    stage.curves = dict(before.curves)
    put(stage, *before.frames.values())
    frame.refresh()
    assert frame.view.table()
    stage.curves, stage.frames, stage.finite = {}, {}, {}
    stage.spec, stage.about = after.spec, {}
    stage.reset.emit()
    stage.about = after.about
    stage.reset.emit()
    frame.refresh()
    QApplication.processEvents()
    assert painted(frame) == painted(shown(qtbot, name, stage)), "it is not as if it had just been made"


def test_gates_say_why_there_are_none(qtbot: QtBot, stages: dict[str, Stage]) -> None:
    stage = Stage()
    stage.spec, stage.about = stages["adding"].spec, stages["adding"].about
    frame = shown(qtbot, "gates", stage)
    assert frame.sentence.en == "This network has no gates."
    put(stage, *stages["series"].frames.values())
    frame.refresh()
    chooser = frame.view.chooser()
    assert isinstance(chooser, Choice)
    assert len(chooser.names) == 4
    stage.frames, stage.finite = {}, {}
    stage.reset.emit()
    frame.refresh()
    assert frame.sentence.en == "This network has no gates."
    assert not chooser.names
    assert not chooser.isVisible()


@pytest.mark.parametrize("name", VIEWS)
def test_all_nan(qtbot: QtBot, stages: dict[str, Stage], name: str) -> None:
    known = stages["series"]
    stage = Stage()
    stage.spec, stage.about, stage.checkpoint = known.spec, known.about, 20
    put(stage, *known.frames.values())
    put(stage, *(broken(frame) for frame in known.frames.values()))
    loss = known.curves["train.loss"]
    stage.curves["train.loss"] = Curve(np.append(loss.updates, 26), np.append(loss.values, np.nan))
    stage.state = WorkerState.FAILED
    frame = shown(qtbot, name, stage)
    check_words(frame)
    painted(frame)
    said = frame.view.sentence()
    if name in ("loss", "predictions", "gradients-by-layer", "weights", "through-time", "duel"):
        assert said.mark == "error"
        assert "NaN" in said.text.en or "not finite" in said.text.en
    else:
        # What is drawn is the last finite frame, and it says so.
        notes = [note.text.en for canvas in frame.findChildren(Canvas) for plot in canvas.plots for note in plot.notes]
        assert any("shown: update" in note for note in notes), notes


@pytest.mark.parametrize(("name", "probe"), [("hidden-states", "hidden-states"), ("gates", "gates")])
def test_nan_from_a_step_is_hatched(qtbot: QtBot, stages: dict[str, Stage], name: str, probe: str) -> None:
    known = stages["series"]
    stage = Stage()
    put(stage, *known.frames.values())
    arrays = {key: array.copy() for key, array in known.frames[probe].arrays.items()}
    for array in arrays.values():
        array[61:] = np.nan
    put(stage, broken(known.frames[probe], **arrays))
    frame = shown(qtbot, name, stage)
    said = frame.view.sentence()
    assert said.mark == "error"
    assert "61" in said.text.en
    plot = frame.findChild(Canvas).plots[0]
    assert plot.hatched
    assert any("t = 61" in note.text.en for note in plot.notes)
    image = painted(frame)
    place = frame.findChild(Canvas).mapTo(frame, QPoint(0, 0))
    box = plot.rect
    band = [
        image.pixelColor(place.x() + x, place.y() + round(box.top()) + 4).name()
        for x in range(round(box.left() + 0.8 * box.width()), round(box.right()) - 2)
    ]
    assert theme.colour("hatch").name() in band, "NaN is drawn as lines"
    assert theme.colour("sheet").name() in band


@pytest.mark.parametrize("name", VIEWS)
def test_words_in_chinese_and_for_a_hall(qtbot: QtBot, stages: dict[str, Stage], name: str) -> None:
    frame = shown(qtbot, name, stages["series"])
    language.use("zh")
    theme.enlarge(1.7)
    frame.refresh()
    assert str(frame.sentence) == frame.sentence.zh
    assert frame.view.accessibleDescription() == frame.view.sentence().full.zh
    painted(frame)


def test_clicking_moves_the_shared_cursor(qtbot: QtBot, stages: dict[str, Stage]) -> None:
    stage = stages["series"]
    hidden, gates = (shown(qtbot, name, stage) for name in ("hidden-states", "gates"))
    canvas = hidden.findChild(Canvas)
    place = canvas.plots[0].to_pixels(30, 2).toPoint()
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert stage.cursor.step == 30
    assert "t = 30" in hidden.view.reading().en
    assert any(rule.at == 30 for rule in gates.findChild(Canvas).plots[0].rules)
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert stage.cursor.step == 31


def test_units_are_sorted_by_activity(qtbot: QtBot, stages: dict[str, Stage]) -> None:
    frame = shown(qtbot, "hidden-states", stages["series"])
    sort = next(action for action in frame.view.actions() if action.isCheckable())
    values = frame.view.map.values
    moved = values[:, frame.view.map.order].std(axis=0)
    assert (np.diff(moved) <= 1e-6).all()
    sort.setChecked(False)
    assert frame.view.map.order.tolist() == list(range(values.shape[1]))


def test_the_cut_is_dragged_and_tells_what_is_kept(qtbot: QtBot, stages: dict[str, Stage]) -> None:
    stage = stages["series"]
    frame = shown(qtbot, "through-time", stage, (740, 320))
    canvas = frame.findChild(Canvas)
    means = canvas.plots[1]
    y = means.rect.center().y()
    start, end = (QPointF(means.to_pixels(step, 0).x(), y).toPoint() for step in (20, 5))
    QTest.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(canvas.viewport(), end)
    QTest.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, pos=end)
    arrays = stage.frames["through-time"].arrays
    words = [note.text.en for note in canvas.plots[0].notes]
    assert words[0] == "cut after 5 steps"
    assert f"{arrays['cosine'][4]:.3f}" in words[2] or f"{arrays['cosine'][4]:.2f}" in words[2].replace("−", "-")
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.plots[0].notes[0].text.en == "cut after 6 steps"


def test_a_weight_is_typed_in_while_paused_only(qtbot: QtBot, stages: dict[str, Stage]) -> None:
    stage = stages["series"]
    stage.state = WorkerState.RUNNING
    frame = shown(qtbot, "weights", stage)
    canvas, view = frame.findChild(Canvas), frame.view
    place = canvas.plots[0].to_pixels(3, 2).toPoint()
    QTest.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)
    editor = view._editor
    assert not editor.isVisible()
    stage.state = WorkerState.PAUSED
    QTest.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert editor.isVisible()
    editor.setText("twelve")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert editor.property("bad")
    editor.setText("−1.25")
    with qtbot.waitSignal(stage.weight_set) as sent:
        QTest.keyClick(editor, Qt.Key.Key_Return)
    name, array = sent.args
    before = stage.frames["weights"].arrays[name]
    assert array.shape == before.shape
    assert array[2, 3] == -1.25
    assert np.count_nonzero(array != before) == 1
    QTest.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)
    editor.setText("1e308")
    with qtbot.waitSignal(stage.weight_set) as sent:
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert sent.args[1][2, 3] == 1e308, "whether it can be is for the network to say"
    stage.state = WorkerState.RUNNING


def test_a_longer_run_is_drawn_as_finely_as_the_one_it_is_compared_with(
    qtbot: QtBot, stages: dict[str, Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = stages["series"]
    mine = stage.curves["train.loss"]
    rest = np.arange(mine.updates[-1] + 1, 40_000)
    longer = Curve(np.append(mine.updates, rest), np.append(mine.values, np.full(len(rest), 0.5)))
    monkeypatch.setattr(stage, "overlays", [Overlay("r2", Text.plain("2 · run"), {"train.loss": longer}, 3)])
    monkeypatch.setitem(stage.about, "updates", int(mine.updates[-1]))
    plot = shown(qtbot, "loss", stage).findChild(Canvas).plots[0]
    (line,) = [item for item in plot.items if isinstance(item, Line) and item._role == "series3"]
    np.testing.assert_array_equal(line._x, mine.updates)


@pytest.mark.parametrize(
    ("validation", "training", "warned"),
    [
        (0.2 + np.abs(np.arange(60) - 20) / 40, np.geomspace(1, 0.01, 60), True),
        (0.2 + np.abs(np.arange(60) - 20) / 40, np.geomspace(0.01, 1, 60), False),
        (np.geomspace(1, 0.1, 60), np.geomspace(1, 0.01, 60), False),
        (np.r_[0.2, np.full(59, 0.3)], np.geomspace(1, 0.01, 60), False),
    ],
    ids=["overfits", "training rises too", "falls", "one lucky epoch"],
)
def test_overfitting_is_told_whatever_a_single_epoch_does(
    qtbot: QtBot,
    stages: dict[str, Stage],
    monkeypatch: pytest.MonkeyPatch,
    validation: np.ndarray,
    training: np.ndarray,
    warned: bool,
) -> None:
    stage, draw = stages["series"], np.random.default_rng(0)
    updates = np.arange(1, 61)
    noisy = validation * draw.uniform(0.95, 1.05, 60)
    noisy[-1] *= 0.9
    for name, values in (("validation.loss", noisy), ("train.loss", training)):
        monkeypatch.setitem(stage.curves, name, Curve(updates, values))
    said = shown(qtbot, "loss", stage).view.sentence().text.en
    assert ("overfitting" in said) == warned
    if warned:
        assert "since update 2" in said


def test_weights_that_a_run_came_back_to_are_marked(
    qtbot: QtBot, stages: dict[str, Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = stages["series"]
    assert stage.spec is not None
    monkeypatch.setitem(stage.curves, "validation.loss", Curve(np.arange(2, 12), np.abs(np.arange(10) - 3.0) + 1))
    stopping = stage.spec.training.model_copy(update={"early_stopping": 6})

    def notes() -> list[str]:
        return [note.text.en for note in shown(qtbot, "loss", stage).findChild(Canvas).plots[0].notes]

    monkeypatch.setattr(stage, "state", WorkerState.FINISHED)
    monkeypatch.setattr(stage, "spec", stage.spec.model_copy(update={"training": stopping}))
    assert "weights kept: update 5" in notes()
    monkeypatch.setattr(stage, "state", WorkerState.RUNNING)
    assert "weights kept: update 5" not in notes()


def test_other_runs_and_changes_are_on_the_loss(qtbot: QtBot, stages: dict[str, Stage]) -> None:
    stage = stages["series"]
    other = Curve(np.arange(1, 20), np.linspace(1.0, 0.2, 19))
    stage.overlays = [Overlay("r2", Text.plain("2 · run"), {"validation.loss": other}, 3)]
    stage.marks = [(10, {"en": "lr 0.01 → 0.003", "zh": "学习率 0.01 → 0.003"})]
    frame = shown(qtbot, "loss", stage)
    assert "2 · run" in [key.text.en for key in frame.view.legend()]
    assert any(note.text.zh == "学习率 0.01 → 0.003" for note in frame.findChild(Canvas).plots[0].notes)
    assert "2 · run validation.loss" in frame.view.table()
    stage.overlays, stage.marks = [], []


def test_six_runs_of_one_name_are_told_apart_in_picture_and_table(qtbot: QtBot, stages: dict[str, Stage]) -> None:
    stage = stages["series"]
    curves = [Curve(np.arange(1, 20), np.linspace(1.0, 0.2 + k, 19)) for k in range(6)]
    stage.overlays = [
        Overlay(f"r{k}", Text(f"{k} · Airline", f"{k} · 航空"), {"train.loss": curve}, 3 + k)
        for k, curve in enumerate(curves)
    ]
    frame = shown(qtbot, "loss", stage)
    keys = [key for key in frame.view.legend() if "Airline" in key.text.en]
    assert keys[2].text == Text("2 · Airline", "2 · 航空")
    assert {key.look for key in keys} == {"line"}
    plot = frame.findChild(Canvas).plots[0]
    lines = [item for item in plot.items if isinstance(item, Line) and len(item._x)]
    drawn = {item._role: item.dash for item in lines}
    assert [key.dash for key in keys] == [drawn[f"series{key.series}"] for key in keys]
    assert len({key.dash for key in keys} | {0, 1}) == 8, "the run itself is solid, baselines have the first dash"
    table = frame.view.table()
    for k, curve in enumerate(curves):
        np.testing.assert_array_equal(table[f"{k} · Airline train.loss"], curve.values)
    stage.overlays = []


def test_phase_portrait_of_two_units(qtbot: QtBot, stages: dict[str, Stage]) -> None:
    stage = stages["series"]
    frame = shown(qtbot, "phase-portrait", stage)
    across, up = frame.view._spins
    up.setValue(3)
    across.setValue(2)
    states = next(iter(stage.frames["hidden-states"].arrays.values()))
    np.testing.assert_allclose(frame.view.table()["paths"], states[..., [1, 2]], rtol=1e-6)
    assert frame.view.axis() == Text("Unit 3", "单元 3")


def test_a_view_that_raises_leaves_the_others(qtbot: QtBot, tmp_path: Path) -> None:
    class Bad(catalog().get("view", "loss")):  # type: ignore[misc]
        def refresh(self) -> None:
            raise ValueError("no such thing")

    stage = Stage()
    frame = ViewFrame(Bad(stage))
    qtbot.addWidget(frame)
    with qtbot.waitSignal(frame.failed) as sent:
        frame.show()
    problem = sent.args[0]
    assert "ValueError: no such thing" in problem.message
    assert problem.file == __file__
    assert "Traceback" in problem.details
    assert not frame.view.isVisible()
    frame.refresh()
    assert frame.needs == ()
    frame.save(tmp_path / "failed.png")


def test_the_example_of_the_help_works(qtbot: QtBot, stages: dict[str, Stage], tmp_path: Path) -> None:
    page = (resource_folder() / "help" / "en" / "views.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    (tmp_path / "largest.py").write_text(code, encoding="utf-8")
    found = load_catalog([tmp_path], entry_points=False, window=WINDOW)
    assert found.failures == ()
    frame = ViewFrame(found.get("view", "largest-weight")(stages["series"]))
    qtbot.addWidget(frame)
    frame.show()
    assert frame.problem is None
    assert "largest" in frame.sentence.en
    painted(frame)


def test_the_wheel_zooms_and_a_double_click_shows_all(qtbot: QtBot, stages: dict[str, Stage]) -> None:
    frame = shown(qtbot, "loss", stages["series"])
    canvas = frame.findChild(Canvas)
    plot = canvas.plots[0]
    before = plot.view()
    place = plot.rect.center()
    wheel = QWheelEvent(
        place, canvas.viewport().mapToGlobal(place), QPoint(0, 0), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas.viewport(), wheel)
    assert plot.free
    (left, right), _ = plot.view()
    assert right - left < before[0][1] - before[0][0]
    QTest.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place.toPoint())
    assert not plot.free
    assert plot.view() == before


def test_the_last_picture_has_its_own_sentence(qtbot: QtBot, stages: dict[str, Stage]) -> None:
    stage = Stage()
    stage.state = WorkerState.RUNNING
    frame = shown(qtbot, "spectrum", stage)
    assert "Waiting" in frame.sentence.en
    put(stage, stages["series"].frames["spectrum"])
    frame.refresh()
    qtbot.waitUntil(lambda: "Largest" in frame.sentence.en, timeout=2000)
