"""Loops in the common part of Python's and C's syntax: what the compiled targets share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, final

from lab.compile.program import Location, Loop, Reduce, Store
from lab.compile.storage import Storage
from lab.trace.graph import Literal, Var
from lab.trace.printer import describe


@final
@dataclass(frozen=True, slots=True)
class Dialect:
    """How one language writes expressions; templates take operands {0}, {1}, ... and constants {zero}, {one}."""

    templates: Mapping[str, str]
    choose: str
    """Template of `condition != 0 ? yes : no` with {0}, {1}, {2}."""
    declare: str
    """Template of naming an expression, with {name}, {value} and, where every line is commented, {comment}."""
    number: Callable[[float], str]
    """A typed constant."""
    index: Callable[[str], str]
    """The loop index, plus an integer expression, as a floating number."""
    assign: str = "{name} = {value}{comment}"
    """Template of storing an expression, with {name}, {value} and {comment}."""
    comment: str = "  # {text}"
    """Template of a comment behind a line."""
    thorough: bool = False
    """Whether an equation that no author wrote (a sum of cotangents) is commented too, with itself."""


SUMS: Final[Mapping[str, str]] = {"add": " + ", "mul": " * "}


@final
@dataclass(slots=True)
class LoopBody:
    """What one loop needs: places read and written by entry, scalars read before it, and its lines."""

    places: dict[Location, str] = field(default_factory=dict)
    scalars: dict[Location, str] = field(default_factory=dict)
    weights: dict[int, tuple[str, Var]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


@final
class LoopWriter:
    """Writes the body of a loop: one named expression an equation, entries `r0[j]`, scalars `q0`, weights `u0[j]`."""

    def __init__(self, storage: Storage, dialect: Dialect, integer: Callable[[int], str]) -> None:
        self.storage = storage
        self.dialect = dialect
        self.integer = integer

    def stores(self, loop: Loop) -> LoopBody:
        """The body of a loop of stores."""
        body = LoopBody()
        known: dict[int, str] = {}
        for store in loop.stores:
            self._store(body, known, store)
        return body

    def reduction(self, step: Reduce) -> tuple[LoopBody, str]:
        """The body that computes the entry to be summed (or compared), and the name of that entry."""
        body = LoopBody()
        return body, self._expression(body, {}, step.value.inputs[0])

    def _store(self, body: LoopBody, known: dict[int, str], store: Store) -> None:
        value = store.value
        if self.storage.locate(value) == store.target and self.storage.computed(value):
            result = self._compute(body, known, value)
        else:
            result = self._expression(body, known, value)
        name = f"{self._place(body, store.target)}{'[j]' if value.shape else '[0]'}"
        body.lines.append(self.dialect.assign.format(name=name, value=result, comment=self._comment(value)))
        known[value.number] = result

    def _comment(self, value: Var) -> str:
        """The author's line behind a line of code; where there is none, it is empty or the equation."""
        text = comment_of(value.source.text) if value.source else ""
        if not text and self.dialect.thorough:
            text = describe(value)
        return self.dialect.comment.format(text=text) if text else ""

    def _place(self, body: LoopBody, place: Location) -> str:
        return body.places.setdefault(place, f"r{len(body.places)}")

    def _expression(self, body: LoopBody, known: dict[int, str], value: Var) -> str:
        if value.number in known:
            return known[value.number]
        if isinstance(value.origin, Literal):
            return self.dialect.number(value.origin.value)
        place = self.storage.locate(value)
        if place is not None:
            if value.shape:
                return f"{self._place(body, place)}[j]"
            return body.scalars.setdefault(place, f"q{len(body.scalars)}")
        if value.primitive == "iota":
            return self.dialect.index(self.integer(value.attributes[0]))
        if value.primitive == "broadcast" and not value.inputs[0].shape:
            return self._expression(body, known, value.inputs[0])
        if not value.batched:
            name, _ = body.weights.setdefault(value.number, (f"u{len(body.weights)}", value))
            return f"{name}[j]" if value.shape else f"{name}[0]"
        return self._compute(body, known, value)

    def _compute(self, body: LoopBody, known: dict[int, str], value: Var) -> str:
        if value.primitive == "broadcast":
            return self._expression(body, known, value.inputs[0])
        operands = [self._expression(body, known, operand) for operand in value.inputs]
        dialect = self.dialect
        if value.primitive in SUMS:
            text = SUMS[value.primitive].join(operands)
        elif value.primitive == "where":
            text = dialect.choose.format(*operands, zero=dialect.number(0.0))
        else:
            text = dialect.templates[value.primitive].format(
                *operands, zero=dialect.number(0.0), one=dialect.number(1.0)
            )
        name = f"e{value.number}"
        body.lines.append(dialect.declare.format(name=name, value=text, comment=self._comment(value)))
        known[value.number] = name
        return name


def comment_of(line: str) -> str:
    """An author's line as the text of a comment: a backslash at its end would draw the next line of code into it."""
    return line.rstrip("\\ ")
