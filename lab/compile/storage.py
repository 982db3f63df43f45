"""Storage: which values have a home, and the stores that bring them there."""

import itertools
from collections.abc import Callable
from typing import final

from lab.compile.program import Buffer, Extent, Location, Store, When
from lab.trace.graph import Var
from lab.trace.rules.vjp import zeros_like

_WHEN = {
    Extent.SEQUENCE: When.NOW,
    Extent.STATES: When.NOW,
    Extent.SCRATCH: When.SCRATCH,
    Extent.CARRY: When.ARRIVING,
    Extent.WEIGHT: When.WEIGHT,
}


@final
class Storage:
    """Buffers, and for each value that has one its location; slices and reshapes are seen through."""

    def __init__(self, buffers: dict[str, Buffer], where: dict[int, Location]) -> None:
        self.buffers = buffers
        self.where = where
        self.stores: list[Store] = []

    def allocate(self, name: str, extent: Extent, width: int) -> Location:
        """A new buffer, as one location."""
        self.buffers[name] = Buffer(name, extent, width)
        return Location(name, _WHEN[extent], 0, width, width)

    def locate(self, value: Var) -> Location | None:
        """Where a value is, if it has a home."""
        found = self.where.get(value.number)
        if found is not None:
            return found
        if value.primitive in ("slice", "reshape"):
            base = self.locate(value.inputs[0])
            if base is None or value.primitive == "reshape":
                return base
            row = value.size // value.shape[0]
            return base.part(value.attributes[0] * row, value.size)
        return None

    def home(self, value: Var, make: Callable[[Var], Location]) -> Location:
        """Where a value is; if it has no home yet, one is made and filled."""
        found = self.locate(value)
        if found is None and value.primitive == "concat":
            found = self._adjacent(value)
        if found is None:
            found = make(value)
            self.store(value, found)
        return found

    def settle(self, make: Callable[[Var], Location]) -> None:
        """Give homes to structure inside the stored expressions, which are computed entry by entry.

        An entry of a concatenation, or of a slice of what is nowhere kept, is not made of entries at the same index.
        """
        seen: set[int] = set()

        def visit(value: Var) -> None:
            if value.number in seen or not value.batched or not value.inputs or self.locate(value) is not None:
                return
            seen.add(value.number)
            for operand in value.inputs:
                visit(operand)
            if value.primitive in ("concat", "pad"):
                self.home(value, make)
            elif value.primitive in ("slice", "reshape"):
                self.home(value.inputs[0], make)

        for store in tuple(self.stores):
            for root in store.value.inputs if self.locate(store.value) == store.target else (store.value,):
                visit(root)

    def _adjacent(self, joined: Var) -> Location | None:
        """The location of a concatenation whose pieces already lie one behind the other."""
        places = [self.locate(piece) for piece in joined.inputs]
        first = places[0]
        for before, after in itertools.pairwise(places):
            if before is None or after is None or not after.follows(before):
                return None
        if first is None:
            return None
        self.where[joined.number] = first.part(0, joined.size)
        return self.where[joined.number]

    def store(self, value: Var, target: Location) -> None:
        """Bring a value to a location; structure is taken apart, so that every store is of one expression."""
        if value.primitive == "pad":
            self.store(_pad_as_concat(value), target)
        elif value.primitive == "concat":
            start = 0
            for piece in value.inputs:
                self.store(piece, target.part(start, piece.size))
                start += piece.size
        elif value.primitive == "reshape" and self.locate(value) is None:
            self.store(value.inputs[0], target)
        else:
            self.stores.append(Store(value, target))
            if not self.computed(value) or self.locate(value) is not None:
                return
        self.where.setdefault(value.number, target)

    @staticmethod
    def computed(value: Var) -> bool:
        """True for values that equations compute from operands (not leaves, literals or views)."""
        return value.batched and bool(value.inputs) and value.primitive not in ("slice", "reshape")


def _pad_as_concat(value: Var) -> Var:
    start, size = value.attributes
    piece = value.inputs[0]
    zero = value.graph.lift(0.0)
    blocks = [zeros_like(zero, (start, *piece.shape[1:]))] if start else []
    blocks.append(piece)
    rest = size - start - piece.shape[0]
    if rest:
        blocks.append(zeros_like(zero, (rest, *piece.shape[1:])))
    return value.graph.make("concat", tuple(blocks), (), value.shape)
