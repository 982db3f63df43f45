"""What the predictions say: in the dataset's own measure, for each of several outputs, and for sets of symbols."""

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from lab.ui.stage import Stage
from lab.ui.views.choice import Choice
from lab.ui.views.frame import ViewFrame
from lab.ui.views.reached import reached
from tests.gui.frames import catalog, put, trained

EXPERIMENT = """
version = 1
seed = 7
[dataset]
plugin = "{dataset}"
{settings}
[[layers]]
cell = "{cell}"
hidden = 4
[training]
learning_rate = 0.01
batch_size = 4
updates = 3
"""


def opened(qtbot: QtBot, stage: Stage) -> ViewFrame:
    frame = ViewFrame(catalog().get("view", "predictions")(stage))
    qtbot.addWidget(frame)
    frame.resize(560, 300)
    frame.show()
    frame.refresh()
    assert frame.problem is None, frame.problem
    return frame


def test_each_of_several_outputs_can_be_seen(qtbot: QtBot) -> None:
    settings = "train_length = 200\nwindow = 20\nwarm_up = 10\nhorizon = 20\ntest_size = 2"
    stage = trained(EXPERIMENT.format(dataset="lorenz", settings=settings, cell="gru"))
    frame = opened(qtbot, stage)
    chooser = frame.view.chooser()
    assert isinstance(chooser, Choice)
    assert [name.en for name in chooser.names] == ["x", "y", "z"]
    outputs = stage.frames["predictions"].arrays["outputs"]
    for place in range(3):
        chooser.chosen.emit(place)
        assert np.array_equal(frame.view.table()["forecast"], outputs[: len(frame.view.table()["forecast"]), 0, place])
    assert "Off by" not in frame.sentence.en, "the time for which it stays right is no error"
    assert "valid time" in frame.sentence.en.casefold()
    assert "有效时间" in frame.sentence.zh
    unnamed = replace(stage.frames["predictions"], notes={**stage.frames["predictions"].notes, "output_names": []})
    put(stage, unnamed)
    frame.refresh()
    assert [name.zh for name in chooser.names] == ["输出 1", "输出 2", "输出 3"]


def test_a_set_of_symbols_is_a_map_with_a_dot_on_each(qtbot: QtBot) -> None:
    settings = 'test_until = 6\ntrain_size = 20\n[input]\nencoding = "one-hot"'
    stage = trained(EXPERIMENT.format(dataset="counting", settings=settings, cell="lstm"))
    targets = np.array(stage.frames["predictions"].arrays["targets"])
    wrong = targets.copy()
    wrong[1, 0] = 1 - wrong[1, 0]
    right = replace(stage.frames["predictions"], arrays={"probabilities": targets, "targets": targets})
    stage.cursor.look_at(sample=0)
    frame = opened(qtbot, stage)
    put(stage, right)
    frame.refresh()
    assert frame.view.sentence().text.en.startswith("Right at 3 of 3 steps here"), "S, a and b of the shortest string"
    put(stage, replace(right, arrays={"probabilities": wrong, "targets": targets}))
    frame.refresh()
    assert frame.view.sentence().text.en.startswith("Right at 2 of 3 steps here")
    assert "sequences before a mistake" in frame.view.sentence().text.en


@pytest.mark.parametrize(
    ("metric", "better", "error", "mark", "words"),
    [
        ("rmse", "lower", 20.0, "good", "Off by 20 sunspots on the test part; last value: 21."),
        ("rmse", "lower", 22.0, "", "Off by 22 sunspots on the test part; last value: 21."),
        ("accuracy", "higher", 0.5, "", "On the test part, accuracy: 0.5; mean: 40."),
        ("accuracy", "higher", 41.0, "good", "On the test part, accuracy: 41; mean: 40."),
        ("nrmse", "lower", 20.0, "good", "On the test part, NRMSE: 20; last value: 21."),
        ("sequences-before-error", "higher", 3.0, "", "On the test part, sequences before a mistake: 3; mean: 40."),
    ],
)
def test_better_is_what_the_measure_says(metric: str, better: str, error: float, mark: str, words: str) -> None:
    about = {"better": better, "baselines": {"naive": 21.0, "mean": 40.0}}
    notes = {"metric": metric, "unit": "sunspots", "error": error}
    sentence = reached(notes, about)
    assert sentence is not None
    assert (sentence.text.en, sentence.mark) == (words, mark)
    assert reached({**notes, "error": None}, about) is None
    alone = reached(notes, {})
    assert alone is not None
    assert "{" not in alone.text.en + alone.text.zh
