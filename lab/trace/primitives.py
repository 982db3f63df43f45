"""The primitives that every equation is made of.

A primitive is only a name with a few facts. What it means is said by the tables in `lab.trace.rules`, one table per
interpretation. All primitives work on the values of one sample; batch and time are added by the engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final, final


class Kind(Enum):
    """What a primitive needs of its operands; placement and code generation decide by this."""

    POINTWISE = "pointwise"
    """Entry by entry; scalars pair with any shape."""
    REDUCTION = "reduction"
    """Sums or maxima over axes of one sample."""
    PRODUCT = "product"
    """Products of matrices and vectors."""
    STRUCTURE = "structure"
    """Entries are moved, not computed."""


@final
@dataclass(frozen=True, slots=True)
class Primitive:
    """A primitive: name, number of operands (None: one or more), kind, and whether it is dear to recompute."""

    name: str
    arity: int | None
    kind: Kind
    dear: bool = False


_ALL: Final = (
    Primitive("add", None, Kind.POINTWISE),
    Primitive("sub", 2, Kind.POINTWISE),
    Primitive("mul", 2, Kind.POINTWISE),
    Primitive("div", 2, Kind.POINTWISE, dear=True),
    Primitive("neg", 1, Kind.POINTWISE),
    Primitive("tanh", 1, Kind.POINTWISE, dear=True),
    Primitive("sigmoid", 1, Kind.POINTWISE, dear=True),
    Primitive("exp", 1, Kind.POINTWISE, dear=True),
    Primitive("log", 1, Kind.POINTWISE, dear=True),
    Primitive("sqrt", 1, Kind.POINTWISE, dear=True),
    Primitive("sin", 1, Kind.POINTWISE, dear=True),
    Primitive("cos", 1, Kind.POINTWISE, dear=True),
    Primitive("abs", 1, Kind.POINTWISE),
    Primitive("sign", 1, Kind.POINTWISE),
    Primitive("floor", 1, Kind.POINTWISE),
    Primitive("relu", 1, Kind.POINTWISE),
    Primitive("maximum", 2, Kind.POINTWISE),
    Primitive("minimum", 2, Kind.POINTWISE),
    Primitive("greater", 2, Kind.POINTWISE),
    Primitive("greater_equal", 2, Kind.POINTWISE),
    Primitive("equal", 2, Kind.POINTWISE),
    Primitive("where", 3, Kind.POINTWISE),
    Primitive("stop_gradient", 1, Kind.POINTWISE),
    Primitive("iota", 0, Kind.POINTWISE),
    Primitive("sum", 1, Kind.REDUCTION),
    Primitive("max", 1, Kind.REDUCTION),
    Primitive("matmul", 2, Kind.PRODUCT),
    Primitive("outer", 2, Kind.PRODUCT),
    Primitive("slice", 1, Kind.STRUCTURE),
    Primitive("pad", 1, Kind.STRUCTURE),
    Primitive("concat", None, Kind.STRUCTURE),
    Primitive("reshape", 1, Kind.STRUCTURE),
    Primitive("transpose", 1, Kind.STRUCTURE),
    Primitive("broadcast", 1, Kind.STRUCTURE),
    Primitive("gather", 2, Kind.STRUCTURE),
    Primitive("scatter_add", 2, Kind.STRUCTURE),
)

PRIMITIVES: Final[Mapping[str, Primitive]] = MappingProxyType({primitive.name: primitive for primitive in _ALL})
POINTWISE: Final = frozenset(p.name for p in _ALL if p.kind is Kind.POINTWISE)
REDUCTIONS: Final = frozenset(p.name for p in _ALL if p.kind is Kind.REDUCTION)
DEAR: Final = frozenset(p.name for p in _ALL if p.dear)
CHEAP: Final = POINTWISE - DEAR
