"""LaTeX: the equations of the built-in cells as the textbooks have them, and every primitive."""

import re

import pytest

from lab.model.alone import trace_alone
from lab.registry.manager import load_catalog
from lab.trace.primitives import PRIMITIVES
from lab.trace.rules.latex import LATEX, latex
from lab.trace.tracer import trace_cell
from tests.targets.cells import Fed, Gated
from tests.targets.cupy_cells import Many, Specials, Structures

LSTM = r"""
\begin{aligned}
i_{t} &= \sigma\left(U_{i} h_{t-1} + W_{i} x_{t} + b_{i}\right) \\
f_{t} &= \sigma\left(U_{f} h_{t-1} + W_{f} x_{t} + b_{f}\right) \\
o_{t} &= \sigma\left(U_{o} h_{t-1} + W_{o} x_{t} + b_{o}\right) \\
\tilde{c}_{t} &= \tanh\left(U_{c} h_{t-1} + W_{c} x_{t} + b_{c}\right) \\
c_{t} &= f_{t} \odot c_{t-1} + i_{t} \odot \tilde{c}_{t} \\
h_{t} &= o_{t} \odot \tanh\left(c_{t}\right)
\end{aligned}
"""
GRU = r"""
\begin{aligned}
z_{t} &= \sigma\left(U_{z} h_{t-1} + W_{z} x_{t} + b_{z}\right) \\
r_{t} &= \sigma\left(U_{r} h_{t-1} + W_{r} x_{t} + b_{r}\right) \\
\tilde{h}_{t} &= \tanh\left(U_{h} \left(r_{t} \odot h_{t-1}\right) + W_{h} x_{t} + b_{h}\right) \\
h_{t} &= z_{t} \odot h_{t-1} + \left(1 - z_{t}\right) \odot \tilde{h}_{t}
\end{aligned}
"""
ELMAN = r"""
\begin{aligned}
h_{t} &= \tanh\left(U h_{t-1} + W x_{t} + b\right)
\end{aligned}
"""


@pytest.mark.parametrize(("name", "formulas"), [("lstm", LSTM), ("gru", GRU), ("elman", ELMAN)])
def test_the_cells_read_as_in_the_textbooks(name: str, formulas: str) -> None:
    cell = load_catalog(entry_points=False).get("cell", name)()
    assert latex(trace_cell(cell, inputs=3, hidden=4, simplify=False)) == formulas.strip()  # type: ignore[arg-type]


def test_what_belongs_to_another_part_of_the_network_says_so() -> None:
    fed = latex(trace_alone(Fed(), inputs=3, hidden=4, simplify=False))
    assert r"Z^{\mathrm{output}}_{t} &= V^{\mathrm{output}} h_{t} + b^{\mathrm{output}}" in fed
    gated = latex(trace_alone(Gated(), inputs=3, hidden=4, simplify=False))
    assert r"\tanh\left(h_{t}^{(\ell-1)}\right)" in gated


def test_a_remainder_and_what_is_joined_once_are_written_as_they_were_meant() -> None:
    cells = load_catalog(entry_points=False)
    clockwork = latex(trace_alone(cells.get("cell", "clockwork")(), inputs=3, hidden=4, simplify=False))  # type: ignore[arg-type]
    assert r"& \text{if } t \bmod T = 0 \\" in clockwork
    grid = latex(trace_alone(cells.get("cell", "grid-lstm")(), inputs=3, hidden=4, simplify=False))  # type: ignore[arg-type]
    assert grid.count("bmatrix") == 2
    assert r"i_{d,t} &= \sigma\left(W_{i,d} H_{t} + b_{i,d}\right)" in grid
    assert r"\tilde{c}_{d,t} &= " in grid


def test_there_is_a_rule_for_every_primitive() -> None:
    assert set(LATEX) == set(PRIMITIVES)


@pytest.mark.parametrize("cell", [Many(), Structures(), Specials()], ids=lambda cell: type(cell).__name__)
def test_formulas_are_closed_and_each_symbol_is_defined_once(cell: Many) -> None:
    text = latex(trace_cell(cell, inputs=4, hidden=5, simplify=False))
    assert text.count("{") == text.count("}")
    assert len(re.findall(r"\\left(?![a-z])", text)) == len(re.findall(r"\\right(?![a-z])", text))
    assert re.findall(r"\\begin\{(\w+)\}", text).count("cases") == re.findall(r"\\end\{(\w+)\}", text).count("cases")
    symbols = re.findall(r"^(.+?) &= ", text, re.MULTILINE)
    assert len(symbols) == len(set(symbols))
    assert {f"{state}_{{t}}" for state in cell.states} <= set(symbols)
    assert not re.search(r"_\{[^{}]*\}_\{", text)  # LaTeX refuses a second subscript


def test_operators_get_the_parentheses_they_need() -> None:
    class Cell(Many):
        states = ("h",)

        def sizes(self, hidden):  # type: ignore[no-untyped-def]
            return {}

        def parameters(self, inputs, hidden):  # type: ignore[no-untyped-def]
            return {}

        def step(self, x, s):  # type: ignore[no-untyped-def]
            from lab.trace.functions import maximum, where

            h = -(s.h - (x - s.h)) * 2 + s.h**3 / (1 - x) - where(x > 0.5, x, 0.001 * maximum(x, s.h))
            return self.next(h=h)

    assert latex(trace_cell(Cell(), inputs=5, hidden=5, simplify=False)).splitlines()[1] == (
        r"h_{t} &= 2 \, \left(-\left(h_{t-1} - \left(x_{t} - h_{t-1}\right)\right)\right)"
        r" + \frac{{h_{t-1}}^{3}}{1 - x_{t}}"
        r" - \begin{cases} x_{t} & \text{if } x_{t} > 0.5 \\"
        r" 0.001 \, \max\left(x_{t}, h_{t-1}\right) & \text{otherwise} \end{cases}"
    )
