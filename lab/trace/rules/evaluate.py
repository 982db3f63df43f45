"""Evaluate: what each primitive means, in NumPy. A batched array has the batch as its first axis, others have none."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lab.trace.graph import Literal, Var

Array = NDArray[Any]
Rule = Callable[[Var, tuple[Array, ...]], Array]


def _aligned(value: Var, operands: tuple[Array, ...]) -> list[Array]:
    """Operands of a pointwise equation with axes added, so that batched scalars meet batched vectors."""
    rank = max((len(v.shape) for v in value.inputs), default=0)
    aligned = []
    for var, array in zip(value.inputs, operands, strict=True):
        if var.batched and len(var.shape) < rank:
            array = array.reshape(array.shape[:1] + (1,) * rank)
        aligned.append(array)
    return aligned


def _entrywise(function: Callable[..., Array]) -> Rule:
    return lambda value, operands: function(*_aligned(value, operands))


def _sum_all(*terms: Array) -> Array:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def sigmoid(x: Array) -> Array:
    """The logistic function without overflow: ½ tanh(½ x) + ½."""
    half = x.dtype.type(0.5)
    result: Array = half * np.tanh(half * x) + half
    return result


def _truth(function: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    return lambda a, b: function(a, b).astype(np.result_type(a, b))


def _choose(condition: Array, a: Array, b: Array) -> Array:
    return np.where(condition != 0, a, b)


def _matmul(value: Var, operands: tuple[Array, ...]) -> Array:
    matrix_var, right_var = value.inputs
    matrix, right = operands
    if value.attributes[0]:
        matrix = np.swapaxes(matrix, -1, -2)
    if len(right_var.shape) == 2 or not right_var.batched:
        return matrix @ right
    if not matrix_var.batched:
        return right @ matrix.T
    return (matrix @ right[..., None])[..., 0]


def _outer(value: Var, operands: tuple[Array, ...]) -> Array:
    left, right = operands
    return left[..., :, None] * right[..., None, :]


def _axis(value: Var, axis: int = 0) -> int:
    return axis + int(value.inputs[0].batched)


def _over(function: Callable[..., Array]) -> Rule:
    return lambda value, operands: function(operands[0], axis=tuple(_axis(value, axis) for axis in value.attributes[0]))


def _slice(value: Var, operands: tuple[Array, ...]) -> Array:
    start, stop = value.attributes
    return operands[0][:, start:stop] if value.batched else operands[0][start:stop]


def _pad(value: Var, operands: tuple[Array, ...]) -> Array:
    start, size = value.attributes
    widths = [(0, 0)] * operands[0].ndim
    widths[_axis(value)] = (start, size - start - value.inputs[0].shape[0])
    return np.pad(operands[0], widths)


def _concat(value: Var, operands: tuple[Array, ...]) -> Array:
    batch = max((a.shape[0] for a, v in zip(operands, value.inputs, strict=True) if v.batched), default=0)
    arrays = [
        np.broadcast_to(a, (batch, *v.shape)) if value.batched and (not v.batched or len(a) != batch) else a
        for a, v in zip(operands, value.inputs, strict=True)
    ]
    return np.concatenate(arrays, axis=int(value.batched))


def _lead(value: Var, array: Array) -> tuple[int, ...]:
    return array.shape[:1] if value.inputs[0].batched else ()


def _reshape(value: Var, operands: tuple[Array, ...]) -> Array:
    return operands[0].reshape(_lead(value, operands[0]) + value.shape)


def _broadcast(value: Var, operands: tuple[Array, ...]) -> Array:
    shape, axes = value.attributes
    inner = [1] * len(shape)
    for axis in axes:
        inner[axis] = shape[axis]
    lead = _lead(value, operands[0])
    return np.broadcast_to(operands[0].reshape(lead + tuple(inner)), lead + tuple(shape))


def _gather(value: Var, operands: tuple[Array, ...]) -> Array:
    table, index = operands
    index = index.astype(np.intp)
    if not value.inputs[0].batched:
        return table[index]
    return table[np.arange(len(table), like=index), index]


def _scatter_add(value: Var, operands: tuple[Array, ...]) -> Array:
    row, index = operands
    (rows,) = value.attributes
    rank = len(value.inputs[0].shape)
    chosen = np.arange(rows, like=index) == index[..., None]
    row = np.expand_dims(row, int(value.inputs[0].batched))
    scattered: Array = row * chosen.reshape(chosen.shape + (1,) * rank).astype(row.dtype)
    return scattered


EVALUATE: Final[Mapping[str, Rule]] = {
    "add": _entrywise(_sum_all),
    "sub": _entrywise(np.subtract),
    "mul": _entrywise(np.multiply),
    "div": _entrywise(np.divide),
    "neg": _entrywise(np.negative),
    "tanh": _entrywise(np.tanh),
    "sigmoid": _entrywise(sigmoid),
    "exp": _entrywise(np.exp),
    "log": _entrywise(np.log),
    "sqrt": _entrywise(np.sqrt),
    "sin": _entrywise(np.sin),
    "cos": _entrywise(np.cos),
    "abs": _entrywise(np.abs),
    "sign": _entrywise(np.sign),
    "floor": _entrywise(np.floor),
    "relu": _entrywise(lambda x: np.maximum(x, x.dtype.type(0))),
    "maximum": _entrywise(np.maximum),
    "minimum": _entrywise(np.minimum),
    "greater": _entrywise(_truth(np.greater)),
    "greater_equal": _entrywise(_truth(np.greater_equal)),
    "equal": _entrywise(_truth(np.equal)),
    "where": _entrywise(_choose),
    "stop_gradient": _entrywise(lambda x: x),
    "iota": lambda value, _: np.arange(value.attributes[0], sum(value.attributes)),
    "sum": _over(np.sum),
    "max": _over(np.max),
    "matmul": _matmul,
    "outer": _outer,
    "slice": _slice,
    "pad": _pad,
    "concat": _concat,
    "reshape": _reshape,
    "transpose": lambda value, operands: np.swapaxes(operands[0], -1, -2),
    "broadcast": _broadcast,
    "gather": _gather,
    "scatter_add": _scatter_add,
}


def evaluate(roots: Iterable[Var], given: Mapping[Var, Array], dtype: np.dtype[Any]) -> dict[Var, Array]:
    """The arrays of the roots and of all they need.

    `given` has the array of every leaf, and may have those of other values, which are then not computed. Batched
    arrays are (B, *shape), others (*shape); literals and iotas take `dtype`, and live where the given arrays do.
    """
    arrays: dict[Var, Array] = dict(given)
    like = next((array for array in arrays.values() if hasattr(array, "__array_function__")), None)
    for value in _needed(roots, arrays):
        if isinstance(value.origin, Literal):
            arrays[value] = np.asarray(value.origin.value, dtype, like=like)
        else:
            result = EVALUATE[value.primitive](value, tuple(arrays[operand] for operand in value.inputs))
            arrays[value] = np.asarray(result, dtype, like=like) if value.primitive == "iota" else result
    return arrays


def _needed(roots: Iterable[Var], known: Mapping[Var, Array]) -> list[Var]:
    """Values to compute, operands first, stopping at those that are known."""
    seen: dict[int, Var] = {}
    stack = list(roots)
    while stack:
        value = stack.pop()
        if value.number not in seen and value not in known:
            seen[value.number] = value
            stack.extend(value.inputs)
    return [seen[number] for number in sorted(seen)]
