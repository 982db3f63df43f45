"""What remains after the adjoint scan: gradients of weights and inputs, as few large products over all steps."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.program import Location, Program, When
from lab.compile.storage import Storage
from lab.trace.graph import Var
from lab.trace.rules.evaluate import evaluate

Array = NDArray[Any]
Rows = Callable[[Var], Array]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """A weight's gradient: ∂L/∂w = Σ over rows; `outers` pairs of vectors, `products` of entries, `rows`, `others`."""

    weight: Var
    outers: tuple[tuple[Var, Var], ...]
    products: tuple[tuple[Var, Var], ...]
    rows: tuple[Var, ...]
    others: tuple[Var, ...]


@final
class After:
    """The work after the scan of one program; it reads what both scans kept."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.storage = Storage(dict(program.buffers), {**program.kept_back})
        self.sums = tuple(self._sum(weight, total) for weight, total in program.adjoint.weights.items())

    def located(self, value: Var) -> Location | None:
        """Where a value is kept for all steps."""
        where = self.storage.locate(value)
        return where if where is not None and where.when in (When.NOW, When.NEXT) else None

    def _sum(self, weight: Var, total: Var) -> Sum:
        outers: list[tuple[Var, Var]] = []
        products: list[tuple[Var, Var]] = []
        rows: list[Var] = []
        others: list[Var] = []
        for term in total.inputs if total.primitive == "add" and self.located(total) is None else (total,):
            operands: tuple[Var, ...] = term.inputs if len(term.inputs) == 2 and term.shape == weight.shape else ()
            kept = bool(operands) and all(self.located(operand) is not None for operand in operands)
            if self.located(term) is not None:
                rows.append(term)
            elif term.primitive == "outer" and kept:
                outers.append((operands[0], operands[1]))
            elif term.primitive == "mul" and kept and operands[0].shape == operands[1].shape:
                products.append((operands[0], operands[1]))
            else:
                others.append(term)
        return Sum(weight, tuple(outers), tuple(products), tuple(rows), tuple(others))

    def frontier(self, roots: Iterable[Var]) -> list[Var]:
        """The kept values that an evaluation begins with."""
        found: dict[int, Var] = {}
        seen: set[int] = set()
        stack = list(roots)
        while stack:
            one = stack.pop()
            if one.number in seen or not one.batched:
                continue
            seen.add(one.number)
            if self.located(one) is not None:
                found[one.number] = one
            else:
                stack.extend(one.inputs)
        return list(found.values())

    def evaluate(
        self, value: Var, rows: Rows, weights: Mapping[Var, Array], dtype: np.dtype[Any], into: Location | None = None
    ) -> Array:
        """A value for all rows at once, from what is kept; computed anew if its home is what it goes `into`."""
        home = self.located(value)
        if home is not None and home != into:
            return rows(value)
        given = {one: rows(one) for one in self.frontier(value.inputs)}
        return evaluate([value], {**weights, **given}, dtype)[value]
