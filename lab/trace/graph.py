"""The graph: `Var` is a symbolic value of one sample, made by an `Equation`, or a `Leaf`, or a `Literal`."""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntFlag
from typing import Any, Final, NoReturn, final

import numpy as np

from lab.errors import TraceError
from lab.trace.primitives import PRIMITIVES
from lab.trace.rules.shape import SHAPES
from lab.trace.rules.simplify import SIMPLIFY
from lab.trace.source import Source, source_here

Shape = tuple[int, ...]
Attributes = tuple[Any, ...]


class Depends(IntFlag):
    """What a value depends on beside parameters and literals; it decides where in time the value can be computed."""

    NOTHING = 0
    SEQUENCE = 1
    """An input known for all steps before the scan (differs with step and sample)."""
    STATE = 2
    """The state of the step before."""
    COTANGENT = 4
    """A cotangent that arrives from the step after, or a tangent from the step before."""


@final
@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that the graph is given: `kind` is one of the keys of `LEAF_DEPENDS`."""

    kind: str
    name: str


LEAF_DEPENDS: Final[Mapping[str, Depends]] = {
    "parameter": Depends.NOTHING,
    "constant": Depends.NOTHING,
    "input": Depends.SEQUENCE,
    "state": Depends.STATE,
    "output_gradient": Depends.SEQUENCE,
    "cotangent": Depends.COTANGENT,
    "tangent": Depends.COTANGENT,
    "weight_tangent": Depends.NOTHING,
    "weight_gradient": Depends.NOTHING,
}


@final
@dataclass(frozen=True, slots=True)
class Literal:
    """A number written in the equations."""

    value: float


@final
@dataclass(frozen=True, slots=True, eq=False)
class Equation:
    """One primitive applied to values, and the line of the author's file that it came from."""

    primitive: str
    inputs: tuple["Var", ...]
    attributes: Attributes
    source: Source | None


@final
class Var:
    """A symbolic value of one sample. Arithmetic on it adds equations to its graph; it never holds numbers."""

    __slots__ = ("batched", "depends", "dtype", "graph", "number", "origin", "shape")

    def __init__(
        self, graph: "Graph", number: int, origin: Equation | Leaf | Literal, shape: Shape, dtype: str, depends: Depends
    ) -> None:
        self.graph: Final = graph
        self.number: Final = number
        self.origin: Final = origin
        self.shape: Final = shape
        self.dtype: Final = dtype
        self.depends: Final = depends
        self.batched: Final = bool(depends)

    @property
    def primitive(self) -> str:
        """The name of the primitive that makes it; empty for leaves and literals."""
        return self.origin.primitive if isinstance(self.origin, Equation) else ""

    @property
    def inputs(self) -> tuple["Var", ...]:
        """The operands of its equation; none for leaves and literals."""
        return self.origin.inputs if isinstance(self.origin, Equation) else ()

    @property
    def attributes(self) -> Attributes:
        """The attributes of its equation (bounds of a slice, axes of a sum)."""
        return self.origin.attributes if isinstance(self.origin, Equation) else ()

    @property
    def source(self) -> Source | None:
        """Where the author wrote it."""
        return self.origin.source if isinstance(self.origin, Equation) else None

    @property
    def size(self) -> int:
        """Number of entries of one sample's value."""
        total = 1
        for extent in self.shape:
            total *= extent
        return total

    def is_literal(self, value: float | None = None) -> bool:
        """True for a literal; with `value`, for a literal of that value."""
        return isinstance(self.origin, Literal) and (value is None or self.origin.value == value)

    def _with(self, primitive: str, other: object, *, swapped: bool = False) -> "Var":
        operand = self.graph.lift(other)
        return self.graph.apply(primitive, (operand, self) if swapped else (self, operand))

    def __add__(self, other: object) -> "Var":
        return self._with("add", other)

    def __radd__(self, other: object) -> "Var":
        return self._with("add", other, swapped=True)

    def __sub__(self, other: object) -> "Var":
        return self._with("sub", other)

    def __rsub__(self, other: object) -> "Var":
        return self._with("sub", other, swapped=True)

    def __mul__(self, other: object) -> "Var":
        return self._with("mul", other)

    def __rmul__(self, other: object) -> "Var":
        return self._with("mul", other, swapped=True)

    def __truediv__(self, other: object) -> "Var":
        return self._with("div", other)

    def __rtruediv__(self, other: object) -> "Var":
        return self._with("div", other, swapped=True)

    def __mod__(self, other: object) -> "Var":
        return self - self.graph.apply("floor", (self / other,)) * other

    def __neg__(self) -> "Var":
        return self.graph.apply("neg", (self,))

    def __abs__(self) -> "Var":
        return self.graph.apply("abs", (self,))

    def __pow__(self, exponent: object) -> "Var":
        if isinstance(exponent, int) and not isinstance(exponent, bool) and 1 <= exponent <= 4:
            result = self
            for _ in range(exponent - 1):
                result = result * self
            return result
        return _refuse(f"a power of {exponent!r}", "use x ** 2, 3 or 4, sqrt(x), or exp(n * log(x))")

    def __matmul__(self, other: object) -> "Var":
        if not isinstance(other, Var):
            return refuse_foreign(other)
        if len(self.shape) == 1 and len(other.shape) == 1:
            return self.graph.apply("sum", (self * other,), ((0,),))
        if len(self.shape) == 1:
            return self.graph.apply("matmul", (other, self), (True,))
        return self.graph.apply("matmul", (self, other), (False,))

    def __rmatmul__(self, other: object) -> NoReturn:
        refuse_foreign(other)

    def __gt__(self, other: object) -> "Var":
        return self._with("greater", other)

    def __lt__(self, other: object) -> "Var":
        return self._with("greater", other, swapped=True)

    def __ge__(self, other: object) -> "Var":
        return self._with("greater_equal", other)

    def __le__(self, other: object) -> "Var":
        return self._with("greater_equal", other, swapped=True)

    def __eq__(self, other: object) -> "Var":  # type: ignore[override]
        return self._with("equal", other)

    def __ne__(self, other: object) -> "Var":  # type: ignore[override]
        return 1 - self._with("equal", other)

    __hash__ = object.__hash__

    def __getitem__(self, key: object) -> "Var":
        if isinstance(key, slice) and key.step in (None, 1) and self.shape:
            start, stop, _ = key.indices(self.shape[0])
            return self.graph.apply("slice", (self,), (start, max(start, stop)))
        return _refuse(
            f"the index {key!r}", "take a run of entries, as in v[2:5]; for a row chosen by a value use gather"
        )

    @property
    def T(self) -> "Var":  # noqa: N802 (as in the textbooks, and in NumPy)
        """The transpose of a matrix."""
        return self.graph.apply("transpose", (self,))

    def __bool__(self) -> bool:
        return _refuse(
            "a Python condition on a traced value", "use where(condition, a, b) in place of if, and, or, not"
        )

    def __setitem__(self, key: object, value: object) -> None:
        _refuse("writing into a traced value", "build a new value, for instance with concat or where")

    def __iter__(self) -> Iterator["Var"]:
        return _refuse("a loop over the entries of a traced value", "write the equation for the whole vector")

    def __len__(self) -> int:
        return _refuse("len() of a traced value", "read its .shape, or the sizes given to parameters()")

    def __float__(self) -> float:
        return _refuse(
            "a number taken from a traced value", "step is traced once, before there are numbers: keep it symbolic"
        )

    __int__ = __index__ = __float__

    def __array__(self, *_: object, **__: object) -> NoReturn:
        _refuse("a NumPy array made of a traced value", "use the functions of lab.api (tanh, exp, sum, ...)")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **_: object) -> "Var":
        others = [value for value in inputs if not isinstance(value, Var)]
        if others:
            number = isinstance(others[0], (np.generic, np.ndarray)) and not others[0].ndim
            if number and ufunc.__name__ in _OF_NUMPY and method == "__call__":
                operands = (value if isinstance(value, Var) else value.item() for value in inputs)
                result: Var = _OF_NUMPY[ufunc.__name__](*operands)
                return result
            return refuse_foreign(others[0])
        return _refuse(
            f"numpy.{ufunc.__name__} of a traced value", f"use {ufunc.__name__} of lab.api, or the operators"
        )

    def __repr__(self) -> str:
        return f"%{self.number}:{'×'.join(map(str, self.shape)) or 'scalar'}"


_OF_NUMPY: Final[Mapping[str, Callable[..., Any]]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "less": operator.lt,
    "less_equal": operator.le,
    "equal": operator.eq,
    "not_equal": operator.ne,
}
"""What NumPy calls the operators: a NumPy number on the left, as in np.sqrt(2) * x, asks it before it asks x."""


def _refuse(what: str, remedy: str) -> NoReturn:
    raise TraceError(f"{what} cannot be traced;", remedy=remedy)


def refuse_foreign(value: object) -> NoReturn:
    """Raise the TraceError for a value that is neither traced nor a number."""
    kind = f"{type(value).__module__.split('.')[0]}.{type(value).__name__}"
    _refuse(
        f"a foreign value ({kind}) in an equation",
        "use numbers and traced values; declare an array in parameters() with fixed(array) and read it as p.name",
    )


@final
class Graph:
    """Equations in the order they were made; equal equations are kept once, and rewritten simpler if `simplify`."""

    def __init__(self, *, simplify: bool = True) -> None:
        self.simplify: Final = simplify
        self.vars: Final[list[Var]] = []
        self._known: Final[dict[tuple[Any, ...], Var]] = {}
        self._source: Source | None = None
        self._written = True

    def leaf(self, kind: str, name: str, shape: Shape, dtype: str = "real") -> Var:
        """The value that the graph is given under this name."""
        return self._make((kind, name), Leaf(kind, name), shape, dtype, LEAF_DEPENDS[kind])

    def literal(self, value: float) -> Var:
        """A number."""
        # The sign is part of the key: 0.0 and -0.0 are equal, and 1/x tells them apart.
        return self._make(("literal", repr(float(value))), Literal(float(value)), (), "real", Depends.NOTHING)

    def lift(self, value: object) -> Var:
        """A value of this graph made of a traced value or a plain number; TraceError for anything else."""
        if isinstance(value, Var):
            if value.graph is not self:
                raise TraceError(
                    "a value of another trace is used here;", remedy="keep nothing traced between two calls of step"
                )
            return value
        if isinstance(value, (int, float, np.integer, np.floating)):
            return self.literal(float(value))
        refuse_foreign(value)

    def apply(self, primitive: str, inputs: Iterable[Var], attributes: Attributes = ()) -> Var:
        """The value of a primitive; TraceError where an operand is foreign, ShapeError where operands do not fit."""
        operands = tuple(self.lift(value) for value in inputs)
        shape, dtype = SHAPES[primitive](operands, attributes)
        if self.simplify:
            rule = SIMPLIFY.get(primitive)
            simpler = rule(self, operands, attributes, shape) if rule else None
            if simpler is not None:
                return simpler
        return self.make(primitive, operands, attributes, shape, dtype)

    def make(
        self, primitive: str, inputs: tuple[Var, ...], attributes: Attributes, shape: Shape, dtype: str = "real"
    ) -> Var:
        """The value of an equation exactly as it is given (no rewriting)."""
        assert primitive in PRIMITIVES, primitive
        key = (primitive, tuple(v.number for v in inputs), attributes, shape)
        known = self._known.get(key)
        if known is not None:
            return known
        depends = Depends.NOTHING
        for value in inputs:
            depends |= value.depends
        source = source_here() if self._written and self._source is None else self._source
        return self._make(key, Equation(primitive, inputs, attributes, source), shape, dtype, depends)

    def _make(
        self, key: tuple[Any, ...], origin: Equation | Leaf | Literal, shape: Shape, dtype: str, depends: Depends
    ) -> Var:
        if key not in self._known:
            self._known[key] = Var(self, len(self.vars), origin, shape, dtype, depends)
            self.vars.append(self._known[key])
        return self._known[key]

    def end_trace(self) -> None:
        """What is added from now on was not written by the author: it has a line only inside `derived_from`."""
        self._written = False

    @contextmanager
    def derived_from(self, value: Var | None) -> Iterator[None]:
        """Equations made inside are derived from `value` and carry its source line; from None, they have none."""
        before = self._source, self._written
        self._source, self._written = (value.source if value is not None else None) or self._source, False
        try:
            yield
        finally:
            self._source, self._written = before


def reachable(roots: Iterable[Var]) -> list[Var]:
    """All values that the roots need, operands before results."""
    seen: dict[int, Var] = {}
    stack = list(roots)
    while stack:
        value = stack.pop()
        if value.number not in seen:
            seen[value.number] = value
            stack.extend(value.inputs)
    return [seen[number] for number in sorted(seen)]


def consumers(values: Iterable[Var]) -> dict[int, list[Var]]:
    """For each value's number, the values whose equations read it (once per value)."""
    readers: dict[int, list[Var]] = {}
    for value in values:
        for number in dict.fromkeys(operand.number for operand in value.inputs):
            readers.setdefault(number, []).append(value)
    return readers
