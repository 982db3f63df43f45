"""The program: the equations of one step placed in time, with a home for every value that needs one.

Both directions are lists of steps that a target turns into code; `before` runs once ahead of the scan for all steps
and samples together, and `weights` and `inputs` hold what remains for products after the adjoint scan.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import final

from lab.compile.adjoint import Adjoint
from lab.trace.graph import Var
from lab.trace.tracer import Traced


class Extent(Enum):
    """How a buffer extends over time; T steps, B samples, w entries."""

    SEQUENCE = "T, B, w"
    STATES = "T + 1, B, w"
    SCRATCH = "B, w"
    CARRY = "2, B, w"
    WEIGHT = "w"


class When(Enum):
    """Which entry of a buffer a step touches."""

    NOW = "t"
    NEXT = "t + 1"
    SCRATCH = ""
    ARRIVING = "t & 1"
    LEAVING = "1 - (t & 1)"
    WEIGHT = "weight"


@final
@dataclass(frozen=True, slots=True)
class Buffer:
    """Storage of `width` numbers a sample (and step)."""

    name: str
    extent: Extent
    width: int


@final
@dataclass(frozen=True, slots=True)
class Location:
    """Entries `start` to `start + width` of a buffer that is `full` wide."""

    buffer: str
    when: When
    start: int
    width: int
    full: int

    def part(self, start: int, width: int) -> "Location":
        """Entries within this location."""
        return replace(self, start=self.start + start, width=width)

    def follows(self, other: "Location") -> bool:
        """True if this begins where the other ends, in the same buffer."""
        return self.buffer == other.buffer and self.when == other.when and self.start == other.start + other.width


@final
@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """Compute a value (or copy it, where it already has a home) into a location."""

    value: Var
    target: Location


@final
@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """target (+)= weight @ source for every sample; `weight` depends on parameters alone."""

    value: Var
    weight: Var
    transposed: bool
    source: Location
    target: Location
    accumulate: bool


@final
@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """One pass over the entries of a shape that makes several stores."""

    shape: tuple[int, ...]
    stores: tuple[Store, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Reduce:
    """A sum or maximum over all entries of an expression."""

    value: Var
    target: Location


@final
@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """Any other primitive, by its evaluation rule; all its operands have homes or are weights."""

    value: Var
    target: Location


Step = Product | Loop | Reduce | Other


@final
@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """One scan: its steps in order, and where values are while it runs."""

    steps: tuple[Step, ...]
    where: Mapping[int, Location]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A cell placed in time.

    `weights` are the values of parameters alone, by number; `before` are the products made before the scan, and the
    values they need, in order. `kept` tells where values remain after the
    forward scan (all steps), `kept_back` after the adjoint scan.
    """

    traced: Traced
    adjoint: Adjoint
    weights: tuple[Var, ...]
    buffers: Mapping[str, Buffer]
    before: tuple[Store | Product, ...]
    forward: Direction
    backward: Direction
    kept: Mapping[int, Location]
    kept_back: Mapping[int, Location]

    @property
    def floats(self) -> int:
        """Numbers kept for one step of one sample."""
        return sum(b.width for b in self.buffers.values() if b.extent in (Extent.SEQUENCE, Extent.STATES))
