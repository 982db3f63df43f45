"""Simplify: rewrites made when an equation is added; each keeps the value and its shape.

Beside the usual algebra three rewrites prepare stacked gates: pointwise equations move into the pieces of a
concatenation, slices move through pointwise equations, and neighbouring slices join again.
"""

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from lab.trace.primitives import CHEAP, POINTWISE

if TYPE_CHECKING:
    from lab.trace.graph import Graph, Var

Inputs = tuple["Var", ...]
Attributes = tuple[Any, ...]
Shape = tuple[int, ...]
Rule = Callable[["Graph", Inputs, Attributes, Shape], "Var | None"]


def number(value: "Var") -> float | None:
    """The number that all entries of a value are known to be."""
    if value.primitive == "broadcast":
        value = value.inputs[0]
    return value.origin.value if value.is_literal() else None  # type: ignore[union-attr]


def _shaped(graph: "Graph", value: "Var", shape: Shape) -> "Var":
    return value if value.shape == shape else graph.apply("broadcast", (value,), (shape, ()))


def _full(graph: "Graph", value: float, shape: Shape) -> "Var":
    return _shaped(graph, graph.literal(value), shape)


_FOLD: Final[Mapping[str, Callable[..., float]]] = {
    "add": lambda *v: math.fsum(v) if len(v) > 2 else v[0] + v[-1],
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "abs": abs,
    "greater": lambda a, b: float(a > b),
    "greater_equal": lambda a, b: float(a >= b),
    "equal": lambda a, b: float(a == b),
}


def _pointwise(primitive: str) -> Rule:
    special = _ALGEBRA.get(primitive)

    def rule(graph: "Graph", inputs: Inputs, attributes: Attributes, shape: Shape) -> "Var | None":
        numbers = [number(value) for value in inputs]
        if inputs and primitive in _FOLD and len(inputs) > 1 - (primitive in ("neg", "abs")):
            known = [value for value in numbers if value is not None]
            if len(known) == len(inputs):
                return _full(graph, _FOLD[primitive](*known), shape)
        repeated = any(v.primitive == "broadcast" and not v.inputs[0].shape for v in inputs)
        if repeated:
            # A repeated scalar is as good as the scalar itself.
            bare = tuple(v.inputs[0] if v.primitive == "broadcast" and not v.inputs[0].shape else v for v in inputs)
            return _shaped(graph, graph.apply(primitive, bare, attributes), shape)
        for value in inputs:
            # Stacked parameters stay whole: they are one weight of a wide gate.
            if value.primitive == "concat" and value.batched and value.shape == shape:
                return _into_pieces(graph, primitive, inputs, attributes, value)
        return special(graph, inputs, attributes, shape) if special else None

    return rule


def _into_pieces(graph: "Graph", primitive: str, inputs: Inputs, attributes: Attributes, joined: "Var") -> "Var":
    pieces, start = [], 0
    for piece in joined.inputs:
        stop = start + piece.shape[0]
        pieces.append(graph.apply(primitive, [v if not v.shape else v[start:stop] for v in inputs], attributes))
        start = stop
    return graph.apply("concat", pieces)


def _add(graph: "Graph", inputs: Inputs, attributes: Attributes, shape: Shape) -> "Var | None":
    flat: list[Var] = []
    for value in inputs:
        flat.extend(value.inputs if value.primitive == "add" else (value,))
    terms = [value for value in flat if number(value) != 0.0]
    if not terms:
        return _full(graph, 0.0, shape)
    positive = [value for value in terms if value.primitive != "neg"]
    negative = [value.inputs[0] for value in terms if value.primitive == "neg"]
    if negative and positive:
        result = graph.apply("add", positive) if len(positive) > 1 else positive[0]
        for value in negative:
            result = graph.apply("sub", (result, value))
        return _shaped(graph, result, shape)
    if len(terms) == 1:
        return _shaped(graph, terms[0], shape)
    return graph.make("add", tuple(sorted(terms, key=lambda value: value.number)), attributes, shape)


def _sub(graph: "Graph", inputs: Inputs, _: Attributes, shape: Shape) -> "Var | None":
    left, right = inputs
    if number(right) == 0.0:
        return _shaped(graph, left, shape)
    if number(left) == 0.0:
        return _shaped(graph, graph.apply("neg", (right,)), shape)
    if right.primitive == "neg":
        return graph.apply("add", (left, right.inputs[0]))
    return None


def _mul(graph: "Graph", inputs: Inputs, _: Attributes, shape: Shape) -> "Var | None":
    for one, other in (inputs, inputs[::-1]):
        if number(one) == 0.0:
            return _full(graph, 0.0, shape)
        if number(one) == 1.0:
            return _shaped(graph, other, shape)
        if number(one) == -1.0:
            return _shaped(graph, graph.apply("neg", (other,)), shape)
        if one.primitive == "neg":
            return graph.apply("neg", (graph.apply("mul", (one.inputs[0], other)),))
    if inputs[0].number > inputs[1].number:
        return graph.apply("mul", inputs[::-1])
    return None


def _div(graph: "Graph", inputs: Inputs, _: Attributes, shape: Shape) -> "Var | None":
    return _shaped(graph, inputs[0], shape) if number(inputs[1]) == 1.0 else None


def _neg(graph: "Graph", inputs: Inputs, _: Attributes, shape: Shape) -> "Var | None":
    return inputs[0].inputs[0] if inputs[0].primitive == "neg" else None


def _where(graph: "Graph", inputs: Inputs, _: Attributes, shape: Shape) -> "Var | None":
    condition, yes, no = inputs
    known = number(condition)
    if known is not None:
        return _shaped(graph, yes if known else no, shape)
    return _shaped(graph, yes, shape) if yes is no else None


_ALGEBRA: Final[Mapping[str, Rule]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "neg": _neg,
    "where": _where,
}


def _slice(graph: "Graph", inputs: Inputs, attributes: Attributes, shape: Shape) -> "Var | None":
    (value,) = inputs
    start, stop = attributes
    if (start, stop) == (0, value.shape[0]):
        return value
    if value.primitive == "iota":
        return graph.apply("iota", (), (value.attributes[0] + start, stop - start))
    if value.primitive in CHEAP:
        return graph.apply(
            value.primitive, [v if not v.shape else v[start:stop] for v in value.inputs], value.attributes
        )
    if value.primitive == "slice":
        first = value.attributes[0]
        return value.inputs[0][first + start : first + stop]
    if value.primitive == "broadcast" and not value.inputs[0].shape:
        return graph.apply("broadcast", value.inputs, (shape, ()))
    if value.primitive == "concat":
        return _slice_of_pieces(graph, value, start, stop)
    return None


def _slice_of_pieces(graph: "Graph", joined: "Var", start: int, stop: int) -> "Var":
    pieces, begin = [], 0
    for piece in joined.inputs:
        end = begin + piece.shape[0]
        if start < end and begin < stop:
            pieces.append(piece[max(start - begin, 0) : min(stop, end) - begin])
        begin = end
    return graph.apply("concat", pieces)


def _concat(graph: "Graph", inputs: Inputs, attributes: Attributes, shape: Shape) -> "Var | None":
    if len(inputs) == 1:
        return inputs[0]
    if any(value.primitive == "concat" for value in inputs):
        flat: list[Var] = []
        for value in inputs:
            flat.extend(value.inputs if value.primitive == "concat" else (value,))
        return graph.apply("concat", flat)
    numbers = {number(value) for value in inputs}
    if len(numbers) == 1 and None not in numbers:
        return _full(graph, next(iter(numbers)), shape)  # type: ignore[arg-type]
    whole = inputs[0].inputs[0] if inputs[0].primitive == "slice" else None
    if whole is not None and all(value.primitive == "slice" and value.inputs[0] is whole for value in inputs):
        bounds = [value.attributes for value in inputs]
        if all(first[1] == second[0] for first, second in pairwise(bounds)):
            return whole[bounds[0][0] : bounds[-1][1]]
    return None


def _zero_if(*positions: int) -> Rule:
    def rule(graph: "Graph", inputs: Inputs, _: Attributes, shape: Shape) -> "Var | None":
        return _full(graph, 0.0, shape) if any(number(inputs[position]) == 0.0 for position in positions) else None

    return rule


def _reshape(graph: "Graph", inputs: Inputs, _: Attributes, shape: Shape) -> "Var | None":
    return inputs[0] if inputs[0].shape == shape else None


def _transpose(graph: "Graph", inputs: Inputs, _: Attributes, shape: Shape) -> "Var | None":
    return inputs[0].inputs[0] if inputs[0].primitive == "transpose" else None


def _sum(graph: "Graph", inputs: Inputs, attributes: Attributes, shape: Shape) -> "Var | None":
    known = number(inputs[0])
    if known is None:
        return None
    size = math.prod(inputs[0].shape[axis] for axis in attributes[0])
    return _full(graph, known * size, shape)


SIMPLIFY: Final[Mapping[str, Rule]] = {
    **{primitive: _pointwise(primitive) for primitive in POINTWISE},
    "slice": _slice,
    "concat": _concat,
    "pad": _zero_if(0),
    "matmul": _zero_if(0, 1),
    "outer": _zero_if(0, 1),
    "reshape": _reshape,
    "broadcast": _reshape,
    "transpose": _transpose,
    "sum": _sum,
}
