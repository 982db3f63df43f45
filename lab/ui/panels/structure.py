"""The structure of a cell as it is drawn: gates, products and sums, found in the equations of any cell.

A gate, or another box, is an activation of weighted sums; weights and biases themselves are not drawn.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, final

from lab.trace.graph import Depends, Leaf, Var
from lab.trace.rules.latex import Formulas, modulo, symbol_named
from lab.trace.tracer import Traced
from lab.ui.panels.roles import series_of

_ACTIVATIONS: Final = {"sigmoid": r"\sigma", "tanh": r"\tanh", "relu": r"\mathrm{ReLU}"}
_THROUGH: Final = frozenset(("broadcast", "stop_gradient", "reshape", "slice", "transpose"))
_SUMS: Final = frozenset(("add", "sub"))
_LABELS: Final = {
    "add": "+", "sub": "−", "mul": "×", "div": "÷", "maximum": "max", "minimum": "min", "where": "?",
    "equal": "=", "greater": ">", "greater_equal": "≥",
}  # fmt: skip
_TIME: Final = ("_{t}", ",t}")
MOST_NODES: Final = 16
"""Boxes and circles in a drawing; of a cell that has more, each named equation becomes one box."""


@final
@dataclass(frozen=True, slots=True)
class Node:
    """Something drawn. `kind` is `state`, `input`, `box`, `circle` or `function`; `label` is LaTeX, but for circles.

    `operands` are the numbers of the nodes it is made of, in the order of the equation.
    """

    number: int
    kind: str
    label: str
    operands: tuple[int, ...] = ()
    series: int = 0


@final
@dataclass(frozen=True, slots=True)
class Structure:
    """The nodes by number, operands before results, and the node that each state's next value is."""

    nodes: Mapping[int, Node]
    next: Mapping[str, int]
    states: Mapping[str, int] = field(default_factory=dict)
    """The nodes of the states of the step before, of those that are read."""

    def readers(self, number: int) -> list[Node]:
        """The nodes that read a node."""
        return [node for node in self.nodes.values() if number in node.operands]

    def count(self, *kinds: str) -> int:
        """How many nodes are of these kinds."""
        return sum(node.kind in kinds for node in self.nodes.values())


def structure(traced: Traced) -> Structure:
    """The structure of a cell traced with `simplify=False`."""
    found = _Finder(traced).structure()
    drawn = found.count("box", "circle", "function")
    return found if 0 < drawn <= MOST_NODES else _Namer(traced).structure()


def symbol_of(latex: str) -> str:
    """A symbol without its step: f_{t} as f."""
    for ending in _TIME:
        if latex.endswith(ending):
            return latex.removesuffix(ending) + ("}" if ending == ",t}" else "")
    return latex


class _Base(ABC):
    """Abstract: collects nodes."""

    def __init__(self, traced: Traced) -> None:
        self.traced = traced
        self.formulas = Formulas(traced)
        self.series = series_of(traced)
        self.results = {value.number for value in traced.next.values()}
        self.nodes: dict[int, Node] = {}
        self.states: dict[str, int] = {}
        self._known: dict[int, int] = {}

    def structure(self) -> Structure:
        """The whole of it."""
        following: dict[str, int] = {}
        for name, value in self.traced.next.items():
            node = self.node(value)
            if node is not None:
                following[name] = node
        return Structure(self.nodes, following, self.states)

    def node(self, value: Var) -> int | None:
        """The number of the node that a value is; None for what depends on weights and numbers alone."""
        if not value.depends & (Depends.SEQUENCE | Depends.STATE):
            return None
        if value.number not in self._known:
            if isinstance(value.origin, Leaf):
                self._known[value.number] = self._leaf(value.origin)
            else:
                made = self.made(value)
                if made is None:
                    return None
                self._known[value.number] = made
        return self._known[value.number]

    @abstractmethod
    def made(self, value: Var) -> int | None:
        """The node of a value that an equation makes."""

    def add(self, kind: str, label: str, operands: list[int], series: int = 0) -> int:
        """A new node."""
        number = len(self.nodes)
        self.nodes[number] = Node(number, kind, label, tuple(dict.fromkeys(operands)), series)
        return number

    def operands(self, values: tuple[Var, ...]) -> list[int]:
        """The nodes of values, without those that are only weights."""
        return [node for node in map(self.node, values) if node is not None]

    def _leaf(self, leaf: Leaf) -> int:
        label = symbol_named(leaf.name.rpartition(".")[2])
        if leaf.name.startswith("below."):
            label += r"^{(\ell-1)}"
        kind = "state" if leaf.kind == "state" else "input"
        number = self.add(kind, label, [])
        if kind == "state":
            self.states[leaf.name] = number
        return number


@final
class _Finder(_Base):
    """Finds boxes, circles and functions."""

    def made(self, value: Var) -> int | None:
        operands = value.inputs
        if value.primitive in _ACTIVATIONS:
            if self._weighs(operands[0]):
                return self._box(value, operands[0])
            return self.add("function", _ACTIVATIONS[value.primitive], self.operands(operands))
        if value.primitive in _THROUGH or value.primitive == "neg":
            return self.node(operands[0])
        if value.primitive == "matmul" and self._weighs(value):
            return self._box(value, value)
        if value.primitive in _SUMS:
            rest = modulo(value)
            return self._sum(value) if rest is None else self.add("function", r"\bmod", self.operands(rest))
        if value.primitive == "mul" and operands[0] is not operands[1]:
            live = self.operands(operands)
            return live[0] if len(live) == 1 else self.add("circle", "×", live)
        if value.primitive == "div" and self.node(operands[1]) is None:
            return self.node(operands[0])
        label = _LABELS.get(value.primitive)
        live = self.operands(operands)
        if label and len(label) == 1:
            return self.add("circle", label, live)
        return self.add("function", rf"\mathrm{{{label or value.primitive.replace('_', ' ')}}}", live)

    def _sum(self, value: Var) -> int | None:
        terms = self._terms(value)
        live = [term for term in terms if self._live(term)]
        weighed = [term for term in live if self._weighs(term)]
        if len(weighed) == len(live):
            return self._box(value, value)
        rest = [term for term in live if not self._weighs(term)]
        if len(live) == 1:
            one = value.primitive == "sub" and value.inputs[0].is_literal(1.0)
            inner = self.operands((live[0],))
            return self.add("circle", "1−", inner) if one else inner[0]
        nodes = self.operands(tuple(rest))
        if weighed:
            nodes.append(self._box(value, value, weighed))
        negative = value.primitive == "sub" and len(live) == 2
        return self.add("circle", "−" if negative else "+", nodes)

    def _box(self, value: Var, net: Var, terms: list[Var] | None = None) -> int:
        sources: list[int] = []
        for term in terms or [net]:
            self._gather(term, sources, whole=term is not net)
        named = self.formulas.names.get(value.number) if value.number not in self.results and terms is None else None
        if named:
            label = symbol_of(named)
        elif value.primitive in _ACTIVATIONS:
            label = _ACTIVATIONS[value.primitive]
        else:
            label = self._matrix(net)
        return self.add("box", label, sources, self.series.get(value.number, 0) if terms is None else 0)

    def _gather(self, value: Var, sources: list[int], *, whole: bool = True) -> None:
        """The nodes that a weighted sum reads; the next value of a state is read as a `whole`."""
        if not self._live(value):
            return
        summed = value.primitive in (*_SUMS, *_THROUGH, "neg")
        weighed = value.primitive == "matmul" and self._weighs(value)
        result = whole and value.number in self.results
        if not result and (summed or weighed or self._joins(value)):
            for operand in value.inputs:
                self._gather(operand, sources)
        else:
            node = self.node(value)
            if node is not None and node not in sources:
                sources.append(node)

    def _terms(self, value: Var) -> list[Var]:
        """What a sum is made of; sums within it that have a name stand for themselves."""
        terms: list[Var] = []
        for operand in value.inputs:
            inner = operand.primitive in _SUMS and operand.number not in self.formulas.names
            terms += self._terms(operand) if inner and self._live(operand) else [operand]
        return terms

    def _joins(self, value: Var) -> bool:
        """True for a value by a weight or a number, and for values one behind the other."""
        if value.primitive == "concat":
            return True
        divides = value.primitive == "div" and self._live(value.inputs[1])
        return value.primitive in ("mul", "div") and sum(map(self._live, value.inputs)) == 1 and not divides

    def _live(self, value: Var) -> bool:
        return bool(value.depends & (Depends.SEQUENCE | Depends.STATE))

    def _weighs(self, value: Var) -> bool:
        """True for a matrix of weights times something, and for sums and multiples of such."""
        live = [operand for operand in value.inputs if self._live(operand)]
        if value.primitive == "matmul":
            return len(live) == 1
        if value.primitive in _SUMS:
            return any(self._weighs(term) for term in live)
        if value.primitive in ("mul", "div", "neg", *_THROUGH):
            return len(live) == 1 and self._weighs(live[0])
        return False

    def _matrix(self, value: Var) -> str:
        for operand in value.inputs:
            if isinstance(operand.origin, Leaf) and operand.origin.kind == "parameter" and len(operand.shape) == 2:
                name = operand.origin.name.rpartition(".")[2]
                head, _, rest = name.partition("_")
                return f"{head}_{{{rest}}}" if rest else head
        deeper = [self._matrix(operand) for operand in value.inputs if self._weighs(operand)]
        return deeper[0] if deeper else "W"


@final
class _Namer(_Base):
    """One box for each named equation: the structure of a cell that has too many parts to draw them all."""

    def made(self, value: Var) -> int | None:
        sources: list[int] = []
        seen: set[int] = set()
        stack = list(value.inputs[::-1])
        while stack:
            operand = stack.pop()
            if operand.number in seen:
                continue
            seen.add(operand.number)
            if isinstance(operand.origin, Leaf) or operand.number in self.formulas.names:
                node = self.node(operand)
                if node is not None:
                    sources.append(node)
            else:
                stack.extend(operand.inputs[::-1])
        name = self.formulas.names.get(value.number)
        return self.add("box", symbol_of(name) if name else "?", sources, self.series.get(value.number, 0))
