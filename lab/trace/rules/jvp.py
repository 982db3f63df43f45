"""Jvp (tangent): from the tangents of the operands to that of the value, one rule per primitive, as new equations."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from lab.trace.graph import Literal, Var, reachable

Tangents = tuple[Var | None, ...]
Rule = Callable[[Var, Tangents], Var | None]


def _total(terms: Iterable[Var | None]) -> Var | None:
    present = [term for term in terms if term is not None]
    if not present:
        return None
    return present[0] if len(present) == 1 else present[0].graph.apply("add", present)


def _full(tangent: Var | None, shape: tuple[int, ...], like: Var) -> Var:
    """A tangent in its full shape; zero where there is none."""
    tangent = like.graph.lift(0.0) if tangent is None else tangent
    if tangent.shape == shape:
        return tangent
    return like.graph.apply("broadcast", (tangent,), (shape, ()))


def _chain(slope: Callable[[Var, Var], Var]) -> Rule:
    """A function of one operand: slope(y, tangent of the operand)."""
    return lambda y, t: None if t[0] is None else slope(y, t[0])


def _none(y: Var, t: Tangents) -> None:
    return None


def _linear(y: Var, t: Tangents) -> Var | None:
    """A primitive that is linear in its only operand."""
    if t[0] is None:
        return None
    return y.graph.apply(y.primitive, (_full(t[0], y.inputs[0].shape, y),), y.attributes)


def _bilinear(y: Var, t: Tangents) -> Var | None:
    left, right = y.inputs
    apply = y.graph.apply
    return _total(
        (
            None if t[0] is None else apply(y.primitive, (_full(t[0], left.shape, y), right), y.attributes),
            None if t[1] is None else apply(y.primitive, (left, _full(t[1], right.shape, y)), y.attributes),
        )
    )


def _sub(y: Var, t: Tangents) -> Var | None:
    return _total((t[0], None if t[1] is None else -t[1]))


def _mul(y: Var, t: Tangents) -> Var | None:
    a, b = y.inputs
    return _total((None if t[0] is None else t[0] * b, None if t[1] is None else t[1] * a))


def _div(y: Var, t: Tangents) -> Var | None:
    _, b = y.inputs
    return _total((None if t[0] is None else t[0] / b, None if t[1] is None else -(t[1] * y / b)))


def _select(y: Var, condition: Var, a: Var | None, b: Var | None) -> Var | None:
    if a is None and b is None:
        return None
    graph = y.graph
    zero = graph.lift(0.0)
    return graph.apply("where", (condition, zero if a is None else a, zero if b is None else b))


def _max(y: Var, t: Tangents) -> Var | None:
    if t[0] is None:
        return None
    (axes,) = y.attributes
    operand = y.inputs[0]
    kept = tuple(axis for axis in range(len(operand.shape)) if axis not in axes)
    hit = y.graph.apply("equal", (operand, y.graph.apply("broadcast", (y,), (operand.shape, kept))))
    return y.graph.apply("sum", (hit * t[0],), (axes,)) / y.graph.apply("sum", (hit,), (axes,))


def _concat(y: Var, t: Tangents) -> Var | None:
    if all(tangent is None for tangent in t):
        return None
    return y.graph.apply("concat", [_full(tangent, v.shape, y) for tangent, v in zip(t, y.inputs, strict=True)])


def _first(y: Var, t: Tangents) -> Var | None:
    """gather, scatter_add: linear in the first operand; the index has no tangent."""
    if t[0] is None:
        return None
    return y.graph.apply(y.primitive, (_full(t[0], y.inputs[0].shape, y), y.inputs[1]), y.attributes)


JVP: Final[Mapping[str, Rule]] = {
    "add": lambda y, t: _total(t),
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "neg": _chain(lambda y, t: -t),
    "tanh": _chain(lambda y, t: t * (1 - y * y)),
    "sigmoid": _chain(lambda y, t: t * (y * (1 - y))),
    "exp": _chain(lambda y, t: t * y),
    "log": _chain(lambda y, t: t / y.inputs[0]),
    "sqrt": _chain(lambda y, t: t * 0.5 / y),
    "sin": _chain(lambda y, t: t * y.graph.apply("cos", y.inputs)),
    "cos": _chain(lambda y, t: -(t * y.graph.apply("sin", y.inputs))),
    "abs": _chain(lambda y, t: t * y.graph.apply("sign", y.inputs)),
    "sign": _none,
    "floor": _none,
    "relu": lambda y, t: _select(y, y > 0, t[0], None),
    "maximum": lambda y, t: _select(y, y.inputs[0] >= y.inputs[1], t[0], t[1]),
    "minimum": lambda y, t: _select(y, y.inputs[0] >= y.inputs[1], t[1], t[0]),
    "greater": _none,
    "greater_equal": _none,
    "equal": _none,
    "where": lambda y, t: _select(y, y.inputs[0], t[1], t[2]),
    "stop_gradient": _none,
    "iota": _none,
    "sum": _linear,
    "max": _max,
    "matmul": _bilinear,
    "outer": _bilinear,
    "slice": _linear,
    "pad": _linear,
    "concat": _concat,
    "reshape": _linear,
    "transpose": _linear,
    "broadcast": _linear,
    "gather": _first,
    "scatter_add": _first,
}


def jvp(roots: Iterable[Var], tangents: Mapping[Var, Var]) -> list[Var]:
    """The tangents of the roots in the direction given by the tangents of some leaves (the others do not move)."""
    wanted = list(roots)
    known: dict[int, Var | None] = {value.number: tangent for value, tangent in tangents.items()}
    for value in reachable(wanted):
        if value.number in known:
            continue
        if isinstance(value.origin, Literal) or not value.inputs:
            known[value.number] = None
            continue
        with value.graph.derived_from(value):
            known[value.number] = JVP[value.primitive](value, tuple(known[v.number] for v in value.inputs))
    return [_full(known[root.number], root.shape, root) for root in wanted]
