"""The cell panel: diagrams and equations come out of the trace, for any cell there is."""

from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from lab.model.alone import trace_alone
from lab.trace.rules.latex import latex
from lab.ui.panels.cell import CellPanel
from lab.ui.panels.diagram import DiagramView
from lab.ui.panels.equations import EquationsView
from lab.ui.panels.formula import Script, equations, parse
from lab.ui.panels.structure import MOST_NODES, structure
from lab.ui.words import language
from tests.targets.cells import all_cells


def traced(name: str) -> Any:
    return trace_alone(all_cells()[name](), inputs=3, hidden=8, simplify=False)


def test_an_lstm_has_its_gates_on_the_rail_of_the_memory(qtbot: QtBot) -> None:
    found = structure(traced("lstm-tanh"))
    boxes = {node.label: node.series for node in found.nodes.values() if node.kind == "box"}
    assert boxes == {"i": 1, "f": 2, "o": 3, r"\tilde{c}": 4}
    assert sorted(node.label for node in found.nodes.values() if node.kind == "circle") == ["+", "×", "×", "×"]
    view = DiagramView()
    qtbot.addWidget(view)
    view.resize(276, 178)
    view.show_traced(traced("lstm-tanh"))
    drawing = view.drawing()
    assert drawing is not None
    rail = min(part.y for part in drawing.parts if part.kind == "circle")
    assert [part.label for part in drawing.parts if part.kind == "circle" and part.y == rail] == ["×", "+"]
    gates = sorted((part.x, part.label) for part in drawing.parts if part.kind == "box")
    assert [label for _, label in gates] == ["f", "i", r"\tilde{c}", "o"]
    assert all(b - a >= 30 for (a, _), (b, _) in pairwise(gates))


def test_a_gate_that_sees_the_new_memory_is_drawn_behind_it() -> None:
    found = structure(traced("peephole-lstm-new"))
    reads = {node.label: node.operands for node in found.nodes.values() if node.kind == "box"}
    assert found.next["c"] in reads["o"]
    assert found.states["c"] not in reads["o"]
    assert found.states["c"] in reads["i"]


def test_gates_are_known_by_what_they_do_where_they_have_no_name() -> None:
    boxes = [node.series for node in structure(traced("projected")).nodes.values() if node.label == r"\sigma"]
    assert sorted(boxes) == [1, 2, 3]


@pytest.mark.parametrize("name", all_cells())
def test_every_cell_is_drawn_and_written(name: str, qtbot: QtBot) -> None:
    trace = traced(name)
    found = structure(trace)
    assert set(found.next) == set(trace.next) or name == "forgetful"
    assert 0 < found.count("box", "circle", "function") <= max(MOST_NODES, len(found.nodes))
    diagram, formulas = DiagramView(), EquationsView()
    for view in (diagram, formulas):
        qtbot.addWidget(view)
        view.resize(276, 300)
        view.show_traced(trace)
        assert not view.grab().isNull()
    drawing = diagram.drawing()
    assert drawing is not None
    for part in drawing.parts:
        assert 0 <= part.x <= drawing.width
        assert 0 <= part.y <= drawing.height
    assert formulas.lines_within(276)


def test_formulas_are_read_as_they_were_written() -> None:
    for name in all_cells():
        block = latex(traced(name))
        read = equations(block)
        assert len(read) == block.count(" &= ")
        assert "\\" not in "".join(_texts(one.right) for one in read)
    script = parse(r"\tilde{c}_{t}").parts[0]
    assert isinstance(script, Script)
    assert script.source == r"\tilde{c}_{t}"


def test_an_equation_is_copied_as_latex(qtbot: QtBot) -> None:
    view = EquationsView()
    qtbot.addWidget(view)
    view.resize(276, 200)
    view.show_traced(traced("gru-before"))
    view.show()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    view.copy_action.trigger()
    assert QGuiApplication.clipboard().text().startswith(r"z_{t} = \sigma\left(U_{z}")
    view.choose(None)
    view.copy()
    assert QGuiApplication.clipboard().text() == latex(traced("gru-before"))


def test_the_panel_tells_size_and_file_in_both_languages(qtbot: QtBot) -> None:
    panel = CellPanel()
    qtbot.addWidget(panel)
    panel.show_cell(all_cells()["lstm-tanh"](), 32, 13)
    panel.show()
    assert panel.about.text() == "5,888 parameters · file plugins/cells/lstm.py"
    language.use("zh")
    assert panel.about.text() == "5,888 个参数 · 一个文件：plugins/cells/lstm.py"
    panel.show_cell(all_cells()["lstm-tanh"](), 32)
    assert panel.about.text() == "一个文件：plugins/cells/lstm.py"
    panel.show_none()
    assert panel.message.text() == "没有选择单元。"


def _texts(node: Any) -> str:
    if hasattr(node, "text"):
        return str(node.text)
    fields = [getattr(node, name) for name in node.__slots__ if name != "source"]
    parts = [item for field in fields for item in (field if isinstance(field, tuple) else (field,))]
    flat = [item for part in parts for item in (part if isinstance(part, tuple) else (part,))]
    return "".join(item if isinstance(item, str) else _texts(item) for item in flat if item is not None)
