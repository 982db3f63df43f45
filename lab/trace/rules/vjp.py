"""Vjp (adjoint): from the cotangent of a value to those of its operands, one rule per primitive, as new equations."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from lab.trace.graph import Literal, Var, reachable

Rule = Callable[[Var, Var], tuple[Var | None, ...]]


def _fit(cotangent: Var, operand: Var) -> Var:
    """The cotangent of an operand that was paired with more entries than it has: their sum."""
    if operand.shape == cotangent.shape:
        return cotangent
    if not operand.shape:
        return cotangent.graph.apply("sum", (cotangent,), (tuple(range(len(cotangent.shape))),))
    return _spread(cotangent, operand)


def _spread(cotangent: Var, operand: Var) -> Var:
    """A scalar cotangent for each entry of the operand (simplification may have made it scalar)."""
    return cotangent.graph.apply("broadcast", (cotangent,), (operand.shape, ()))


def _each(*cotangents: Callable[[Var, Var], Var | None]) -> Rule:
    def rule(y: Var, d: Var) -> tuple[Var | None, ...]:
        results = []
        for operand, cotangent in zip(y.inputs, cotangents, strict=True):
            result = None if operand.is_literal() else cotangent(y, d)
            results.append(None if result is None else _fit(result, operand))
        return tuple(results)

    return rule


def _nothing(y: Var, _: Var) -> tuple[None, ...]:
    return (None,) * len(y.inputs)


def _choose(condition: Var, value: Var | float, other: Var | float) -> Var:
    graph = condition.graph
    return graph.apply("where", (condition, graph.lift(value), graph.lift(other)))


def _matmul(y: Var, d: Var) -> tuple[Var | None, ...]:
    matrix, right = y.inputs
    (transposed,) = y.attributes
    graph = y.graph
    back = graph.apply("matmul", (matrix, d), (not transposed,))
    if len(right.shape) == 1:
        pair = (right, d) if transposed else (d, right)
        return graph.apply("outer", pair), back
    left = graph.apply("matmul", (right, d.T) if transposed else (d, right.T), (False,))
    return left, back


def _outer(y: Var, d: Var) -> tuple[Var | None, ...]:
    left, right = y.inputs
    return y.graph.apply("matmul", (d, right), (False,)), y.graph.apply("matmul", (d, left), (True,))


def _kept(y: Var) -> tuple[int, ...]:
    """The axes of a reduction's operand that the result keeps."""
    return tuple(axis for axis in range(len(y.inputs[0].shape)) if axis not in y.attributes[0])


def _repeat(y: Var, value: Var) -> Var:
    return y.graph.apply("broadcast", (value,), (y.inputs[0].shape, _kept(y)))


def _max(y: Var, d: Var) -> tuple[Var | None, ...]:
    """Equal maxima share the cotangent, so that the rule stays a subgradient."""
    hit = y.graph.apply("equal", (y.inputs[0], _repeat(y, y)))
    count = y.graph.apply("sum", (hit,), y.attributes)
    return (hit * _repeat(y, d / count),)


def _concat(y: Var, d: Var) -> tuple[Var | None, ...]:
    pieces, start = [], 0
    for operand in y.inputs:
        pieces.append(d[start : start + operand.shape[0]])
        start += operand.shape[0]
    return tuple(pieces)


def _broadcast(y: Var, d: Var) -> tuple[Var | None, ...]:
    shape, axes = y.attributes
    summed = tuple(axis for axis in range(len(shape)) if axis not in axes)
    return (y.graph.apply("sum", (d,), (summed,)) if summed else d,)


VJP: Final[Mapping[str, Rule]] = {
    "add": lambda y, d: tuple(None if operand.is_literal() else _fit(d, operand) for operand in y.inputs),
    "sub": _each(lambda y, d: d, lambda y, d: -d),
    "mul": _each(lambda y, d: d * y.inputs[1], lambda y, d: d * y.inputs[0]),
    "div": _each(lambda y, d: d / y.inputs[1], lambda y, d: -(d * y / y.inputs[1])),
    "neg": _each(lambda y, d: -d),
    "tanh": _each(lambda y, d: d * (1 - y * y)),
    "sigmoid": _each(lambda y, d: d * (y * (1 - y))),
    "exp": _each(lambda y, d: d * y),
    "log": _each(lambda y, d: d / y.inputs[0]),
    "sqrt": _each(lambda y, d: d * 0.5 / y),
    "sin": _each(lambda y, d: d * y.graph.apply("cos", y.inputs)),
    "cos": _each(lambda y, d: -(d * y.graph.apply("sin", y.inputs))),
    "abs": _each(lambda y, d: d * y.graph.apply("sign", y.inputs)),
    "sign": _nothing,
    "floor": _nothing,
    "relu": _each(lambda y, d: _choose(y > 0, d, 0.0)),
    "maximum": _each(
        lambda y, d: _choose(y.inputs[0] >= y.inputs[1], d, 0.0),
        lambda y, d: _choose(y.inputs[0] >= y.inputs[1], 0.0, d),
    ),
    "minimum": _each(
        lambda y, d: _choose(y.inputs[0] >= y.inputs[1], 0.0, d),
        lambda y, d: _choose(y.inputs[0] >= y.inputs[1], d, 0.0),
    ),
    "greater": _nothing,
    "greater_equal": _nothing,
    "equal": _nothing,
    "where": _each(
        lambda y, d: None, lambda y, d: _choose(y.inputs[0], d, 0.0), lambda y, d: _choose(y.inputs[0], 0.0, d)
    ),
    "stop_gradient": _nothing,
    "iota": _nothing,
    "sum": lambda y, d: (_repeat(y, d),),
    "max": _max,
    "matmul": _matmul,
    "outer": _outer,
    "slice": lambda y, d: (y.graph.apply("pad", (d,), (y.attributes[0], y.inputs[0].shape[0])),),
    "pad": lambda y, d: (d[y.attributes[0] : y.attributes[0] + y.inputs[0].shape[0]],),
    "concat": _concat,
    "reshape": lambda y, d: (y.graph.apply("reshape", (d,), (y.inputs[0].shape,)),),
    "transpose": lambda y, d: (d.T,),
    "broadcast": _broadcast,
    "gather": lambda y, d: (y.graph.apply("scatter_add", (d, y.inputs[1]), (y.inputs[0].shape[0],)), None),
    "scatter_add": lambda y, d: (y.graph.apply("gather", (d, y.inputs[1])), None),
}


def gather_terms(terms: Iterable[Var], value: Var) -> Var | None:
    """The sum of cotangents of one value; pads of neighbouring slices are joined, so stacked gates give one vector."""
    present = [term for term in terms if not term.is_literal(0.0)]
    if not present:
        return None
    graph = value.graph
    rest = [term for term in present if term.primitive != "pad"]
    pieces: dict[tuple[int, int], list[Var]] = {}
    for term in present:
        if term.primitive == "pad":
            start = term.attributes[0]
            pieces.setdefault((start, start + term.inputs[0].shape[0]), []).append(term.inputs[0])
    bounds = sorted(pieces)
    if any(second[0] < first[1] for first, second in itertools.pairwise(bounds)) or not graph.simplify:
        rest = present
    elif bounds:
        parts, end = [], 0
        for start, stop in bounds:
            if start > end:
                parts.append(zeros_like(graph.lift(0.0), (start - end, *value.shape[1:])))
            parts.append(
                pieces[start, stop][0] if len(pieces[start, stop]) == 1 else graph.apply("add", pieces[start, stop])
            )
            end = stop
        if end < value.shape[0]:
            parts.append(zeros_like(graph.lift(0.0), (value.shape[0] - end, *value.shape[1:])))
        rest.append(graph.apply("concat", parts))
    return rest[0] if len(rest) == 1 else graph.apply("add", rest)


def zeros_like(zero: Var, shape: tuple[int, ...]) -> Var:
    """The literal zero repeated to a shape."""
    return zero.graph.apply("broadcast", (zero,), (shape, ())) if shape else zero


def vjp(seeds: Mapping[Var, Var], stop: Iterable[Var] = ()) -> dict[Var, Var]:
    """The cotangents of all leaves, and of the values in `stop` (behind which nothing is followed).

    `seeds` maps values to their cotangents, of the same shape. Values without an entry get no cotangent: it is zero.
    """
    ends = {value.number for value in stop}
    order = reachable(seeds)
    terms: dict[int, list[Var]] = {value.number: [seed] for value, seed in seeds.items()}
    found: dict[Var, Var] = {}
    for value in reversed(order):
        if value.number not in terms or isinstance(value.origin, Literal):
            continue
        with value.graph.derived_from(value):
            cotangent = gather_terms(terms[value.number], value)
            if cotangent is None:
                continue
            if not value.inputs or value.number in ends:
                if value.primitive != "iota":
                    found[value] = _fit(cotangent, value)
                continue
            for operand, term in zip(value.inputs, VJP[value.primitive](value, _fit(cotangent, value)), strict=True):
                if term is not None:
                    terms.setdefault(operand.number, []).append(term)
    return found
