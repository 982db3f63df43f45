"""NumPy source of a program: one function a direction, a line an equation, scratch arrays used again."""

from collections.abc import Mapping
from typing import Final, final

from lab.compile.program import Direction, Location, Loop, Other, Product, Program, Reduce, Store
from lab.compile.storage import Storage
from lab.trace.graph import Literal, Var
from lab.trace.printer import describe

_UNARY: Final[Mapping[str, str]] = {
    "tanh": "np.tanh({0}, {out})",
    "exp": "np.exp({0}, {out})",
    "log": "np.log({0}, {out})",
    "sqrt": "np.sqrt({0}, {out})",
    "sin": "np.sin({0}, {out})",
    "cos": "np.cos({0}, {out})",
    "abs": "np.abs({0}, {out})",
    "sign": "np.sign({0}, {out})",
    "floor": "np.floor({0}, {out})",
    # np.negative of NumPy 2.4 is wrong between strided arrays whose rows lie 64 bytes apart.
    "neg": "np.multiply({0}, -1, {out})",
    "relu": "np.maximum({0}, 0, out={out})",
    "stop_gradient": "np.copyto({out}, {0})",
    "sub": "np.subtract({0}, {1}, {out})",
    "mul": "np.multiply({0}, {1}, {out})",
    "div": "np.divide({0}, {1}, {out})",
    "maximum": "np.maximum({0}, {1}, out={out})",
    "minimum": "np.minimum({0}, {1}, out={out})",
    "greater": "np.greater({0}, {1}, {out})",
    "greater_equal": "np.greater_equal({0}, {1}, {out})",
    "equal": "np.equal({0}, {1}, {out})",
    "where": "np.copyto({out}, np.where({0}, {1}, {2}))",
    "broadcast": "np.copyto({out}, {0})",
}


_NUMBERS: Final[Mapping[str, str]] = {"inf": "np.inf", "-inf": "-np.inf", "nan": "np.nan"}


@final
class NumpySource:
    """Writes `scan(first, last)` for one direction.

    The module that it writes has one function `make(view, scratch, weight, matrix, rule)`: `view(buffer, when, start,
    width, shape)` gives the list of arrays by step, `scratch(width shape)` a list of arrays to work in, `weight(n)`
    an array of parameters, `matrix(n)` a weight as the right factor of rows, `rule(n)` the evaluation of an equation.
    """

    def __init__(self, program: Program, direction: Direction, *, backward: bool) -> None:
        self.program = program
        self.storage = Storage(dict(program.buffers), dict(direction.where))
        self.direction = direction
        self.backward = backward
        self.views: dict[str, str] = {}
        self.lines: list[str] = []
        self.taken: dict[tuple[int, ...], int] = {}

    def text(self) -> str:
        """The module's source."""
        for step in self.direction.steps:
            self.taken = {}  # scratch lives for one step of the program
            match step:
                case Product():
                    self._product(step)
                case Loop():
                    self._loop(step)
                case Reduce():
                    self._reduce(step)
                case Other():
                    self._other(step)
        order = "reversed(range(first, last))" if self.backward else "range(first, last)"
        body = "\n".join(f"            {line}" for line in self.lines) or "            pass"
        views = "\n".join(f"    {name} = {call}" for call, name in self.views.items())
        return (
            "import numpy as np\n\n\ndef make(view, scratch, weight, matrix, rule):\n"
            f"{views}\n    def scan(first, last):\n        for t in {order}:\n{body}\n    return scan\n"
        )

    def _named(self, call: str, prefix: str) -> str:
        return self.views.setdefault(call, f"{prefix}{len(self.views)}")

    def _view(self, place: Location, shape: tuple[int, ...]) -> str:
        call = f"view({place.buffer!r}, {place.when.name!r}, {place.start}, {place.width}, {shape})"
        return self._named(call, "v") + "[t]"

    def _take(self, shape: tuple[int, ...]) -> str:
        index = self.taken[shape] = self.taken.get(shape, -1) + 1
        return self._named(f"scratch({shape}, {index})", "r") + "[t]"

    def _product(self, step: Product) -> None:
        source, target = self._view(step.source, step.value.inputs[1].shape), self._view(step.target, step.value.shape)
        matrix = self._named(f"matrix({step.weight.number}, {step.transposed})", "m")
        comment = f"  # {describe(step.value)}"
        if step.accumulate:
            work = self._take(step.value.shape)
            self.lines.append(f"np.matmul({source}, {matrix}, {work}){comment}")
            self.lines.append(f"np.add({target}, {work}, {target})")
        else:
            self.lines.append(f"np.matmul({source}, {matrix}, {target}){comment}")

    def _loop(self, loop: Loop) -> None:
        known: dict[int, str] = {}
        for store in loop.stores:
            self._store(store, known, loop)

    def _store(self, store: Store, known: dict[int, str], loop: Loop) -> None:
        value, target = store.value, self._view(store.target, store.value.shape)
        if self.storage.locate(value) == store.target and value.inputs and value.primitive != "slice":
            self._compute(value, target, known)
        else:
            self.lines.append(f"np.copyto({target}, {self._operand(value, known, value.shape)})")
        known[value.number] = target

    def _compute(self, value: Var, target: str, known: dict[int, str]) -> None:
        operands = [self._operand(operand, known, value.shape) for operand in value.inputs]
        comment = f"  # {value.source.text}" if value.source else ""
        if value.primitive == "add":
            self.lines.append(f"np.add({operands[0]}, {operands[1]}, {target}){comment}")
            self.lines.extend(f"np.add({target}, {operand}, {target})" for operand in operands[2:])
        elif value.primitive == "sigmoid":
            # ½ tanh(½ x) + ½ never overflows.
            self.lines.append(f"np.multiply({operands[0]}, 0.5, {target}){comment}")
            self.lines.append(f"np.tanh({target}, {target})")
            self.lines.append(f"np.multiply({target}, 0.5, {target})")
            self.lines.append(f"np.add({target}, 0.5, {target})")
        elif value.primitive == "where":
            self.lines.append(f"np.copyto({target}, np.where({', '.join(operands)})){comment}")
        else:
            self.lines.append(_UNARY[value.primitive].format(*operands, out=target) + comment)

    def _operand(self, value: Var, known: dict[int, str], shape: tuple[int, ...]) -> str:
        """An expression for a value as operand of a result of `shape`; computed into scratch if it has no home."""
        column = "" if value.shape or not shape or not value.batched else "[..., " + "None, " * len(shape) + "]"
        if value.number in known:
            return known[value.number] + column
        if isinstance(value.origin, Literal):
            return _NUMBERS.get(repr(value.origin.value), repr(value.origin.value))
        place = self.storage.locate(value)
        if place is not None:
            return self._view(place, value.shape) + column
        if not value.batched:
            return self._named(f"weight({value.number})", "w")
        work = self._take(value.shape)
        self._compute(value, work, known)
        known[value.number] = work
        return work + column

    def _reduce(self, step: Reduce) -> None:
        value = step.value
        operand = self._operand(value.inputs[0], {}, value.inputs[0].shape)
        axes = tuple(range(1, 1 + len(value.inputs[0].shape)))
        target = self._view(step.target, ())
        self.lines.append(f"np.{value.primitive}({operand}, axis={axes}, out={target})  # {describe(value)}")

    def _other(self, step: Other) -> None:
        value = step.value
        operands = "".join(
            f"{_array(self._operand(operand, {}, operand.shape), operand)}, " for operand in value.inputs
        )
        rule = self._named(f"rule({value.number})", "f")
        self.lines.append(
            f"np.copyto({self._view(step.target, value.shape)}, {rule}(({operands})))  # {describe(value)}"
        )


def _array(text: str, operand: Var) -> str:
    """Rules of evaluation take arrays, also of a number."""
    return f"np.asarray({text})" if isinstance(operand.origin, Literal) else text
