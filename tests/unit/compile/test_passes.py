"""Passes: stacked gates become few wide equations, the values stay, and the graph is checked after each."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lab.compile.passes as passes
from lab.api import Cell, glorot, orthogonal, tanh
from lab.compile.passes import merge_matmuls, optimise, widen_gates
from lab.errors import TraceError
from lab.trace.graph import Graph, Var, reachable
from lab.trace.rules.evaluate import evaluate
from lab.trace.tracer import Traced
from tests.targets.cells import all_cells, built_in
from tests.targets.random_cells import RandomCell
from tests.targets.support import Case, numbers, traced_cell

CASE = Case(inputs=3, hidden=6)
M, D = CASE.inputs, CASE.hidden


def optimised(name: str) -> Traced:
    """A cell after all passes."""
    return optimise(traced_cell(all_cells()[name](), CASE, simplify=True))


def found(traced: Traced, primitive: str) -> list[tuple[int, ...]]:
    """The shapes of the equations of one primitive that the next states need."""
    return sorted(value.shape for value in reachable(traced.next.values()) if value.primitive == primitive)


@pytest.mark.parametrize("name", ["lstm-tanh", "peephole-lstm-new"])
def test_products_and_gates_of_an_lstm_are_stacked(name: str) -> None:
    traced = traced_cell(all_cells()[name](), CASE, simplify=True)
    assert found(traced, "matmul") == [(D,)] * 8
    assert found(traced, "sigmoid") == [(D,)] * 3
    better = optimise(traced)
    assert found(better, "matmul") == [(4 * D,)] * 2
    # The output gate of the peephole LSTM sees the new memory: it cannot be joined with the other two.
    assert found(better, "sigmoid") == ([(3 * D,)] if name == "lstm-tanh" else [(D,)] * 3)
    assert found(better, "tanh") == [(D,)] * 2


def test_products_and_gates_of_a_gru_are_stacked() -> None:
    before, after = optimised("gru-before"), optimised("gru-after")
    # Reset before U: U_h acts on r ⊙ h, the other two on h.
    assert found(before, "matmul") == [(D,), (2 * D,), (3 * D,)]
    assert found(after, "matmul") == [(3 * D,), (3 * D,)]
    assert found(before, "sigmoid") == found(after, "sigmoid") == [(2 * D,)]


def test_weights_of_the_same_operand_are_stacked_by_activation() -> None:
    """Gates that end in the same function lie side by side, whatever the order they were written in."""
    traced = optimised("lstm-tanh")
    stacks = {v.inputs[0] for v in reachable(traced.next.values()) if v.primitive == "matmul"}
    names = sorted(tuple(member.origin.name for member in stack.inputs) for stack in stacks)  # type: ignore[union-attr]
    assert names == [("U_i", "U_f", "U_o", "U_c"), ("W_i", "W_f", "W_o", "W_c")]


class Watching(Cell):
    """An Elman cell with a reading of its state that nothing but a view asks for."""

    name = "watching"
    states = ("h",)

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "V": glorot(hidden, hidden)}

    def step(self, p, x, s):
        return self.next(h=tanh(p.U @ s.h + p.W @ x), watch={"read": tanh(p.V @ s.h)})


def test_a_product_that_only_a_view_needs_stays_by_itself() -> None:
    """What no next state needs is computed on demand after the scan: it must not widen a product in it."""
    traced = optimise(traced_cell(Watching(), CASE, simplify=True))
    assert found(traced, "matmul") == [(D,)] * 2
    assert found(traced, "tanh") == [(D,)]


def equations(traced: Traced) -> Counter[str]:
    """How often each primitive is used."""
    return Counter(value.primitive for value in reachable([*traced.next.values(), *traced.watch.values()]))


@pytest.mark.parametrize("name", sorted(all_cells()))
@pytest.mark.parametrize("one_pass", [merge_matmuls, widen_gates], ids=["merge", "widen"])
def test_a_pass_adds_no_products_or_functions(name: str, one_pass: Callable[[Traced], Traced]) -> None:
    before = traced_cell(all_cells()[name](), CASE, simplify=True)
    counted, after = equations(before), equations(one_pass(before))
    for primitive in ("matmul", "tanh", "sigmoid", "exp", "div", "sqrt"):
        assert after[primitive] <= counted[primitive]


def test_passes_do_nothing_the_second_time() -> None:
    for name in built_in():
        once = optimised(name)
        twice = optimise(once)
        assert {n: v.number for n, v in once.next.items()} == {n: v.number for n, v in twice.next.items()}


def assert_same_values(cell: Any) -> None:
    traced = traced_cell(cell, CASE, simplify=True)
    drawn = numbers(traced, CASE)
    given_arrays = {leaf: drawn.parameters[name] for name, leaf in traced.parameters.items()}
    given_arrays |= {leaf: drawn.inputs[name][1] for name, leaf in traced.inputs.items()}
    given_arrays |= {leaf: drawn.first[name] for name, leaf in traced.states.items()}

    def values(one: Traced) -> dict[str, Any]:
        roots = {**one.next, **{f"watched {name}": value for name, value in one.watch.items()}}
        known = evaluate(roots.values(), given_arrays, np.dtype(np.float64))
        return {name: known[value] for name, value in roots.items()}

    better = optimise(traced)
    assert better.watch.keys() == traced.watch.keys()
    wanted = values(traced)
    for name, array in values(better).items():
        # BLAS may sum a wider product in another order.
        np.testing.assert_allclose(array, wanted[name], rtol=0, atol=1e-13 * np.abs(wanted[name]).max(initial=1))


@pytest.mark.parametrize("name", sorted(all_cells()))
def test_values_stay(name: str) -> None:
    assert_same_values(all_cells()[name]())


@given(st.lists(st.integers(0, 2**16), min_size=3, max_size=40))
def test_values_of_random_equations_stay(choices: list[int]) -> None:
    assert_same_values(RandomCell(choices))


@pytest.mark.parametrize("name", ["merge_matmuls", "widen_gates"])
def test_a_pass_that_breaks_the_graph_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(traced: Traced) -> Traced:
        graph: Graph = traced.graph
        worse: Var = graph.make("tanh", (next(iter(traced.next.values())),), (), (3,))
        return type(traced)(**{**{f: getattr(traced, f) for f in traced.__slots__}, "next": {"h": worse}})

    monkeypatch.setattr(passes, name, breaking)
    with pytest.raises(TraceError, match=f"after {'merging' if name == 'merge_matmuls' else 'widening'}.*shape"):
        optimise(traced_cell(all_cells()["peephole-lstm-new"](), CASE, simplify=True))
