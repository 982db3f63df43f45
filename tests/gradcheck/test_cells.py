"""Every cell: gradients of its equations as written against central differences, its tangent against its adjoint."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.compile.reference import Reference
from lab.trace.graph import Var
from lab.trace.rules.evaluate import evaluate
from lab.trace.rules.jvp import jvp
from lab.trace.rules.vjp import vjp
from lab.trace.tracer import Traced
from tests.targets.cells import all_cells
from tests.targets.support import Case, Numbers, numbers, traced_cell

Array = NDArray[Any]
CASE = Case(steps=4, batch=2, inputs=3, hidden=5, lengths=(4, 2))
ENTRIES = 10
"""Entries of each array that are moved; they are drawn at random, so that none is always left out."""


@pytest.fixture(params=sorted(all_cells()), name="make")
def one_cell(request: pytest.FixtureRequest) -> Callable[[], Any]:
    """Every cell in turn."""
    return all_cells()[request.param]


def loss_of(traced: Traced, given: Numbers) -> float:
    """L = Σ ⟨∂L/∂h_t, h_t⟩ over the outputs."""
    states, _ = Reference(traced, given.parameters).forward(given.inputs, given.first, CASE.length)
    return float(sum((states[name][1:] * seed).sum() for name, seed in given.seeds.items()))


def moved(array: Array, generator: np.random.Generator) -> Iterator[tuple[tuple[int, ...], float]]:
    """Some entries of an array, each with its step; the caller moves them."""
    for flat in generator.permutation(array.size)[:ENTRIES]:
        index = np.unravel_index(flat, array.shape)
        yield tuple(int(one) for one in index), 6e-6 * max(1.0, abs(float(array[index])))


def central_differences(traced: Traced, given: Numbers, array: Array) -> tuple[list[tuple[int, ...]], list[float]]:
    """∂L/∂ of some entries of one of the given arrays."""
    places, slopes = [], []
    for index, step in moved(array, np.random.default_rng(1)):
        here = array[index]
        array[index] = here + step
        above = loss_of(traced, given)
        array[index] = here - step
        below = loss_of(traced, given)
        array[index] = here
        places.append(index)
        slopes.append((above - below) / (2 * step))
    return places, slopes


def test_gradients_are_those_of_central_differences(make: Callable[[], Any]) -> None:
    traced = traced_cell(make(), CASE, simplify=False)
    given = numbers(traced, CASE)
    runner = Reference(traced, given.parameters)
    states, _ = runner.forward(given.inputs, given.first, CASE.length)
    found = runner.backward(given.inputs, states, given.seeds, CASE.length)
    pairs = [(given.parameters[name], gradient) for name, gradient in found.parameters.items()]
    pairs += [(given.inputs["x"], found.inputs["x"])] if "x" in found.inputs else []
    pairs += [(given.first[name], gradient) for name, gradient in found.states.items()]
    ours, theirs = [], []
    for array, gradient in pairs:
        places, slopes = central_differences(traced, given, array)
        ours += [float(gradient[place]) for place in places]
        theirs += slopes
    g, g_fd = np.array(ours), np.array(theirs)
    assert np.linalg.norm(g) > 0.1
    assert np.linalg.norm(g - g_fd) <= 1e-6 * (np.linalg.norm(g) + np.linalg.norm(g_fd))


@pytest.mark.parametrize("simplify", [False, True], ids=["written", "simplified"])
def test_tangent_is_the_adjoint_transposed(make: Callable[[], Any], simplify: bool) -> None:
    """⟨u, J v⟩ = ⟨Jᵀ u, v⟩ for one step, with J of all next states by all parameters, inputs and states."""
    traced = traced_cell(make(), CASE, simplify=simplify)
    generator = np.random.default_rng(3)
    given = numbers(traced, CASE)
    graph = traced.graph
    arrays: dict[Var, Array] = {leaf: given.parameters[name] for name, leaf in traced.parameters.items()}
    arrays |= {leaf: given.inputs[name][1] for name, leaf in traced.inputs.items()}
    arrays |= {leaf: given.first[name] for name, leaf in traced.states.items()}
    roots = list(traced.next.values())
    leaves = [*traced.parameters.values(), *traced.inputs.values(), *traced.states.values()]
    directions = {leaf: graph.leaf("tangent", f"v{leaf.number}", leaf.shape) for leaf in leaves}
    seeds: dict[Var, Var] = {}
    for index, root in enumerate(roots):
        seed = graph.leaf("cotangent", f"u{index}", root.shape)
        seeds[root] = seeds[root] + seed if root in seeds else seed
        arrays[seed] = generator.normal(size=(CASE.batch, *root.shape))
    for leaf, direction in directions.items():
        value = generator.normal(size=(CASE.batch, *leaf.shape))
        # A parameter moves the same way in all samples.
        arrays[direction] = value if leaf.batched else np.repeat(value[:1], CASE.batch, axis=0)
    moves, back = jvp(roots, directions), vjp(seeds)
    values = evaluate([*moves, *back.values()], arrays, np.dtype(np.float64))
    forward = sum(
        np.sum(values[move] * arrays[graph.leaf("cotangent", f"u{i}", move.shape)]) for i, move in enumerate(moves)
    )
    backward = sum(np.sum(values[back[leaf]] * arrays[directions[leaf]]) for leaf in leaves if leaf in back)
    size = sum(np.abs(values[back[leaf]] * arrays[directions[leaf]]).sum() for leaf in leaves if leaf in back)
    assert size > 0.1
    assert abs(forward - backward) <= 1e-12 * size


def test_all_cells_of_the_built_in_folder_are_here() -> None:
    names = {name.split("-")[0] for name in all_cells()}
    assert {"elman", "gru", "lstm"} <= names
    assert {"gru-before", "gru-after", "elman-relu", "lstm-linear"} <= set(all_cells())
