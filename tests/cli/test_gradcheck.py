"""`gradcheck` and `source`: what is checked, what is found, and what is printed of a cell."""

import re
from pathlib import Path

import pytest

from lab.gradients.check import MARGIN, TOLERANCES, check_cell
from lab.gradients.kinks import distance_to_kinks
from lab.registry.manager import load_catalog
from lab.trace.tracer import trace_cell
from tests.cli.support import Lab

CELL = """
from lab.api import Cell, glorot, hookimpl, relu, stop_gradient, tanh


class Wrong(Cell):
    name = "wrong"
    states = ("h",)

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": glorot(hidden, hidden)}

    def step(self, p, x, s):
        return self.next(h=tanh(p.W @ x + p.U @ stop_gradient(s.h)))


class Kinked(Cell):
    name = "kinked"
    states = ("h",)

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": glorot(hidden, hidden)}

    def step(self, p, x, s):
        return self.next(h=abs(p.W @ x) + relu(p.U @ s.h))


@hookimpl
def lab_register_cells():
    return [Wrong, Kinked]
"""


@pytest.fixture
def cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "cells.py").write_text(CELL, encoding="utf-8")
    monkeypatch.setenv("LAB_PLUGIN_PATH", str(folder))
    return folder


def test_a_built_in_cell_passes_with_each_choice(lab: Lab) -> None:
    done = lab("gradcheck", "gru")
    assert done.code == 0
    assert "All 2 passed" in done.out
    assert 'reset = "after"' in done.out
    errors = [float(number) for number in re.findall(r"\d\.\de[-+]\d\d", done.out.partition("Largest")[0])]
    assert len(errors) == 2 * 4 + 2
    assert max(errors) < 1e-5


def test_a_gradient_that_is_not_the_slope_fails(lab: Lab, cells: Path) -> None:
    done = lab("gradcheck", "wrong")
    assert done.code == 1
    assert "FAILED: differences" in done.out
    assert "stop gradients" in done.out
    assert "1 of 1 failed" in done.out


def test_kinks_are_kept_away_from(lab: Lab, cells: Path) -> None:
    assert lab("gradcheck", "kinked").code == 0
    from lab.gradients import check

    cell = load_catalog(entry_points=False).get("cell", "kinked")()
    traced = trace_cell(cell, inputs=check.INPUTS, hidden=check.HIDDEN, simplify=False)  # type: ignore[arg-type]
    drawn = check._drawn(traced)
    lengths = check.np.array(check.LENGTHS)
    distance = distance_to_kinks(traced, drawn.parameters, drawn.inputs, drawn.states, lengths)
    assert MARGIN < distance < 1
    # On a kink the distance is nothing.
    drawn.inputs["x"][0] = 0
    assert distance_to_kinks(traced, drawn.parameters, drawn.inputs, drawn.states, lengths) == 0


def test_each_comparison_has_a_tolerance_and_finds_what_is_above_it() -> None:
    cell = load_catalog(entry_points=False).get("cell", "elman")()
    found = check_cell(cell, single=True)  # type: ignore[arg-type]
    assert found.failed == []
    assert found.parameters == 4 * (3 + 4 + 1)
    assert {name.rpartition(" ")[2] for name in found.errors} == set(TOLERANCES)
    for name in found.errors:
        wrong = type(found)(parameters=1, errors=found.errors | {name: 2 * TOLERANCES[name.rpartition(" ")[2]]})
        assert wrong.failed == [name]
        assert type(found)(parameters=1, errors={name: float("nan")}).failed == [name]


@pytest.mark.slow
def test_every_cell_there_is_passes(lab: Lab) -> None:
    done = lab("gradcheck", "--all")
    assert done.code == 0
    assert "FAILED" not in done.out


@pytest.mark.parametrize(
    ("target", "piece"),
    [
        ("numpy", "np.matmul"),
        ("numba", "@njit"),
        ("cupy", "__global__"),
        ("latex", r"z_{t} &= \sigma\left(U_{z} h_{t-1} + W_{z} x_{t} + b_{z}\right)"),
    ],
)
def test_the_source_of_a_cell(lab: Lab, target: str, piece: str) -> None:
    done = lab("source", "gru", "--target", target)
    assert done.code == 0
    assert piece in done.out
    if target != "latex":
        assert "z = sigmoid(p.U_z @ s.h + p.W_z @ x + p.b_z)" in done.out
    other = lab("source", "gru", "--target", target, "--set", "reset=after")
    assert other.code == 0
    assert other.out != done.out
