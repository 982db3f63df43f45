"""Forecasts: going on step by step is the same as running the whole sequence at once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.compile.targets.numpy import NumpyTarget
from lab.components.dataset import Continuation
from lab.errors import ExperimentError
from lab.experiment.file import read_text
from lab.model.network import Network
from lab.registry.manager import load_catalog
from lab.resources import plugin_folder
from lab.training.forecast import continued_series, continued_text
from lab.training.memory import check_room, free_memory
from lab.training.setup import Setup, set_up

TIMED = """
from lab.api import Cell, glorot, hookimpl, tanh, where, zeros

class Timed(Cell):
    name = "timed"
    states = ("h",)
    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": glorot(hidden, hidden), "b": zeros(hidden)}
    def step(self, p, x, s, t):
        return self.next(h=where(t % 3 < 1, tanh(p.U @ s.h + p.W @ x + p.b), s.h))

@hookimpl
def lab_register_cells():
    return [Timed]
"""
SUNSPOTS = """
[dataset]
plugin = "sunspots"
[[layers]]
cell = "{cell}"
hidden = 5
[[layers]]
cell = "gru"
hidden = 4
bidirectional = {both}
"""


def made(text: str, folder: Path | None = None) -> Setup:
    folders = [plugin_folder(), *([folder] if folder else [])]
    catalog = load_catalog(folders, entry_points=False)
    return set_up(read_text(text, catalog).spec, catalog)


def parameters(setup: Setup, seed: int = 4) -> Any:
    flat = np.zeros(setup.plan.size, setup.spec.dtype)
    setup.plan.draw(seed, flat)
    return flat


def outputs(setup: Setup, flat: Any, inputs: Any, targets: Any) -> Any:
    """What the head says at every step of one sequence, run at once."""
    network = Network(setup.plan, steps=len(inputs), batch=1, dtype=setup.spec.dtype, target=NumpyTarget())
    network.parameters[:] = flat
    network.begin(inputs[:, None], targets)
    network.forward(0, len(inputs))
    network.judge(0, len(inputs))
    return network.predictions().outputs


@pytest.mark.parametrize("cell", ["lstm", "timed"])
def test_fed_with_the_truth_it_predicts_what_it_predicts_of_the_whole(cell: str, tmp_path: Path) -> None:
    (tmp_path / "timed.py").write_text(TIMED)
    setup = made(SUNSPOTS.format(cell=cell, both="false"), tmp_path)
    flat = parameters(setup)
    inputs = setup.data.train.inputs[:60, 0]
    known, seen = 50, []

    def follow(prediction: Any) -> tuple[str, Any, Any]:
        seen.append(prediction)
        return str(len(seen)), prediction, inputs[min(known + len(seen) - 1, 59)]

    found = continued_series(setup, flat, 11, Continuation(inputs=inputs[:known], follow=follow))
    whole = outputs(setup, flat, inputs, np.zeros((60, 1, 1)))
    assert [label for label, _ in found] == [str(number + 1) for number in range(11)]
    assert np.allclose(np.array(seen), whole[known - 1 :], atol=1e-6)


@pytest.mark.parametrize("encoding", ["one-hot", "embedding"])
def test_a_text_is_the_one_it_would_have_written_from_the_whole(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("the cat sat on the mat. " * 20)
    setup = made(
        f'[dataset]\nplugin = "characters"\nfile = "{file}"\nwindow = 20\n'
        f'[input]\nencoding = "{encoding}"\n[[layers]]\ncell = "gru"\nhidden = 12\n'
    )
    flat = 3 * parameters(setup)
    before, written = continued_text(setup, flat, 15, 0)
    assert len(before) == 21
    codes = np.array([setup.data.symbols.index(letter) for letter in before + written[:-1]])
    best = outputs(setup, flat, codes, np.zeros((len(codes), 1), np.int64)).argmax(axis=1)
    assert "".join(setup.data.symbols[code] for code in best[20:]) == written
    drawn = continued_text(setup, flat, 200, 1.0)[1]
    assert drawn == continued_text(setup, flat, 200, 1.0)[1]
    assert drawn != continued_text(setup, flat, 200, 0.5)[1]


def test_what_needs_the_whole_sequence_cannot_go_on() -> None:
    setup = made(SUNSPOTS.format(cell="lstm", both="true"))
    source = setup.dataset.continuation(0)
    with pytest.raises(ExperimentError, match="two directions"):
        continued_series(setup, parameters(setup), 3, source)


def test_more_steps_than_fit_into_memory_are_refused() -> None:
    setup = made(SUNSPOTS.format(cell="lstm", both="false"))
    with pytest.raises(ExperimentError, match="GiB"):
        continued_series(setup, parameters(setup), 10**12, setup.dataset.continuation(0))


def test_room_is_what_the_machine_has_free() -> None:
    free = free_memory()
    assert free is not None
    assert 2**20 < free < 2**46
    check_room(free // 2, "this", "Take less")
    with pytest.raises(ExperimentError, match=r"this would take .* GiB are free") as caught:
        check_room(free, "this", "Take less")
    assert caught.value.remedy == "Take less"
    check_room(90, "this", "Take less", free=100)
    with pytest.raises(ExperimentError):
        check_room(91, "this", "Take less", free=100)
