"""The derivatives of a step unit by unit: what entry i of a value owes to entry i of another, at elementwise cost.

A tangent matrix ∂v/∂u is kept as a sum of simple terms, and only its diagonal is read in the end. So a product with a
weight costs no more than the weight's diagonal, and two products in a row one product with U ⊙ Vᵀ.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import final

from lab.trace.graph import Var, reachable
from lab.trace.primitives import POINTWISE
from lab.trace.rules.jvp import JVP


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Term:
    """A part of ∂v/∂u, in the rows from `row` and the columns from `column` on: scale ⊙ matrix ⊙ rightᵀ.

    Without a matrix it is the diagonal `scale`. What is None is 1. Of a `partial` term the rest is not known.
    """

    row: int
    rows: int
    column: int
    scale: Var | None = None
    matrix: Var | None = None
    right: Var | None = None
    partial: bool = False


@final
@dataclass(frozen=True, slots=True, eq=False)
class Tangent:
    """∂v/∂u as terms; `mixed` where units were mixed in a way that no term can say."""

    terms: tuple[_Term, ...] = ()
    mixed: bool = False


@final
@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """What the units of a value owe to their own entries of another, (D,); None is nothing.

    `spreads` where other units owe something to them too.
    """

    value: Var | None
    spreads: bool


def tangents(roots: Iterable[Var], seed: Var, *, products: bool) -> dict[int, Tangent]:
    """∂v/∂seed of the roots, by number. Without `products`, products with weights hand on nothing."""
    known = {seed.number: Tangent((_Term(0, seed.shape[0], 0, seed.graph.lift(1.0)),))}
    for value in reachable(roots):
        if value.number in known or not value.inputs:
            continue
        operands = [known.get(operand.number, Tangent()) for operand in value.inputs]
        if any(one.terms or one.mixed for one in operands):
            with value.graph.derived_from(value):
                known[value.number] = _rule(value, operands, products)
    return known


def own(tangent: Tangent, start: int, size: int) -> Own | None:
    """The diagonal of the columns start ... start + size - 1; None where terms cannot tell it."""
    if tangent.mixed:
        return None
    found: Var | None = None
    spreads = False
    for term in tangent.terms:
        width = term.rows if term.matrix is None else term.matrix.shape[1]
        first, last = max(term.column, start), min(term.column + width, start + size)
        if first >= last:
            continue
        spreads |= term.partial or term.matrix is not None or term.row != term.column - start
        if term.matrix is not None:
            if not _covers(term, start, size):
                return None
            value = _diagonal(term, start, size)
        elif term.row == term.column - start:
            value = _diagonal_part(term, first, last, start, size)
        else:
            continue
        found = value if found is None else found + value
    return Own(found, spreads)


def _diagonal_part(term: _Term, first: int, last: int, start: int, size: int) -> Var:
    scale = term.scale
    assert scale is not None
    if scale.shape:
        scale = scale[first - term.column : last - term.column]
    if last - first == size:
        return scale
    graph = scale.graph
    part = scale if scale.shape else graph.apply("broadcast", (scale,), ((last - first,), ()))
    return graph.apply("pad", (part,), (first - start, size))


def _covers(term: _Term, start: int, size: int) -> bool:
    """Whether a product gives just the units of a state, and all the columns asked for."""
    assert term.matrix is not None
    column = start - term.column
    return (term.row, term.rows) == (0, size) and 0 <= column <= term.matrix.shape[1] - size


def _diagonal(term: _Term, start: int, size: int) -> Var:
    matrix = term.matrix
    assert matrix is not None
    graph, column = matrix.graph, start - term.column
    numbers = graph.apply("iota", (), (0, size))
    lines, rows = (graph.apply("broadcast", (numbers,), ((size, size), (axis,))) for axis in (0, 1))
    one = graph.apply("equal", (lines, rows))
    value = graph.apply("sum", (_columns(matrix, column, column + size) * one,), ((1,),))
    return _times(_times(value, term.scale), _part(term.right, column, column + size))


def _rule(value: Var, operands: Sequence[Tangent], products: bool) -> Tangent:
    if value.primitive == "matmul" and not value.inputs[0].batched and len(value.inputs[1].shape) == 1:
        if not products or operands[0].terms or operands[0].mixed:
            return Tangent(mixed=bool(operands[0].terms) or operands[0].mixed)
        return _product(value, operands[1])
    if value.primitive in POINTWISE:
        return _pointwise(value, operands)
    if value.primitive in _MOVED and len(value.shape) == 1:
        moved = _MOVED[value.primitive](value, operands)
        return Tangent(tuple(moved), any(one.mixed for one in operands))
    return Tangent(mixed=True)


def _pointwise(value: Var, operands: Sequence[Tangent]) -> Tangent:
    graph, terms = value.graph, []
    mixed = any(one.mixed for one in operands)
    for place, (operand, tangent) in enumerate(zip(value.inputs, operands, strict=True)):
        if not tangent.terms:
            continue
        if operand.shape != value.shape:
            mixed = True
            continue
        unit = tuple(graph.lift(1.0) if index == place else None for index in range(len(operands)))
        slope = JVP[value.primitive](value, unit)
        if slope is None or slope.is_literal(0.0):
            continue
        for term in tangent.terms:
            factor = _part(slope, term.row, term.row + term.rows)
            terms.append(replace(term, scale=_times(factor, term.scale)))
    return Tangent(_joined(terms), mixed)


def _joined(terms: Iterable[_Term]) -> tuple[_Term, ...]:
    """Terms with the same place and matrix as one."""
    found: dict[tuple[object, ...], _Term] = {}
    for term in terms:
        matrix, right = (None if part is None else part.number for part in (term.matrix, term.right))
        key = (term.row, term.rows, term.column, matrix, right, term.partial)
        if key in found:
            other = found[key].scale
            assert other is not None
            assert term.scale is not None
            term = replace(term, scale=other + term.scale)
        found[key] = term
    return tuple(found.values())


def _slice(value: Var, operands: Sequence[Tangent]) -> list[_Term]:
    start, stop = value.attributes
    found = []
    for term in operands[0].terms:
        first, last = max(term.row, start), min(term.row + term.rows, stop)
        if first < last:
            skipped = first - term.row
            found.append(
                replace(
                    term,
                    row=first - start,
                    rows=last - first,
                    column=term.column if term.matrix is not None else term.column + skipped,
                    scale=_part(term.scale, skipped, last - term.row),
                    matrix=None if term.matrix is None else term.matrix[skipped : last - term.row],
                )
            )
    return found


def _concat(value: Var, operands: Sequence[Tangent]) -> list[_Term]:
    found, start = [], 0
    for operand, tangent in zip(value.inputs, operands, strict=True):
        found += [replace(term, row=term.row + start) for term in tangent.terms]
        start += operand.shape[0]
    return found


def _pad(value: Var, operands: Sequence[Tangent]) -> list[_Term]:
    return [replace(term, row=term.row + value.attributes[0]) for term in operands[0].terms]


_MOVED: dict[str, Callable[[Var, Sequence[Tangent]], list[_Term]]] = {"slice": _slice, "concat": _concat, "pad": _pad}


def _product(value: Var, tangent: Tangent) -> Tangent:
    weight = value.inputs[0].T if value.attributes[0] else value.inputs[0]
    if tangent.mixed or any(term.partial for term in tangent.terms):
        return Tangent(mixed=True)
    found: list[_Term] = []
    for term in tangent.terms:
        met = _columns(weight, term.row, term.row + term.rows)
        if term.matrix is None:
            found.append(_Term(0, weight.shape[0], term.column, None, met, term.scale))
        elif weight.shape[0] % term.matrix.shape[1]:
            return Tangent(mixed=True)
        else:
            found += _twice(met, term)
    return Tangent(tuple(found))


def _twice(weight: Var, term: _Term) -> list[_Term]:
    """Two products, V diag(a) U: of each block of units the diagonal, (V ⊙ Uᵀ) a."""
    assert term.matrix is not None
    graph, (inner, size) = weight.graph, term.matrix.shape
    blocks = weight.shape[0] // size
    turned = term.matrix.T
    both = weight * (graph.apply("concat", [turned] * blocks) if blocks > 1 else turned)
    scale = graph.lift(1.0) if term.scale is None else term.scale
    if not scale.shape:
        scale = graph.apply("broadcast", (scale,), ((inner,), ()))
    diagonal = graph.apply("matmul", (both, scale), (False,))
    return [
        _Term(start, size, term.column, _times(diagonal[start : start + size], term.right), partial=True)
        for start in range(0, weight.shape[0], size)
    ]


def _times(a: Var | None, b: Var | None) -> Var:
    if a is None or b is None:
        known = b if a is None else a
        assert known is not None
        return known
    return a * b


def _part(value: Var | None, start: int, stop: int) -> Var | None:
    """Entries of a vector; all entries of a scalar are the same."""
    return value if value is None or not value.shape else value[start:stop]


def _columns(matrix: Var, start: int, stop: int) -> Var:
    return matrix if (start, stop) == (0, matrix.shape[1]) else matrix.T[start:stop].T
