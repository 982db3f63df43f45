"""Shape and dtype: one rule per primitive, from the operands to the shape and dtype of the value (or a ShapeError)."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn

from lab.errors import ShapeError
from lab.trace.primitives import POINTWISE

if TYPE_CHECKING:
    from lab.trace.graph import Var

Shape = tuple[int, ...]
Rule = Callable[[tuple["Var", ...], tuple[Any, ...]], tuple[Shape, str]]


def words(shape: Shape) -> str:
    """A shape as people write it: `scalar`, `(32)`, `(32, 8)`."""
    return f"({', '.join(map(str, shape))})" if shape else "scalar"


def _fail(message: str, remedy: str) -> NoReturn:
    raise ShapeError(message, remedy=remedy)


def _pointwise(inputs: tuple["Var", ...], _: tuple[Any, ...]) -> tuple[Shape, str]:
    shape: Shape = ()
    for value in inputs:
        if value.shape and shape and value.shape != shape:
            _fail(
                f"the shapes {words(shape)} and {words(value.shape)} do not fit entry by entry;",
                "give both the same shape (scalars fit every shape; broadcast(v, shape) repeats rows)",
            )
        shape = shape or value.shape
    return shape, "real"


def _matmul(inputs: tuple["Var", ...], attributes: tuple[Any, ...]) -> tuple[Shape, str]:
    matrix, right = inputs
    (transposed,) = attributes
    if len(matrix.shape) != 2 or len(right.shape) not in (1, 2):
        _fail(
            f"cannot multiply {words(matrix.shape)} @ {words(right.shape)};",
            "the left side of @ is a matrix, the right side a vector or a matrix",
        )
    rows, columns = matrix.shape[::-1] if transposed else matrix.shape
    if columns != right.shape[0] and transposed and len(right.shape) == 1:
        _fail(
            f"cannot multiply {words(right.shape)} @ {words(matrix.shape)}: "
            f"{right.shape[0]} entries meet {columns} rows;",
            "check the sizes given in parameters()",
        )
    if columns != right.shape[0]:
        _fail(
            f"cannot multiply {words((rows, columns))} @ {words(right.shape)}: "
            f"{columns} columns meet {right.shape[0]} entries;",
            "check the sizes given in parameters(): W takes (hidden, inputs), U takes (hidden, hidden)",
        )
    return (rows, *right.shape[1:]), "real"


def _outer(inputs: tuple["Var", ...], _: tuple[Any, ...]) -> tuple[Shape, str]:
    left, right = inputs
    if len(left.shape) != 1 or len(right.shape) != 1:
        _fail(f"outer product of {words(left.shape)} and {words(right.shape)};", "give it two vectors")
    return left.shape + right.shape, "real"


def _reduction(inputs: tuple["Var", ...], attributes: tuple[Any, ...]) -> tuple[Shape, str]:
    (value,) = inputs
    (axes,) = attributes
    if not axes or any(not 0 <= axis < len(value.shape) for axis in axes):
        _fail(f"cannot reduce {words(value.shape)} over the axes {list(axes)};", "axes count from 0 within one sample")
    return tuple(extent for axis, extent in enumerate(value.shape) if axis not in axes), "real"


def _slice(inputs: tuple["Var", ...], attributes: tuple[Any, ...]) -> tuple[Shape, str]:
    (value,) = inputs
    start, stop = attributes
    if not value.shape or not 0 <= start < stop <= value.shape[0]:
        _fail(f"the slice [{start}:{stop}] of {words(value.shape)} is empty or out of range;", "check the bounds")
    return (stop - start, *value.shape[1:]), value.dtype


def _pad(inputs: tuple["Var", ...], attributes: tuple[Any, ...]) -> tuple[Shape, str]:
    (value,) = inputs
    start, size = attributes
    if not value.shape or start < 0 or start + value.shape[0] > size:
        _fail(f"{words(value.shape)} does not fit into {size} entries from {start};", "check the bounds")
    return (size, *value.shape[1:]), "real"


def _concat(inputs: tuple["Var", ...], _: tuple[Any, ...]) -> tuple[Shape, str]:
    first = inputs[0]
    if any(not value.shape or value.shape[1:] != first.shape[1:] for value in inputs):
        _fail(
            f"cannot join {', '.join(words(value.shape) for value in inputs)};",
            "join vectors, or matrices with equally many columns",
        )
    return (sum(value.shape[0] for value in inputs), *first.shape[1:]), "real"


def _reshape(inputs: tuple["Var", ...], attributes: tuple[Any, ...]) -> tuple[Shape, str]:
    (value,) = inputs
    (shape,) = attributes
    size = 1
    for extent in shape:
        size *= extent
    if size != value.size or any(extent < 1 for extent in shape):
        _fail(
            f"cannot reshape {words(value.shape)} to {words(shape)}: {value.size} entries are not {size};",
            "check the sizes",
        )
    return tuple(shape), value.dtype


def _transpose(inputs: tuple["Var", ...], _: tuple[Any, ...]) -> tuple[Shape, str]:
    (value,) = inputs
    if len(value.shape) != 2:
        _fail(f"cannot transpose {words(value.shape)};", "only matrices are transposed")
    return value.shape[::-1], value.dtype


def _broadcast(inputs: tuple["Var", ...], attributes: tuple[Any, ...]) -> tuple[Shape, str]:
    (value,) = inputs
    shape, axes = attributes
    fits = len(axes) == len(value.shape) and all(0 <= axis < len(shape) for axis in axes)
    if not fits or any(shape[axis] != extent for axis, extent in zip(axes, value.shape, strict=True)):
        _fail(
            f"cannot broadcast {words(value.shape)} to {words(shape)};",
            "its axes must be among those of the result: leading ones of equal size, or the last one",
        )
    return tuple(shape), "real"


def _gather(inputs: tuple["Var", ...], _: tuple[Any, ...]) -> tuple[Shape, str]:
    table, index = inputs
    if not table.shape or index.shape:
        _fail(f"cannot take row {words(index.shape)} of {words(table.shape)};", "give a table and one scalar index")
    return table.shape[1:], "real"


def _scatter_add(inputs: tuple["Var", ...], attributes: tuple[Any, ...]) -> tuple[Shape, str]:
    row, index = inputs
    (rows,) = attributes
    if index.shape:
        _fail(f"a row cannot go to index {words(index.shape)};", "give one scalar index")
    return (rows, *row.shape), "real"


def _iota(_: tuple["Var", ...], attributes: tuple[Any, ...]) -> tuple[Shape, str]:
    _start, size = attributes
    if size < 1:
        _fail(f"a vector of {size} entries;", "give it at least one")
    return (size,), "real"


SHAPES: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(POINTWISE, _pointwise),
    "iota": _iota,
    "sum": _reduction,
    "max": _reduction,
    "matmul": _matmul,
    "outer": _outer,
    "slice": _slice,
    "pad": _pad,
    "concat": _concat,
    "reshape": _reshape,
    "transpose": _transpose,
    "broadcast": _broadcast,
    "gather": _gather,
    "scatter_add": _scatter_add,
}
