"""The check of a graph after the trace and after every pass."""

from collections.abc import Iterable

from lab.errors import ShapeError, TraceError
from lab.trace.graph import Equation, Leaf, Var, reachable
from lab.trace.primitives import PRIMITIVES
from lab.trace.printer import describe
from lab.trace.rules.shape import SHAPES


def verify(roots: Iterable[Var], after: str) -> None:
    """Raise TraceError, naming the pass and the equation, where a graph is not well formed.

    Operands come before results, belong to one graph and are as many as the primitive takes; shapes are what the
    shape rules say; what a value depends on is what its operands depend on.
    """
    values = reachable(roots)
    for value in values:
        problem = _problem(value, values[0])
        if problem:
            raise TraceError(f"after {after}: {problem} in  {describe(value)}", remedy="this is a defect of the lab")


def _problem(value: Var, first: Var) -> str:
    if value.graph is not first.graph:
        return "a value of another graph"
    if isinstance(value.origin, Leaf) or not isinstance(value.origin, Equation):
        return ""
    primitive = PRIMITIVES.get(value.primitive)
    if primitive is None:
        return "an unknown primitive"
    if primitive.arity is not None and primitive.arity != len(value.inputs):
        return f"{len(value.inputs)} operands in place of {primitive.arity}"
    if any(operand.number >= value.number for operand in value.inputs):
        return "an operand that comes later"
    try:
        shape, _ = SHAPES[value.primitive](value.inputs, value.attributes)
    except ShapeError as error:
        return str(error)
    if shape != value.shape:
        return f"the shape {value.shape} in place of {shape}"
    depends = 0
    for operand in value.inputs:
        depends |= operand.depends
    return "" if depends == value.depends else "a wrong dependence"
