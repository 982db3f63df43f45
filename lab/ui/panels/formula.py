"""Formulas as trees: the LaTeX that is made of a cell's equations, read for typesetting.

It reads what `lab.trace.rules.latex` writes, not all of LaTeX; an unknown command stands there as its name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

_TOKEN: Final = re.compile(r"\\[A-Za-z]+|\\\\|\\,|[{}_^&]|\s+|\d+(?:\.\d+)?|.", re.DOTALL)
_SIGNS: Final = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "ell": "ℓ", "infty": "∞", "top": "⊤", "ldots": "…", "sum": "∑",
}  # fmt: skip
_OPERATORS: Final = {"odot": "⊙", "cdot": "·", "times": "×", "ge": "≥", "neq": "≠", "bmod": "mod"}
_PLAIN_OPERATORS: Final = {"+": "+", "-": "−", "=": "=", ">": ">", "<": "<"}
_FENCES: Final = {"lfloor": "⌊", "rfloor": "⌋"}
_WORDS: Final = frozenset(("mathrm", "operatorname", "text"))
_TABLES: Final = {"cases": ("{", ""), "bmatrix": ("[", "]")}


@final
@dataclass(frozen=True, slots=True)
class Sign:
    """Text of one kind: `italic` for letters, `upright` for words and numbers, `operator` with space on both sides."""

    text: str
    kind: str


@final
@dataclass(frozen=True, slots=True)
class Row:
    """Parts beside one another."""

    parts: tuple["Node", ...]


@final
@dataclass(frozen=True, slots=True)
class Script:
    """A part with what stands below and above it; `source` is its LaTeX, by which symbols are known."""

    base: "Node"
    below: "Node | None"
    above: "Node | None"
    source: str


@final
@dataclass(frozen=True, slots=True)
class Fraction:
    """One part over another."""

    upper: "Node"
    lower: "Node"


@final
@dataclass(frozen=True, slots=True)
class Root:
    """A square root."""

    body: "Node"


@final
@dataclass(frozen=True, slots=True)
class Tilde:
    """A part under a tilde."""

    body: "Node"


@final
@dataclass(frozen=True, slots=True)
class Fence:
    """A part between delimiters, which grow with it."""

    left: str
    body: "Row"
    right: str


@final
@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells one below the other."""

    rows: tuple[tuple["Node", ...], ...]


Node = Sign | Row | Script | Fraction | Root | Tilde | Fence | Table


@final
@dataclass(frozen=True, slots=True)
class Equation:
    """One equation: what stands on the left of its sign, on the right, and all of it in LaTeX."""

    left: Row
    right: Row
    source: str


def equations(latex: str) -> list[Equation]:
    """The equations of an `aligned` block."""
    body = latex.removeprefix("\\begin{aligned}").removesuffix("\\end{aligned}").strip()
    found = []
    for line in body.split(" \\\\\n"):
        left, _, right = line.partition(" &= ")
        found.append(Equation(parse(left), parse(right), f"{left} = {right}"))
    return found


def parse(latex: str) -> Row:
    """The tree of a formula."""
    return _Reader(_TOKEN.findall(latex)).row(())


@final
class _Reader:
    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def row(self, ends: Sequence[str]) -> Row:
        """Parts up to one of the tokens in `ends`, which is not taken."""
        parts: list[Node] = []
        while self.at < len(self.tokens) and self.tokens[self.at] not in ends:
            if self.tokens[self.at].isspace():
                self.at += 1
            else:
                parts.append(self._scripted())
        return Row(tuple(parts))

    def _scripted(self) -> Node:
        first = self.at
        base = self._one()
        scripts: dict[str, Node] = {}
        while self.at < len(self.tokens) and self.tokens[self.at] in ("_", "^"):
            mark = self._take()
            scripts[mark] = self._one()
        while self.at < len(self.tokens) and self.tokens[self.at] == "'":
            self.at += 1
            above = scripts.get("^")
            scripts["^"] = Row((*((above,) if above else ()), Sign("′", "upright")))
        if not scripts:
            return base
        return Script(base, scripts.get("_"), scripts.get("^"), "".join(self.tokens[first : self.at]))

    def _one(self) -> Node:
        token = self._take()
        if token == "{":
            inner = self.row(("}",))
            self._take()
            return inner.parts[0] if len(inner.parts) == 1 else inner
        if token.startswith("\\") and len(token) > 2:
            return self._command(token[1:])
        if token == "\\,":
            return Sign("\u2009", "space")
        if token in _PLAIN_OPERATORS:
            return Sign(_PLAIN_OPERATORS[token], "operator")
        if token == ",":
            return Sign(",", "comma")
        return Sign(token, "italic" if token.isalpha() else "upright")

    def _command(self, name: str) -> Node:
        match name:
            case "left":
                return self._fence()
            case "frac":
                return Fraction(self._one(), self._one())
            case "sqrt":
                return Root(self._one())
            case "tilde":
                return Tilde(self._one())
            case "begin":
                return self._table()
            case _ if name in _WORDS:
                return Sign(self._word(), "function" if name == "operatorname" else "upright")
            case _ if name in _OPERATORS:
                return Sign(_OPERATORS[name], "operator")
            case "sum":
                return Sign("∑", "function")
            case _ if name in _SIGNS:
                # The sigmoid is an upright function as tanh is; other Greek letters are variables.
                return Sign(_SIGNS[name], "function" if name == "sigma" and self._next() == "\\left" else "italic")
            case _:
                return Sign(name, "function")

    def _fence(self) -> Fence:
        left = self._delimiter()
        body = self.row(("\\right",))
        self._take()
        return Fence(left, body, self._delimiter())

    def _delimiter(self) -> str:
        token = self._take()
        return _FENCES.get(token.removeprefix("\\"), token)

    def _table(self) -> Node:
        kind = self._word()
        rows: list[tuple[Node, ...]] = [()]
        while self.at < len(self.tokens):
            cell = self.row(("&", "\\\\", "\\end"))
            rows[-1] += (cell,)
            token = self._take()
            if token == "\\end":
                self._word()
                break
            if token == "\\\\":
                rows.append(())
        left, right = _TABLES.get(kind, ("", ""))
        return Fence(left, Row((Table(tuple(rows)),)), right)

    def _word(self) -> str:
        """What stands between the next braces, as it is."""
        self._take()
        text = ""
        while (token := self._take()) not in ("}", ""):
            text += token
        return text

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _take(self) -> str:
        token = self._next()
        self.at += 1
        return token
