"""LaTeX: the equations of a step in the notation of the textbooks, one rule per primitive."""

import re
from collections.abc import Callable, Mapping
from typing import Final, final

from lab.trace.graph import Leaf, Literal, Var, consumers, reachable
from lab.trace.tracer import NET, Traced

SUM, POINTWISE, APPLY, ATOM = range(4)
"""How tightly a formula holds together: a + b, a ⊙ b, W x, and what needs no parentheses anywhere."""

_GREEK: Final = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi"
    " omega".split()
)  # fmt: skip
_GATES: Final = {"input": "i", "forget": "f", "output": "o", "update": "z", "reset": "r", "depth": "d"}
_NET: Final = "output.Z"
"""The net input of the head, which a cell fed with the output of the network carries as a state."""
_ASSIGNED: Final = re.compile(r"([A-Za-z_]\w*)\s*=(?!=)")
_LEAST_SHARED: Final = 2
"""A value that is used twice gets an equation of its own if it takes at least so many primitives to write."""

Term = tuple[str, int]
"""A formula, and how tightly it holds together."""
Rule = Callable[["Formulas", Var], Term]


def latex(traced: Traced) -> str:
    """All equations of one step as an `aligned` block. Trace with `simplify=False`, so that they stand as written.

    A watched value, each next state and whatever is used more than once has an equation of its own. Gates have the
    letters of the textbooks, a candidate is its state with a tilde; W_z is a parameter, h_{t-1} the state before.
    """
    formulas = Formulas(traced)
    lines = [f"{formulas.names[number]} &= {formulas.defined(value)}" for number, value in formulas.equations.items()]
    for name, value in traced.next.items():
        symbol = _with_time(symbol_named(name), "t")
        if formulas.names.get(value.number) != symbol:
            lines.append(f"{symbol} &= {formulas.text(value, SUM)}")
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


@final
class Formulas:
    """Writes values as formulas; those in `names` by their symbol. `equations` has the named ones in their order."""

    def __init__(self, traced: Traced) -> None:
        self.traced = traced
        self.names: dict[int, str] = {}
        self.equations: dict[int, Var] = {}
        self._name_all()

    def text(self, value: Var, level: int) -> str:
        """A value as an operand of something that holds together as tightly as `level`."""
        formula, own = self._term(value)
        return formula if own >= level else rf"\left({formula}\right)"

    def defined(self, value: Var) -> str:
        """The right-hand side of the equation of a named value."""
        return LATEX[value.primitive](self, value)[0]

    def _term(self, value: Var) -> Term:
        match value.origin:
            case Literal(number):
                return _literal(number)
            case Leaf(kind, name):
                return _leaf(kind, name), ATOM
            case _ if value.number in self.names:
                return self.names[value.number], ATOM
            case _:
                return LATEX[value.primitive](self, value)

    def _name_all(self) -> None:
        traced = self.traced
        wanted: dict[int, str] = {}
        for name, value in traced.next.items():
            if value.inputs:
                wanted.setdefault(value.number, _with_time(symbol_named(name), "t"))
        for name, value in traced.watch.items():
            if value.inputs:
                wanted.setdefault(value.number, self._watched(name, value))
        values = reachable([*traced.next.values(), *traced.watch.values()])
        readers = consumers(values)
        last_of_line = {value.source: value for value in values if value.source is not None}
        for value in values:
            long = value.primitive == "concat" or _length(value) >= _LEAST_SHARED
            shared = long and len(readers.get(value.number, ())) > 1
            if shared and value.number not in wanted and value.primitive != "iota":
                own = value.source is not None and last_of_line[value.source] is value
                match = _ASSIGNED.match(value.source.text) if own and value.source is not None else None
                count = sum(name.startswith("a_{") for name in wanted.values())
                symbol = symbol_named(match[1]) if match else f"a_{{{count + 1}}}"
                wanted[value.number] = _with_time(symbol, "t") if value.batched else symbol
        taken = {_leaf(one.origin.kind, one.origin.name) for one in values if isinstance(one.origin, Leaf)}
        results = {value.number for value in traced.next.values()}
        for number in sorted(wanted, key=lambda number: (number not in results, number)):
            while wanted[number] in taken:  # the states come first: something else has to give way
                wanted[number] += "'"
            taken.add(wanted[number])
        self.names = wanted
        self.equations = {value.number: value for value in values if value.number in wanted}

    def _watched(self, name: str, value: Var) -> str:
        head, _, rest = name.partition("_")
        if head in _GATES:
            return _with_time(symbol_named(f"{_GATES[head]}_{rest}"), "t")
        if head == "candidate":
            for state, following in self.traced.next.items():
                others = {v.number for other, v in self.traced.next.items() if other != state}
                if value.number in _before(following, others):
                    base, below, scripts = symbol_named(state).partition("_")
                    return _with_time(rf"\tilde{{{base}}}{below}{scripts}", "t")
        return _with_time(symbol_named(name), "t")


def _before(root: Var, stops: set[int]) -> set[int]:
    """The numbers of all values that a root needs, not looking behind those in `stops`."""
    seen: set[int] = set()
    stack = [root]
    while stack:
        value = stack.pop()
        if value.number not in seen and (value is root or value.number not in stops):
            seen.add(value.number)
            stack.extend(value.inputs)
    return seen


def _length(value: Var) -> int:
    return sum(bool(one.inputs) for one in reachable([value]))


def _literal(number: float) -> Term:
    mantissa, _, exponent = f"{number:g}".partition("e")
    if number in (float("inf"), float("-inf")):
        mantissa = r"\infty" if number > 0 else r"-\infty"
    text = rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa
    return text, SUM if number < 0 else APPLY if exponent else ATOM


def _leaf(kind: str, name: str) -> str:
    if kind == "state":
        return _with_time(symbol_named(name), "t-1")
    if kind == "input" and name.startswith("below."):
        return _with_time(symbol_named(name.partition(".")[2]), "t") + r"^{(\ell-1)}"
    if kind == "input":
        return {"t": "t", "memory": "M"}.get(name) or _with_time(symbol_named(name), "t")
    return symbol_named(name)


def symbol_named(name: str) -> str:
    """`W_xh` as W_{xh}, `alpha` as \\alpha, `gate` as an upright word; behind the first `_` stand subscripts.

    What belongs to another part of the network says so above: `output.V` as V^{\\mathrm{output}}.
    """
    owner, _, name = (_NET if name == NET else name).rpartition(".")
    head, _, rest = name.strip("_").partition("_")
    parts = [_greek(part) for part in rest.split("_") if part]
    base = _greek(head) if len(head) == 1 or head in _GREEK else rf"\mathrm{{{head}}}"
    base += rf"^{{\mathrm{{{owner}}}}}" if owner else ""
    return base + (f"_{{{','.join(parts)}}}" if parts else "")


def _greek(part: str) -> str:
    return f"\\{part}" if part in _GREEK else part


def _with_time(symbol: str, time: str) -> str:
    """`h` as h_{t}; a symbol that has a subscript already gets the time behind it."""
    if symbol.endswith("}") and "_{" in symbol:
        return f"{symbol[:-1]},{time}}}"
    return f"{symbol}_{{{time}}}"


def _joined(formulas: Formulas, value: Var) -> Term:
    text = formulas.text(value.inputs[0], SUM)
    for operand in value.inputs[1:]:
        more = formulas.text(operand, SUM)
        text += f" - {more[1:]}" if more.startswith("-") else f" + {more}"
    return text, SUM


def _sub(formulas: Formulas, value: Var) -> Term:
    parts = modulo(value)
    if parts is not None:
        return rf"{formulas.text(parts[0], APPLY)} \bmod {formulas.text(parts[1], APPLY)}", POINTWISE
    left, right = value.inputs
    return f"{formulas.text(left, SUM)} - {formulas.text(right, POINTWISE)}", SUM


def modulo(value: Var) -> tuple[Var, Var] | None:
    """The operands of a % b, where a value is a - ⌊a / b⌋ b, which is what the operator makes."""
    if value.primitive != "sub" or value.inputs[1].primitive != "mul":
        return None
    a, (floor, b) = value.inputs[0], value.inputs[1].inputs
    if floor.primitive == "floor" and floor.inputs[0].primitive == "div":
        upper, lower = floor.inputs[0].inputs
        return (a, b) if upper is a and lower is b else None
    return None


def _power(value: Var) -> tuple[Var, int]:
    """The base and the exponent of a product of a value with itself."""
    if value.primitive == "mul":
        left, right = value.inputs
        base, exponent = _power(left)
        if base is right:
            return base, exponent + 1
    return value, 1


def _mul(formulas: Formulas, value: Var) -> Term:
    base, exponent = _power(value)
    if exponent > 1:
        return f"{{{formulas.text(base, ATOM)}}}^{{{exponent}}}", APPLY
    left, right = value.inputs
    if left.shape and right.shape:
        return rf"{formulas.text(left, POINTWISE)} \odot {formulas.text(right, POINTWISE)}", POINTWISE
    first, second = (right, left) if left.shape else (left, right)
    return rf"{formulas.text(first, APPLY)} \, {formulas.text(second, APPLY)}", APPLY


def _matmul(formulas: Formulas, value: Var) -> Term:
    matrix = formulas.text(value.inputs[0], ATOM) + (r"^{\top}" if value.attributes[0] else "")
    return f"{matrix} {formulas.text(value.inputs[1], APPLY)}", APPLY


def _function(name: str) -> Rule:
    return lambda formulas, value: (rf"{name}\left({formulas.text(value.inputs[0], SUM)}\right)", ATOM)


def _pair(name: str) -> Rule:
    def rule(formulas: Formulas, value: Var) -> Term:
        return rf"{name}\left({', '.join(formulas.text(operand, SUM) for operand in value.inputs)}\right)", ATOM

    return rule


_RELATIONS: Final = {"greater": ">", "greater_equal": r"\ge", "equal": "="}


def _relation(formulas: Formulas, value: Var) -> str:
    left, right = (formulas.text(operand, SUM) for operand in value.inputs)
    return f"{left} {_RELATIONS[value.primitive]} {right}"


def _iverson(formulas: Formulas, value: Var) -> Term:
    return rf"\left[{_relation(formulas, value)}\right]", ATOM


def _where(formulas: Formulas, value: Var) -> Term:
    condition, yes, no = value.inputs
    plain = condition.primitive in _RELATIONS and condition.number not in formulas.names
    holds = _relation(formulas, condition) if plain else rf"{formulas.text(condition, SUM)} \neq 0"
    rows = rf"{formulas.text(yes, SUM)} & \text{{if }} {holds} \\ {formulas.text(no, SUM)} & \text{{otherwise}}"
    return rf"\begin{{cases}} {rows} \end{{cases}}", ATOM


def _reduce(sign: str, word: str) -> Rule:
    def rule(formulas: Formulas, value: Var) -> Term:
        operand = value.inputs[0]
        if sign == r"\sum" and operand.primitive == "mul" and operand.number not in formulas.names:
            left, right = operand.inputs
            if len(left.shape) == len(right.shape) == 1 and left is not right:
                return rf"{formulas.text(left, ATOM)}^{{\top}} {formulas.text(right, APPLY)}", APPLY
        inner = formulas.text(operand, SUM)
        if len(operand.shape) == 1:
            return rf"{sign}_{{j}} \left[{inner}\right]_{{j}}", APPLY
        axes = ",".join(str(axis + 1) for axis in value.attributes[0])
        return rf"\operatorname{{{word}}}_{{{axes}}}\left({inner}\right)", ATOM

    return rule


def _slice(formulas: Formulas, value: Var) -> Term:
    start, stop = value.attributes
    return rf"\left[{formulas.text(value.inputs[0], SUM)}\right]_{{{start + 1}:{stop}}}", ATOM


def _concat(formulas: Formulas, value: Var) -> Term:
    rows = r" \\ ".join(formulas.text(operand, SUM) for operand in value.inputs)
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}", ATOM


def _broadcast(formulas: Formulas, value: Var) -> Term:
    operand = value.inputs[0]
    if not operand.shape:  # a number beside vectors is written as a number
        return formulas.text(operand, ATOM), ATOM
    return _function(r"\operatorname{repeat}")(formulas, value)


def _iota(_: Formulas, value: Var) -> Term:
    first, size = value.attributes
    return rf"\left[{first}, \ldots, {first + size - 1}\right]", ATOM


def _sized(word: str) -> Rule:
    def rule(formulas: Formulas, value: Var) -> Term:
        size = r" \times ".join(map(str, value.shape))
        return rf"\operatorname{{{word}}}_{{{size}}}\left({formulas.text(value.inputs[0], SUM)}\right)", ATOM

    return rule


LATEX: Final[Mapping[str, Rule]] = {
    "add": _joined,
    "sub": _sub,
    "mul": _mul,
    "div": lambda f, v: (rf"\frac{{{f.text(v.inputs[0], SUM)}}}{{{f.text(v.inputs[1], SUM)}}}", ATOM),
    "neg": lambda f, v: (f"-{f.text(v.inputs[0], POINTWISE)}", SUM),
    "tanh": _function(r"\tanh"),
    "sigmoid": _function(r"\sigma"),
    "exp": _function(r"\exp"),
    "log": _function(r"\log"),
    "sqrt": lambda f, v: (rf"\sqrt{{{f.text(v.inputs[0], SUM)}}}", ATOM),
    "sin": _function(r"\sin"),
    "cos": _function(r"\cos"),
    "abs": lambda f, v: (rf"\left|{f.text(v.inputs[0], SUM)}\right|", ATOM),
    "sign": _function(r"\operatorname{sign}"),
    "floor": lambda f, v: (rf"\left\lfloor {f.text(v.inputs[0], SUM)} \right\rfloor", ATOM),
    "relu": _function(r"\operatorname{ReLU}"),
    "maximum": _pair(r"\max"),
    "minimum": _pair(r"\min"),
    "greater": _iverson,
    "greater_equal": _iverson,
    "equal": _iverson,
    "where": _where,
    "stop_gradient": _function(r"\operatorname{stop}"),
    "iota": _iota,
    "sum": _reduce(r"\sum", "sum"),
    "max": _reduce(r"\max", "max"),
    "matmul": _matmul,
    "outer": lambda f, v: (rf"{f.text(v.inputs[0], ATOM)} \, {f.text(v.inputs[1], ATOM)}^{{\top}}", APPLY),
    "slice": _slice,
    "pad": _sized("pad"),
    "concat": _concat,
    "reshape": _sized("reshape"),
    "transpose": lambda f, v: (rf"{f.text(v.inputs[0], ATOM)}^{{\top}}", ATOM),
    "broadcast": _broadcast,
    "gather": lambda f, v: (rf"\left[{f.text(v.inputs[0], SUM)}\right]_{{{f.text(v.inputs[1], SUM)}}}", ATOM),
    "scatter_add": lambda f, v: (
        rf"\operatorname{{scatter}}_{{{f.text(v.inputs[1], SUM)}}}\left({f.text(v.inputs[0], SUM)}\right)", ATOM
    ),
}  # fmt: skip
