"""One layer's step unit by unit: how each unit depends on itself a step before, and on the weights that are its own.

States of equal size have their units in common: unit i of an LSTM is h_i and c_i. Row i of a weight with as many rows
belongs to unit i, and so do its rows in a stack of such weights. Weights that belong to no unit, or that reach other
units at once, are credited for that too, but only at the same step.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.errors import TrainingError
from lab.gradients.jacobian import state_jacobians
from lab.gradients.local import Own, Tangent, own, tangents
from lab.gradients.pullback import Passage, Pullback
from lab.trace.graph import Var, reachable
from lab.trace.primitives import POINTWISE
from lab.trace.rules.vjp import vjp

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """Where a step reads a weight: its product `made` with `right`, or the weight itself, entry by entry (no `right`).

    `place` is that of the weight among the layer's. A `swapped` product is with the transposed weight.
    """

    place: int
    made: Var
    right: Var | None
    swapped: bool


@final
@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """D rows of a use, from `start` on, that belong to the units of `names`; `left` has ∂s/∂ of them, by state."""

    use: Use
    start: int
    names: tuple[str, ...]
    left: tuple[Var | None, ...]
    spreads: bool


def uses_of(pullback: Pullback) -> tuple[list[Use], set[int]]:
    """All uses of learned weights by rows; and the places of those weights that are read in other ways."""
    traced = pullback.traced
    values = [value for value in reachable(traced.next.values()) if value.batched]
    found: list[Use] = []
    others: set[int] = set()
    for place, pull in enumerate(pullback.weights):
        weight = pull.weight
        readers = [value for value in values if any(operand is weight for operand in value.inputs)]
        products = [value for value in readers if _is_product(value, weight)]
        if len(weight.shape) == 1 and all(value.primitive in (*POINTWISE, "concat", "slice") for value in readers):
            found.append(Use(place, weight, None, swapped=False))
        elif len(products) == len(readers):
            found += [Use(place, value, value.inputs[1], value.attributes[0]) for value in products]
        else:
            others.add(place)
    return found, others


def _is_product(value: Var, weight: Var) -> bool:
    if value.primitive != "matmul" or value.inputs[0] is not weight:
        return False
    right = value.inputs[1]
    return right.batched and len(right.shape) == 1


def _starts(weight: Var, use: Use, sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where the rows of units begin in a use, with their number; rows that are no units are left out."""
    parts = weight.inputs if weight.primitive == "concat" and not use.swapped else (use.made,)
    start = 0
    for part in parts:
        rows = part.shape[0]
        size = rows if rows in sizes else next((size for size in sizes if rows % size == 0), 0)
        if size:
            yield from ((first, size) for first in range(start, start + rows, size))
        start += rows


@final
class LocalStep:
    """The equations of a layer, ready to be differentiated unit by unit.

    `products` says whether a unit reaches itself through its own recurrent weight as well, or by what it carries
    alone. `transition` has ∂s^a_t/∂s^b_{t-1}, (D,), for states a, b of equal size. Where units are mixed in other ways
    than by one or two products, `dense` is true: then all are taken from the whole Jacobian. TrainingError where that
    would be needed without `products`.
    """

    def __init__(self, pullback: Pullback, *, products: bool) -> None:
        self.pullback = pullback
        traced = pullback.traced
        self.groups: dict[int, tuple[str, ...]] = {}
        for name, leaf in traced.states.items():
            if len(leaf.shape) == 1:
                self.groups[leaf.size] = (*self.groups.get(leaf.size, ()), name)
        self.uses, self.without = uses_of(pullback)
        self.dense = False
        self.transition = self._transitions(products)
        self.pieces = self._pieces(products)
        if self.dense and not products:
            raise TrainingError(
                "what the units of this cell carry on by themselves cannot be told apart: "
                "its equations mix units otherwise than by products with weights",
                remedy='Set training.algorithm = "snap-1", or take another cell',
            )
        if self.dense:
            self.transition = {}
            self.pieces = [piece for piece, _ in self._places()]
        self.direct = self.without | {piece.use.place for piece in self.pieces if piece.spreads}
        """Places of the weights that are credited at once for what they do to other units."""
        for use in self.uses:
            if sum(self.size_of(piece) for piece in self.pieces if piece.use is use) < use.made.shape[0]:
                self.direct.add(use.place)

    def size_of(self, piece: Piece) -> int:
        """D, the units of a piece."""
        return self.pullback.traced.states[piece.names[0]].size

    @property
    def carries(self) -> bool:
        """Whether anything of a unit goes on from step to step."""
        return self.dense or bool(self.transition)

    def _places(self) -> Iterator[tuple[Piece, int]]:
        for use in self.uses:
            weight = self.pullback.weights[use.place].weight
            for start, size in _starts(weight, use, list(self.groups)):
                yield Piece(use, start, self.groups[size], (None,) * len(self.groups[size]), spreads=True), size

    def _transitions(self, products: bool) -> dict[tuple[str, str], Var]:
        traced = self.pullback.traced
        found = {}
        for size, names in self.groups.items():
            for before in names:
                moved = tangents(traced.next.values(), traced.states[before], products=products)
                for after in names:
                    tangent = moved.get(traced.next[after].number, Tangent())
                    value = self._own(tangent, 0, size).value
                    if value is not None and not value.is_literal(0.0):
                        found[after, before] = value
        return found

    def _own(self, tangent: Tangent, start: int, size: int) -> Own:
        found = own(tangent, start, size)
        self.dense |= found is None
        return found or Own(None, spreads=True)

    def _pieces(self, products: bool) -> list[Piece]:
        traced = self.pullback.traced
        moved: dict[int, dict[int, Tangent]] = {}
        found = []
        for piece, size in self._places():
            made = piece.use.made
            if made.number not in moved:
                moved[made.number] = tangents(traced.next.values(), made, products=products)
            reached = moved[made.number]
            lefts, spreads = [], False
            for name in traced.next:
                tangent = reached.get(traced.next[name].number, Tangent())
                if name in piece.names:
                    one = self._own(tangent, piece.start, size)
                    lefts.append(one.value)
                    spreads |= one.spreads
                else:
                    spreads |= bool(tangent.terms) or tangent.mixed
            # Without products the tangent does not see where a product takes the weight's effect at once.
            spreads |= not products and self._passes_product(made)
            found.append(Piece(piece.use, piece.start, piece.names, tuple(lefts), spreads))
        return found

    def _passes_product(self, made: Var) -> bool:
        """Whether a value reaches the next states by way of a product."""
        reached = {made.number}
        for value in reachable(self.pullback.traced.next.values()):
            if any(operand.number in reached for operand in value.inputs) and value.number != made.number:
                if value.primitive not in (*POINTWISE, "slice", "concat", "pad"):
                    return True
                reached.add(value.number)
        return False

    def roots(self) -> list[Var]:
        """What is to be computed of a window unit by unit."""
        if self.dense:
            return []
        return [*self.transition.values(), *(one for piece in self.pieces for one in piece.left if one is not None)]


@final
class DenseStep:
    """The same from the whole Jacobian, for cells whose units are mixed in other ways."""

    def __init__(self, step: LocalStep) -> None:
        self.step = step
        pullback = step.pullback
        weights = [pull.weight for pull in pullback.weights]
        self._roots: dict[int, Var] = {}
        for use in step.uses:
            found = vjp(pullback.seeds, stop=[*weights, use.made])
            if use.made in found:
                self._roots[use.made.number] = found[use.made]

    def values(self, passage: Passage, count: int) -> tuple[dict[tuple[str, str], Array], list[list[Array | None]]]:
        """∂s^a/∂s^b by states, (R, D), and for each piece ∂s^a/∂ of its rows."""
        pullback = self.step.pullback
        roots = list({v.number: v for v in [*pullback.states.values(), *self._roots.values()]}.values())
        arrays = dict(zip(roots, state_jacobians(pullback, passage, roots, np.arange(count)), strict=True))
        bounds = pullback.vector.parts
        transition = {
            (after, before): np.einsum("rii->ri", arrays[pullback.states[before]][:, bounds[after]])
            for names in self.step.groups.values()
            for after in names
            for before in names
            if before in pullback.states
        }
        lefts: list[list[Array | None]] = []
        for piece in self.step.pieces:
            root = self._roots.get(piece.use.made.number)
            part = slice(piece.start, piece.start + self.step.size_of(piece))
            lefts.append(
                [None if root is None else np.einsum("rii->ri", arrays[root][:, bounds[n], part]) for n in piece.names]
            )
        return transition, lefts
