"""Graphs as text, one equation a line."""

from collections.abc import Iterable, Mapping

from lab.trace.graph import Leaf, Literal, Var, reachable
from lab.trace.rules.shape import words


def label(value: Var) -> str:
    """A short name: the number of a literal, the name of a leaf, else %n."""
    match value.origin:
        case Literal(number):
            return f"{number:g}"
        case Leaf(kind, name):
            return f"{kind}.{name}" if kind not in ("parameter", "constant", "input", "state") else name
        case _:
            return f"%{value.number}"


def describe(value: Var) -> str:
    """One equation: `%7 (32) = tanh %6`."""
    attributes = f"[{', '.join(map(str, value.attributes))}]" if value.attributes else ""
    operands = " ".join(label(operand) for operand in value.inputs)
    return f"{label(value)} {words(value.shape)} = {value.primitive}{attributes} {operands}".rstrip()


def show(results: Mapping[str, Var]) -> str:
    """The whole graph behind named results, with the author's line behind each equation."""
    return "\n".join([*_lines(results.values()), *(f"{name} = {label(value)}" for name, value in results.items())])


def _lines(roots: Iterable[Var]) -> Iterable[str]:
    for value in reachable(roots):
        if value.inputs:
            line = value.source
            yield f"{describe(value):<56}# {line.line}: {line.text}" if line else describe(value)
