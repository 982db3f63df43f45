"""Which part a watched value plays in a cell, and the colour that goes with it everywhere."""

from collections.abc import Mapping
from typing import Final

from lab.trace.graph import Leaf, Var, reachable
from lab.trace.rules.latex import Formulas
from lab.trace.tracer import Traced

SERIES: Final[Mapping[str, int]] = {
    "input": 1,
    "forget": 2,
    "update": 2,
    "output": 3,
    "reset": 3,
    "candidate": 4,
}
"""The series colour of each part: the same in equations, in the diagram and where gates are chosen."""

_GATES: Final = frozenset({"sigmoid"})
_CANDIDATES: Final = frozenset({"tanh", "relu"})


def series_of(traced: Traced) -> dict[int, int]:
    """The series colour of values, by their number: of those watched under a known name, and of those that act so.

    A sigmoid that a state of the step before is multiplied with decides what is kept, as a forget gate does; one that
    is multiplied with a candidate lets in; one that the next state is read out through lets out.
    """
    parts = {name: name.partition("_")[0] for name in traced.watch}
    found = {traced.watch[name].number: SERIES[part] for name, part in parts.items() if part in SERIES}
    for value in _all(traced):
        if value.primitive == "mul":
            for gate, other in (value.inputs, value.inputs[::-1]):
                if gate.primitive in _GATES and gate.number not in found:
                    series = _acts(traced, other)
                    if series:
                        found[gate.number] = series
                        if series == SERIES["input"]:
                            found.setdefault(other.number, SERIES["candidate"])
    return found


def colours_of(traced: Traced, formulas: Formulas) -> dict[str, int]:
    """The same by the symbol in the equations."""
    series = series_of(traced)
    return {formulas.names[number]: one for number, one in series.items() if number in formulas.names}


def _acts(traced: Traced, other: Var) -> int:
    if isinstance(other.origin, Leaf) and other.origin.kind == "state":
        return SERIES["forget"]
    if other.primitive in _CANDIDATES:
        inner = other.inputs[0]
        remembered = inner.number in {value.number for value in traced.next.values()}
        return SERIES["output"] if remembered else SERIES["input"]
    return 0


def _all(traced: Traced) -> list[Var]:
    return reachable([*traced.next.values(), *traced.watch.values()])
