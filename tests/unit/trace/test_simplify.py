"""Simplification changes no value and no derivative; `verify` finds graphs that are not well formed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import TraceError
from lab.trace.functions import broadcast, concat, reduce_max, reduce_sum, sigmoid, sqrt, tanh, where
from lab.trace.graph import Depends, Equation, Graph, Var, reachable
from lab.trace.printer import show
from lab.trace.rules.evaluate import evaluate
from lab.trace.rules.jvp import jvp
from lab.trace.rules.vjp import vjp
from lab.trace.verify import verify
from tests.targets.cells import TEST_CELLS
from tests.targets.random_cells import RandomCell
from tests.targets.support import Case, numbers, traced_cell

CASE = Case(batch=4, hidden=6)


def values_and_slopes(cell: Any, *, simplify: bool) -> dict[str, Any]:
    """Next states, watched values, cotangents of all leaves and a tangent, for one step of some samples."""
    traced = traced_cell(cell, CASE, simplify=simplify)
    verify([*traced.next.values(), *traced.watch.values()], "the trace")
    graph = traced.graph
    drawn = numbers(traced, CASE)
    arrays = {leaf: drawn.parameters[name] for name, leaf in traced.parameters.items()}
    arrays |= {leaf: drawn.inputs[name][1] for name, leaf in traced.inputs.items()}
    arrays |= {leaf: drawn.first[name] for name, leaf in traced.states.items()}
    generator = np.random.default_rng(2)
    roots = {f"next {name}": value for name, value in traced.next.items()}
    roots |= {f"watched {name}": value for name, value in traced.watch.items()}
    seeds: dict[Var, Var] = {}
    for name, value in traced.next.items():
        seed = graph.leaf("cotangent", name, value.shape)
        arrays[seed] = generator.normal(size=(CASE.batch, *value.shape))
        seeds[value] = seeds[value] + seed if value in seeds else seed
    found = vjp(seeds)
    leaves = {**traced.parameters, **traced.inputs, **traced.states}
    directions = {}
    for name, leaf in leaves.items():
        directions[leaf] = graph.leaf("tangent", name, leaf.shape)
        arrays[directions[leaf]] = generator.normal(size=(CASE.batch, *leaf.shape))
    roots |= {
        f"moved {name}": move for name, move in zip(traced.next, jvp(traced.next.values(), directions), strict=True)
    }
    slopes = {f"slope {name}": found[leaf] for name, leaf in leaves.items() if leaf in found}
    verify([*roots.values(), *slopes.values()], "differentiation")
    known = evaluate([*roots.values(), *slopes.values()], arrays, np.dtype(np.float64))
    result = {name: np.broadcast_to(known[value], (CASE.batch, *value.shape)) for name, value in roots.items()}
    for name, leaf in leaves.items():
        value = found.get(leaf)
        # Simplification may find that a cotangent is zero, and leave it out.
        array = 0.0 if value is None else known[value]
        result[f"slope {name}"] = np.broadcast_to(array, (CASE.batch, *leaf.shape))
    return result


def assert_alike(cell: Any) -> None:
    """Sums may be taken in another order, a few dozen roundings of numbers of the size of the largest."""
    written, simplified = values_and_slopes(cell, simplify=False), values_and_slopes(cell, simplify=True)
    assert written.keys() == simplified.keys()
    for name, wanted in written.items():
        kind = [np.abs(one).max() for key, one in written.items() if key.split()[0] == name.split()[0]]
        np.testing.assert_allclose(simplified[name], wanted, rtol=0, atol=1e-13 * max(1.0, *kind), err_msg=name)


@given(st.lists(st.integers(0, 2**16), min_size=3, max_size=40))
def test_random_equations_keep_their_values_and_derivatives(choices: list[int]) -> None:
    assert_alike(RandomCell(choices))


@pytest.mark.parametrize("name", sorted(TEST_CELLS))
def test_cells_keep_their_values_and_derivatives(name: str) -> None:
    assert_alike(TEST_CELLS[name]())


def leaves(graph: Graph) -> tuple[Var, Var, Var]:
    """Two vectors of the sample and one of the parameters."""
    return graph.leaf("input", "x", (4,)), graph.leaf("state", "h", (4,)), graph.leaf("parameter", "b", (4,))


def simplest(write: Any) -> str:
    """What an expression of x, h and b becomes."""
    graph = Graph()
    x, h, b = leaves(graph)
    return show({"y": write(graph, x, h, b)})


@pytest.mark.parametrize(
    ("write", "wanted"),
    [
        (lambda g, x, h, b: x + 0, "y = x"),
        (lambda g, x, h, b: 0 + x - 0, "y = x"),
        (lambda g, x, h, b: 1 * x * 1.0 / 1, "y = x"),
        (lambda g, x, h, b: -(-1 * x), "y = x"),
        (lambda g, x, h, b: x[0:4], "y = x"),
        (lambda g, x, h, b: concat(x[0:1], x[1:3], x[3:4]), "y = x"),
        (lambda g, x, h, b: x[1:4][1:3], "%1 (2) = slice[2, 4] x\ny = %1"),
        (lambda g, x, h, b: where(g.lift(1.0), x, h), "y = x"),
        (lambda g, x, h, b: where(g.lift(0.0), x, h), "y = h"),
        (lambda g, x, h, b: where(x, h, h), "y = h"),
        (lambda g, x, h, b: concat(x, h)[0:4], "y = x"),
        (lambda g, x, h, b: concat(x, h)[4:8], "y = h"),
        (lambda g, x, h, b: 2 * g.lift(3.0) + 1, "y = 7"),
        (lambda g, x, h, b: reduce_sum(broadcast(g.lift(0.5), (4,))), "y = 2"),
        (lambda g, x, h, b: concat(x[0:2], h)[0:2], "%1 (2) = slice[0, 2] x\ny = %1"),
    ],
)
def test_what_becomes_simpler(write: Any, wanted: str) -> None:
    def plain(text: str) -> str:
        lines = [line.split("#")[0].rstrip() for line in text.splitlines()]
        count: dict[str, str] = {}
        for word in " ".join(lines).split():
            if word.startswith("%"):
                count.setdefault(word, f"%{len(count) + 1}")
        return "\n".join(" ".join(count.get(word, word) for word in line.split()) for line in lines)

    assert plain(simplest(write)) == wanted


def test_sums_are_flat_and_in_one_order() -> None:
    graph = Graph()
    x, h, b = leaves(graph)
    assert (x + h) + b is b + (h + x)
    assert len(((x + h) + b).inputs) == 3


def test_literals_of_other_sign_are_told_apart() -> None:
    graph = Graph()
    assert graph.literal(0.0) is not graph.literal(-0.0)
    assert graph.literal(float("nan")) is graph.literal(float("nan"))


def test_nothing_is_rewritten_where_it_is_off() -> None:
    graph = Graph(simplify=False)
    x, _, _ = leaves(graph)
    assert (x + 0).primitive == "add"
    opposite = -x
    assert (-opposite).primitive == "neg"
    assert x + 0 is x + 0


@pytest.mark.parametrize("simplify", [False, True])
def test_special_numbers_are_not_simplified_away(simplify: bool) -> None:
    graph = Graph(simplify=simplify)
    x, h, _ = leaves(graph)
    roots = {"difference": x - x, "quotient": x / x, "larger": reduce_max(x) - x, "chosen": where(h > 0, x, x * 0.5)}
    given = {x: np.array([[np.nan, np.inf, 1.0, 2.0]]), h: np.ones((1, 4))}
    with np.errstate(invalid="ignore"):
        found = evaluate(roots.values(), given, np.dtype(np.float64))
    assert np.isnan(found[roots["difference"]][0]).tolist() == [True, True, False, False]
    assert np.isnan(found[roots["quotient"]][0]).tolist() == [True, True, False, False]
    assert np.isnan(found[roots["larger"]]).all()
    assert np.isnan(found[roots["chosen"]][0, 0])


def broken(change: str) -> Sequence[Var]:
    """A graph that is not well formed, and the roots that reach what is wrong."""
    graph = Graph(simplify=False)
    x, h, _ = leaves(graph)
    other, _, _ = leaves(Graph())
    total = x + h
    made = {
        "another graph": lambda: graph.make("add", (total, other), (), (4,)),
        "place of 2": lambda: graph.make("sub", (x, h, x), (), (4,)),
        "place of 1": lambda: graph.make("tanh", (), (), (4,)),
        "shape": lambda: graph.make("tanh", (x,), (), (5,)),
        "do not fit": lambda: graph.make("mul", (x, graph.leaf("input", "z", (3,))), (), (4,)),
        "out of range": lambda: graph.make("slice", (x,), (2, 9), (7,)),
        "comes later": lambda: Var(graph, 0, Equation("neg", (total,), (), None), (4,), "real", total.depends),
        "unknown primitive": lambda: Var(graph, 99, Equation("tan", (x,), (), None), (4,), "real", x.depends),
        "dependence": lambda: Var(graph, 99, Equation("neg", (x,), (), None), (4,), "real", Depends.NOTHING),
    }
    return [made[change]()]


@pytest.mark.parametrize(
    "change",
    [
        "another graph", "place of 2", "place of 1", "shape", "do not fit", "out of range", "comes later",
        "unknown primitive", "dependence",
    ],
)  # fmt: skip
def test_verify_finds_a_broken_graph_and_names_the_pass(change: str) -> None:
    with pytest.raises(TraceError, match=f"after my pass: .*{change}"):
        verify(broken(change), "my pass")


def test_verify_passes_what_is_well_formed() -> None:
    graph = Graph()
    x, h, b = leaves(graph)
    roots = [tanh(x + b) * sigmoid(h), reduce_sum(sqrt(x * x + 1)), graph.lift(3.0), x]
    verify(roots, "nothing")
    verify([], "nothing")
    assert [value.number for value in reachable(roots)] == sorted(value.number for value in reachable(roots))
