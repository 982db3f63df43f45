"""The functions an author writes equations with; each takes traced values (or numbers beside one) of one sample."""

from collections.abc import Callable, Mapping
from typing import Final

from lab.errors import TraceError, unknown
from lab.trace.graph import Graph, Var, refuse_foreign


def _graph(*values: object) -> Graph:
    for value in values:
        if isinstance(value, Var):
            return value.graph
    for value in values:
        if not isinstance(value, (int, float)):
            refuse_foreign(value)
    raise TraceError("a function of plain values has nothing to trace;", remedy="compute it with Python's math module")


def _call(primitive: str, *values: object) -> Var:
    graph = _graph(*values)
    return graph.apply(primitive, [graph.lift(value) for value in values])


def tanh(x: Var) -> Var:
    """Hyperbolic tangent, entry by entry."""
    return _call("tanh", x)


def sigmoid(x: Var) -> Var:
    """Logistic function 1 / (1 + exp(-x)), entry by entry."""
    return _call("sigmoid", x)


def relu(x: Var) -> Var:
    """max(x, 0), entry by entry; its derivative at 0 is 0."""
    return _call("relu", x)


def exp(x: Var) -> Var:
    """Exponential, entry by entry."""
    return _call("exp", x)


def log(x: Var) -> Var:
    """Natural logarithm, entry by entry."""
    return _call("log", x)


def sqrt(x: Var) -> Var:
    """Square root, entry by entry."""
    return _call("sqrt", x)


def sin(x: Var) -> Var:
    """Sine of radians, entry by entry."""
    return _call("sin", x)


def cos(x: Var) -> Var:
    """Cosine of radians, entry by entry."""
    return _call("cos", x)


def sign(x: Var) -> Var:
    """-1, 0 or 1, entry by entry; its derivative is taken as 0."""
    return _call("sign", x)


def floor(x: Var) -> Var:
    """Largest whole number not above x; its derivative is taken as 0."""
    return _call("floor", x)


def maximum(a: Var | float, b: Var | float) -> Var:
    """The larger of two, entry by entry; where they are equal the derivative goes to the first."""
    return _call("maximum", a, b)


def minimum(a: Var | float, b: Var | float) -> Var:
    """The smaller of two, entry by entry; where they are equal the derivative goes to the second."""
    return _call("minimum", a, b)


def where(condition: Var, a: Var | float, b: Var | float) -> Var:
    """`a` where the condition holds (is not 0), else `b`, entry by entry. Takes the place of Python's `if`."""
    return _call("where", condition, a, b)


def stop_gradient(x: Var) -> Var:
    """The value of x, taken as constant by every derivative."""
    return _call("stop_gradient", x)


def reduce_sum(x: Var, axis: int | None = None) -> Var:
    """The sum of all entries, or over one axis (0 is the first axis of one sample)."""
    return _reduce("sum", x, axis)


def reduce_max(x: Var, axis: int | None = None) -> Var:
    """The largest entry, or the largest along one axis; equal maxima share the derivative."""
    return _reduce("max", x, axis)


def reduce_mean(x: Var, axis: int | None = None) -> Var:
    """The mean of all entries, or over one axis."""
    total = reduce_sum(x, axis)
    return total / float(x.size // total.size)


def _reduce(primitive: str, x: Var, axis: int | None) -> Var:
    _graph(x)
    if not x.shape:
        return x
    rank = len(x.shape)
    axes = tuple(range(rank)) if axis is None else (axis % rank if -rank <= axis < rank else axis,)
    return x.graph.apply(primitive, (x,), (axes,))


def softmax(x: Var) -> Var:
    """exp(x) / Σ exp(x) of a vector, shifted by its maximum so that it never overflows."""
    shifted = exp(x - stop_gradient(reduce_max(x)))
    return shifted / reduce_sum(shifted)


def log_sum_exp(x: Var) -> Var:
    """log Σ exp(x) of a vector, shifted by its maximum so that it never overflows."""
    top = stop_gradient(reduce_max(x))
    return top + log(reduce_sum(exp(x - top)))


def concat(*values: Var) -> Var:
    """Vectors one behind the other (matrices: rows under rows)."""
    return _graph(*values).apply("concat", values)


def outer(a: Var, b: Var) -> Var:
    """The matrix a bᵀ of two vectors."""
    return _graph(a, b).apply("outer", (a, b))


def one_hot(index: Var, size: int) -> Var:
    """The vector of `size` entries that is 1 at the index and 0 elsewhere."""
    graph = _graph(index)
    return graph.apply("equal", (graph.apply("iota", (), (0, size)), index))


def gather(table: Var, index: Var) -> Var:
    """The row (entry) of a matrix (vector) at a scalar index that is a traced value."""
    return _graph(table, index).apply("gather", (table, index))


def broadcast(x: Var, shape: tuple[int, ...]) -> Var:
    """x repeated along new leading axes until it has this shape."""
    graph = _graph(x)
    axes = tuple(range(len(shape) - len(x.shape), len(shape)))
    return graph.apply("broadcast", (x,), (tuple(shape), axes))


def reshape(x: Var, shape: tuple[int, ...]) -> Var:
    """The same entries, row by row, in another shape."""
    return _graph(x).apply("reshape", (x,), (tuple(shape),))


_ACTIVATIONS: Final[Mapping[str, Callable[[Var], Var]]] = {
    "tanh": tanh,
    "sigmoid": sigmoid,
    "logistic": sigmoid,
    "relu": relu,
    "linear": lambda x: x,
}


def activate(name: str, x: Var) -> Var:
    """The activation function of this name: tanh, sigmoid (or logistic), relu, linear."""
    if name not in _ACTIVATIONS:
        raise TraceError(unknown("activation", name, _ACTIVATIONS))
    return _ACTIVATIONS[name](x)
