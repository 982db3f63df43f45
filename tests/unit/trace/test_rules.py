"""Every primitive in every table: its value against a NumPy formula, its adjoint against central differences."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.trace.graph import Graph, Var
from lab.trace.primitives import PRIMITIVES
from lab.trace.rules.evaluate import EVALUATE, evaluate
from lab.trace.rules.jvp import JVP, jvp
from lab.trace.rules.shape import SHAPES
from lab.trace.rules.vjp import VJP, vjp

Array = NDArray[Any]
BATCH = 3


@dataclass(frozen=True)
class Example:
    """Shapes of one sample's operands, attributes, and the formula; how operands are drawn, which are discrete."""

    formula: Callable[..., Any]
    shapes: Sequence[tuple[int, ...]]
    attributes: tuple[Any, ...] = ()
    draw: Callable[[np.random.Generator, tuple[int, ...]], Array] = lambda generator, shape: generator.normal(
        size=shape
    )
    discrete: tuple[int, ...] = ()


def positive(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """For logarithms, roots and divisors."""
    return generator.uniform(0.5, 2.0, shape)


def off_kinks(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """At least 0.05 from every whole number, and from every other entry at that distance or more by chance."""
    return generator.integers(-3, 3, shape) + generator.uniform(0.05, 0.95, shape)


def indices(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Rows 0 to 2 where a scalar is asked for; else normal."""
    return generator.integers(0, 3, shape).astype(float) if not shape else generator.normal(size=shape)


def scattered(row: Array, index: Array) -> Array:
    """A table of four rows, all zero but one."""
    table = np.zeros((4, *row.shape))
    table[int(index)] = row
    return table


PAIRS: Final = ([(4,), (4,)], [(), (4,)], [(4,), ()], [(), ()], [(2, 3), ()], [(2, 3), (2, 3)])


def one(formula: Callable[[Any], Any], draw: Any = off_kinks) -> list[Example]:
    """A function of one operand, of each rank."""
    return [Example(formula, [shape], draw=draw) for shape in ((), (4,), (2, 3))]


def two(formula: Callable[[Any, Any], Any], draw: Any = off_kinks) -> list[Example]:
    """A function of two operands, scalars beside other shapes among them."""
    return [Example(formula, shapes, draw=draw) for shapes in PAIRS]


EXAMPLES: Final[Mapping[str, list[Example]]] = {
    "add": [*two(lambda a, b: a + b), Example(lambda a, b, c: a + b + c, [(4,), (), (4,)])],
    "sub": two(lambda a, b: a - b),
    "mul": two(lambda a, b: a * b),
    "div": two(lambda a, b: a / b, positive),
    "neg": one(lambda x: -x),
    "tanh": one(np.tanh),
    "sigmoid": one(lambda x: 1 / (1 + np.exp(-x))),
    "exp": one(np.exp),
    "log": one(np.log, positive),
    "sqrt": one(lambda x: x**0.5, positive),
    "sin": one(np.sin),
    "cos": one(np.cos),
    "abs": one(lambda x: np.where(x < 0, -x, x)),
    "sign": one(lambda x: (x > 0) * 1.0 - (x < 0)),
    "floor": one(lambda x: x - x % 1),
    "relu": one(lambda x: x * (x > 0)),
    "maximum": two(lambda a, b: np.where(a > b, a, b)),
    "minimum": two(lambda a, b: np.where(a > b, b, a)),
    "greater": two(lambda a, b: np.where(a > b, 1.0, 0.0)),
    "greater_equal": [
        *two(lambda a, b: np.where(a < b, 0.0, 1.0)),
        Example(lambda a, b: np.where(a < b, 0.0, 1.0), [(), ()], draw=indices, discrete=(0, 1)),
    ],
    "equal": [
        *two(lambda a, b: 0.0 * a * b),
        Example(lambda a, b: 1.0 - (a != b), [(), ()], draw=indices, discrete=(0, 1)),
    ],
    "where": [
        Example(lambda c, a, b: c * a + (1 - c) * b, shapes, draw=lambda g, s: g.integers(0, 2, s) * 1.0, discrete=(0,))
        for shapes in (
            [(4,), (4,), (4,)], [(), (4,), (4,)], [(4,), (), (4,)], [(4,), (4,), ()], [(), (), ()], [(4,), (), ()]
        )
    ],
    "stop_gradient": one(lambda x: x),
    "iota": [Example(lambda: np.array([2.0, 3.0, 4.0]), [], (2, 3))],
    "sum": [
        Example(lambda x: np.sum(x), [(4,)], ((0,),)),
        Example(lambda x: np.sum(x), [(2, 3)], ((0, 1),)),
        Example(lambda x: np.sum(x, 0), [(2, 3)], ((0,),)),
        Example(lambda x: np.sum(x, 1), [(2, 3)], ((1,),)),
    ],
    "max": [
        Example(lambda x: np.max(x), [(4,)], ((0,),)),
        Example(lambda x: np.max(x), [(2, 3)], ((0, 1),)),
        Example(lambda x: np.max(x, 0), [(2, 3)], ((0,),)),
        Example(lambda x: np.max(x, 1), [(2, 3)], ((1,),)),
    ],
    "matmul": [
        Example(lambda a, b: np.einsum("ij,j->i", a, b), [(2, 3), (3,)], (False,)),
        Example(lambda a, b: np.einsum("ji,j->i", a, b), [(3, 2), (3,)], (True,)),
        Example(lambda a, b: np.einsum("ij,jk->ik", a, b), [(2, 3), (3, 4)], (False,)),
        Example(lambda a, b: np.einsum("ji,jk->ik", a, b), [(3, 2), (3, 4)], (True,)),
        Example(lambda a, b: np.einsum("ij,jk->ik", a, b), [(3, 3), (3, 3)], (False,)),
    ],
    "outer": [Example(lambda a, b: np.einsum("i,j->ij", a, b), [(2,), (3,)])],
    "slice": [Example(lambda x: x[1:3], [(4,)], (1, 3)), Example(lambda x: x[0:2], [(3, 2)], (0, 2))],
    "pad": [
        Example(lambda x: np.array([0, *x, 0, 0]), [(2,)], (1, 5)),
        Example(lambda x: np.vstack([x, np.zeros((1, 3))]), [(2, 3)], (0, 3)),
    ],
    "concat": [
        Example(lambda a, b: np.hstack([a, b]), [(2,), (3,)]),
        Example(lambda a, b, c: np.hstack([a, b, c]), [(2,), (1,), (2,)]),
        Example(lambda a, b: np.vstack([a, b]), [(1, 3), (2, 3)]),
        Example(lambda a: a, [(3,)]),
    ],
    "reshape": [
        Example(lambda x: np.array([[x[0], x[1], x[2]], [x[3], x[4], x[5]]]), [(6,)], ((2, 3),)),
        Example(lambda x: np.ravel(x), [(2, 3)], ((6,),)),
        Example(lambda x: x[0], [(1,)], ((),)),
    ],
    "transpose": [Example(lambda x: np.einsum("ij->ji", x), [(2, 3)])],
    "broadcast": [
        Example(lambda x: np.full((3,), x), [()], ((3,), ())),
        Example(lambda x: np.full((2, 3), x), [()], ((2, 3), ())),
        Example(lambda x: np.stack([x, x]), [(3,)], ((2, 3), (1,))),
        Example(lambda x: np.stack([x, x], 1), [(3,)], ((3, 2), (0,))),
        Example(lambda x: x, [(3,)], ((3,), (0,))),
    ],
    "gather": [
        Example(lambda table, index: table[int(index)], [(3, 2), ()], draw=indices, discrete=(1,)),
        Example(lambda table, index: table[int(index)], [(3,), ()], draw=indices, discrete=(1,)),
    ],
    "scatter_add": [
        Example(scattered, [(2,), ()], (4,), draw=indices, discrete=(1,)),
        Example(scattered, [(2, 3), ()], (4,), draw=indices, discrete=(1,)),
        Example(lambda row, index: scattered(row, index), [(), ()], (4,), draw=indices, discrete=(1, 0)),
    ],
}  # fmt: skip
CASES: Final = [
    pytest.param(primitive, example, batched, id=f"{primitive}-{index}-{''.join('b' if b else '1' for b in batched)}")
    for primitive, examples in EXAMPLES.items()
    for index, example in enumerate(examples)
    for batched in product((True, False), repeat=len(example.shapes))
]


@dataclass(frozen=True)
class Built:
    """One equation on leaves, and arrays for them."""

    value: Var
    leaves: tuple[Var, ...]
    arrays: Mapping[Var, Array]

    def evaluated(self, roots: Sequence[Var], more: Mapping[Var, Array] | None = None) -> list[Array]:
        """Values of some roots, from the arrays."""
        known = evaluate(roots, {**self.arrays, **(more or {})}, np.dtype(np.float64))
        return [known[root] for root in roots]


def build(primitive: str, example: Example, batched: Sequence[bool], *, simplify: bool = False) -> Built:
    """Batched operands are inputs, the others parameters."""
    graph = Graph(simplify=simplify)
    generator = np.random.default_rng(zlib.crc32(primitive.encode()))
    leaves, arrays = [], {}
    for index, (shape, by_sample) in enumerate(zip(example.shapes, batched, strict=True)):
        leaf = graph.leaf("input" if by_sample else "parameter", f"a{index}", shape)
        arrays[leaf] = np.stack([example.draw(generator, shape) for _ in range(BATCH)]) if by_sample else example.draw(
            generator, shape
        )  # fmt: skip
        arrays[leaf] = np.asarray(arrays[leaf], np.float64)
        leaves.append(leaf)
    return Built(graph.apply(primitive, leaves, example.attributes), tuple(leaves), arrays)


def test_every_primitive_has_a_rule_in_every_table_and_is_tested_here() -> None:
    for table in (SHAPES, EVALUATE, VJP, JVP, EXAMPLES):
        assert set(table) == set(PRIMITIVES)


@pytest.mark.parametrize(("primitive", "example", "batched"), CASES)
def test_value_is_that_of_the_formula(primitive: str, example: Example, batched: Sequence[bool]) -> None:
    built = build(primitive, example, batched)
    (found,) = built.evaluated([built.value])
    assert built.value.batched == any(batched)

    def sample(n: int) -> Array:
        operands = (built.arrays[leaf][n] if leaf.batched else built.arrays[leaf] for leaf in built.leaves)
        return np.asarray(example.formula(*operands), float)

    wanted = np.stack([sample(n) for n in range(BATCH)]) if any(batched) else sample(0)
    assert found.shape[int(any(batched)) :] == built.value.shape
    # The same few operations, perhaps in another order: a few roundings.
    np.testing.assert_allclose(np.broadcast_to(found, wanted.shape), wanted, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("primitive", "example", "batched"), CASES)
def test_value_keeps_the_precision(primitive: str, example: Example, batched: Sequence[bool], dtype: Any) -> None:
    built = build(primitive, example, batched)
    given = {leaf: array.astype(dtype) for leaf, array in built.arrays.items()}
    assert evaluate([built.value], given, np.dtype(dtype))[built.value].dtype == dtype


def seed_of(built: Built) -> tuple[Var, Array]:
    """A cotangent, one for each sample."""
    leaf = built.value.graph.leaf("cotangent", "d", built.value.shape)
    return leaf, np.random.default_rng(4).normal(size=(BATCH, *built.value.shape))


@pytest.mark.parametrize(
    ("primitive", "example", "batched"), [case for case in CASES if case.values[0] != "stop_gradient"]
)
def test_adjoint_is_that_of_central_differences(primitive: str, example: Example, batched: Sequence[bool]) -> None:
    built = build(primitive, example, batched)
    seed, weights = seed_of(built)
    found = vjp({built.value: seed})

    def loss() -> float:
        (value,) = built.evaluated([built.value])
        return float((np.broadcast_to(value, weights.shape) * weights).sum())

    for position, leaf in enumerate(built.leaves):
        if position in example.discrete:
            continue
        array = built.arrays[leaf]
        slopes = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            here = array[index]
            step = 6e-6 * max(1.0, abs(here))
            array[index] = here + step
            above = loss()
            array[index] = here - step
            slopes[index] = (above - loss()) / (2 * step)
            array[index] = here
        if leaf not in found:
            assert not slopes.any()
            continue
        assert found[leaf].shape == leaf.shape
        (gradient,) = built.evaluated([found[leaf]], {seed: weights})
        gradient = gradient if leaf.batched else gradient.sum(axis=0)
        assert np.linalg.norm(gradient - slopes) <= 1e-6 * (np.linalg.norm(gradient) + np.linalg.norm(slopes))


@pytest.mark.parametrize("simplify", [False, True], ids=["written", "simplified"])
@pytest.mark.parametrize(("primitive", "example", "batched"), CASES)
def test_tangent_is_the_adjoint_transposed(
    primitive: str, example: Example, batched: Sequence[bool], simplify: bool
) -> None:
    """⟨u, J v⟩ = ⟨Jᵀ u, v⟩."""
    built = build(primitive, example, batched, simplify=simplify)
    graph = built.value.graph
    generator = np.random.default_rng(7)
    directions = {leaf: graph.leaf("tangent", f"t{leaf.number}", leaf.shape) for leaf in built.leaves}
    arrays = {one: generator.normal(size=(BATCH, *one.shape)) for one in directions.values()}
    seed, weights = seed_of(built)
    arrays[seed] = weights
    found = vjp({built.value: seed})
    (move,) = jvp([built.value], directions)
    assert move.shape == built.value.shape
    (moved,) = built.evaluated([move], arrays)
    forward = (np.broadcast_to(moved, weights.shape) * weights).sum()
    terms = [
        built.evaluated([found[leaf]], arrays)[0] * arrays[directions[leaf]] for leaf in built.leaves if leaf in found
    ]
    assert abs(forward - sum(term.sum() for term in terms)) <= 1e-12 * sum(np.abs(term).sum() for term in terms)


def test_stop_gradient_passes_no_derivative() -> None:
    (example, *_) = EXAMPLES["stop_gradient"]
    built = build("stop_gradient", example, (True,))
    seed, _ = seed_of(built)
    assert vjp({built.value: seed}) == {}
    (move,) = jvp([built.value], {built.leaves[0]: seed})
    assert built.evaluated([move])[0] == 0


def test_equal_maxima_share_the_derivative() -> None:
    graph = Graph()
    x, d = graph.leaf("input", "x", (4,)), graph.leaf("cotangent", "d", ())
    gradient = vjp({graph.apply("max", (x,), ((0,),)): d})[x]
    arrays = evaluate([gradient], {x: np.array([[1.0, 3.0, 3.0, 2.0]]), d: np.array([1.0])}, np.dtype(np.float64))
    assert arrays[gradient].tolist() == [[0.0, 0.5, 0.5, 0.0]]


@pytest.mark.parametrize(
    ("primitive", "left", "right"), [("maximum", 1.0, 0.0), ("minimum", 0.0, 1.0)], ids=["maximum", "minimum"]
)
def test_equal_operands_give_the_derivative_to_the_one_that_the_docstring_says(
    primitive: str, left: float, right: float
) -> None:
    graph = Graph()
    a, b, d = graph.leaf("input", "a", ()), graph.leaf("input", "b", ()), graph.leaf("cotangent", "d", ())
    found = vjp({graph.apply(primitive, (a, b)): d})
    given = {a: np.array([2.0]), b: np.array([2.0]), d: np.array([1.0])}
    arrays = evaluate([found[a], found[b]], given, np.dtype(np.float64))
    assert (arrays[found[a]][0], arrays[found[b]][0]) == (left, right)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_never_overflows(dtype: Any) -> None:
    graph = Graph()
    x = graph.leaf("input", "x", (5,))
    value = graph.apply("sigmoid", (x,))
    given = {x: np.array([[-1e4, -30.0, 0.0, 30.0, 1e4]], dtype)}
    found = evaluate([value], given, np.dtype(dtype))[value][0]
    # tanh near ±1 has no more digits than the type: an absolute error of one unit.
    wanted = [0.0, 9.357622968840175e-14, 0.5, 1 - 9.357622968840175e-14, 1.0]
    np.testing.assert_allclose(found, np.array(wanted, dtype), rtol=0, atol=np.finfo(dtype).eps)


def test_softmax_and_log_sum_exp_never_overflow() -> None:
    from lab.trace.functions import log_sum_exp, softmax

    graph = Graph()
    x = graph.leaf("input", "x", (3,))
    roots = [softmax(x), log_sum_exp(x)]
    arrays = evaluate(roots, {x: np.array([[1000.0, 999.0, -1000.0]])}, np.dtype(np.float64))
    odds = np.exp(-1.0)
    np.testing.assert_allclose(arrays[roots[0]][0], [1 / (1 + odds), odds / (1 + odds), 0], rtol=1e-14)
    np.testing.assert_allclose(arrays[roots[1]][0], 1000 + np.log1p(odds), rtol=1e-14)
