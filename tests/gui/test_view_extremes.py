"""Views of what no network should give: NaN, infinity, nothing at all, a single number; and no warning from anyone."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lab.runner.messages import WorkerState
from lab.telemetry.frames import Frame
from lab.ui.stage import Curve, Stage
from lab.ui.views.canvas import Canvas
from lab.ui.views.frame import ViewFrame
from tests.gui.frames import ADDING, SERIES, VIEWS, catalog, put, trained

Array = NDArray[np.generic]


def _some(value: float) -> Callable[[Array], Array]:
    def changed(array: Array) -> Array:
        made = array.copy()
        made.reshape(-1)[::3] = value
        return made

    return changed


def _mixed(array: Array) -> Array:
    made = array.copy()
    for place, value in enumerate((math.nan, math.inf, -math.inf)):
        made.reshape(-1)[place::5] = value
    return made


REAL: dict[str, Callable[[Array], Array]] = {
    "nan": lambda array: np.full_like(array, np.nan),
    "inf": lambda array: np.full_like(array, np.inf),
    "minus inf": lambda array: np.full_like(array, -np.inf),
    "some nan": _some(math.nan),
    "some inf": _some(math.inf),
    "mixed": _mixed,
    "huge": lambda array: np.full_like(array, 3e38),
    "huge steps": _some(-3e38),
    "tiny": lambda array: np.full_like(array, 1e-42),
    "zero": np.zeros_like,
}
SHAPES: dict[str, Callable[[Array], Array]] = {
    "empty": lambda array: array[:0],
    "none": lambda array: np.zeros((0,) * array.ndim, array.dtype),
    "one": lambda array: array[(slice(0, 1),) * array.ndim],
}


@pytest.fixture(scope="module", params=["series", "adding"])
def known(request: pytest.FixtureRequest) -> Stage:
    return trained(SERIES if request.param == "series" else ADDING, 4)


def changed(frame: Frame, change: Callable[[Array], Array], *, real: bool) -> Frame:
    arrays = {name: change(a) if a.dtype.kind == "f" or not real else a for name, a in frame.arrays.items()}
    return replace(frame, update=frame.update + 1, arrays=arrays)


def drawn(qtbot: QtBot, name: str, stage: Stage) -> ViewFrame:
    frame = ViewFrame(catalog().get("view", name)(stage))
    qtbot.addWidget(frame)
    frame.resize(560, 300)
    frame.show()
    for sample in (0, 1):
        for step in (None, 5):
            stage.cursor.look_at(step, sample)
            frame.refresh()
            frame.view.table()
            frame.view.reading()
            frame.grab()
            QApplication.processEvents()
            assert frame.problem is None, frame.problem
    for words in (frame.sentence.en, frame.sentence.zh):
        assert 0 < len(words) <= 60
        assert "nan" not in words
    return frame


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("kind", [*REAL, *SHAPES])
def test_nothing_raises_or_warns(qtbot: QtBot, known: Stage, name: str, kind: str) -> None:
    """Warnings of numpy are errors in tests."""
    change = REAL.get(kind) or SHAPES[kind]
    for before in (False, True):
        stage = Stage()
        stage.spec, stage.about, stage.state = known.spec, known.about, WorkerState.FAILED
        if before:
            put(stage, *known.frames.values())
        put(stage, *(changed(frame, change, real=kind in REAL) for frame in known.frames.values()))
        for curve, one in known.curves.items():
            updates = change(one.updates) if kind in SHAPES else one.updates
            stage.curves[curve] = Curve(updates, change(one.values.astype(np.float64)))
        drawn(qtbot, name, stage)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["hidden-states", "gates", "weights", "through-time"])
def test_a_single_value_is_hatched(qtbot: QtBot, known: Stage, name: str, value: float) -> None:
    if name not in known.frames:
        pytest.skip("this cell has no gates")
    stage = Stage()
    stage.spec, stage.about, stage.state = known.spec, known.about, WorkerState.PAUSED
    put(stage, *known.frames.values())

    def one(array: Array) -> Array:
        made = array.copy()
        places: dict[int, tuple[int | slice, ...]] = {1: (-1,), 2: (-1, 0), 3: (-1, slice(None), 0)}
        made[places[made.ndim]] = value
        return made

    put(stage, changed(known.frames[name], one, real=True))
    frame = drawn(qtbot, name, stage)
    assert any(plot.hatched for canvas in frame.findChildren(Canvas) for plot in canvas.plots)
    assert frame.view.sentence().mark == "error"
