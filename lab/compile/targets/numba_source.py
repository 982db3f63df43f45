"""Numba source of a program: one function a direction holding the whole time loop."""

import hashlib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Final, final

from lab.compile.program import Direction, Location, Loop, Other, Product, Program, Reduce, When
from lab.compile.storage import Storage
from lab.compile.targets.loop_source import Dialect, LoopBody, LoopWriter, comment_of
from lab.errors import TargetError
from lab.trace.graph import Var

_TEMPLATES: Final = {
    "sub": "{0} - {1}",
    "div": "{0} / {1}",
    "neg": "-{0}",
    "tanh": "tanh({0})",
    "sigmoid": "sigmoid({0})",
    "exp": "exp({0})",
    "log": "math.log({0})",
    "sqrt": "math.sqrt({0})",
    "sin": "math.sin({0})",
    "cos": "math.cos({0})",
    "abs": "abs({0})",
    "sign": "({one} if {0} > {zero} else (-{one} if {0} < {zero} else {0} * {zero}))",
    "floor": "np.floor({0})",
    # Comparisons are written so that NaN is handed on.
    "relu": "({zero} if {0} < {zero} else {0})",
    "maximum": "({0} if {0} >= {1} or {0} != {0} else {1})",
    "minimum": "({0} if {0} <= {1} or {0} != {0} else {1})",
    "greater": "({one} if {0} > {1} else {zero})",
    "greater_equal": "({one} if {0} >= {1} else {zero})",
    "equal": "({one} if {0} == {1} else {zero})",
    "stop_gradient": "{0}",
}
_KNOWN: Final = (0.0, 0.5, 1.0, 2.0)
"""Numbers (of either sign) that the compiler should know, for it makes less of them than a product."""
_RUNTIME: Final = Path(__file__).with_name("numba_runtime.py")
_INDEX: Final = {
    When.NOW: "t",
    When.NEXT: "t + 1",
    When.ARRIVING: "t & 1",
    When.LEAVING: "1 - (t & 1)",
}


@final
class NumbaSource:
    """Writes `scan` for one direction. Sizes come in an array, so that the text (the key of the cache) has none.

    So do numbers in the equations, for a mean divides by a size. After `text()`: `sizes` are the integers, `numbers`
    the others, `arguments` the arrays that `scan` takes behind them.
    """

    def __init__(self, program: Program, direction: Direction, *, backward: bool, single: bool) -> None:
        self.program = program
        self.direction = direction
        self.backward = backward
        self.bits = 32 if single else 64
        self.storage = Storage(dict(program.buffers), dict(direction.where))
        self.arguments: dict[str, str | tuple[int, str]] = {}
        self.products: dict[str, Product] = {}
        self.sizes: list[int] = []
        self._sizes: dict[tuple[object, ...], str] = {}
        self.numbers: list[float] = []
        self._constants: dict[str, str] = {}
        self._places: dict[float, str] = {}
        self._pointers: dict[str, None] = {}
        dialect = Dialect(
            _TEMPLATES, "({1} if {0} != {zero} else {2})", "{name} = {value}", self._number, self._float_index
        )
        self.writer = LoopWriter(self.storage, dialect, lambda value: self._size(("iota", value), value))

    def text(self) -> str:
        """The module's source."""
        body: list[str] = []
        by_sample: list[str] = []
        for step in self.direction.steps:
            if isinstance(step, Product):
                body += self._sample_loop(by_sample)
                by_sample = []
                body.append(self._product(step))
            else:
                by_sample += self._by_sample(step)
        body += self._sample_loop(by_sample)
        order = "range(last - 1, first - 1, -1)" if self.backward else "range(first, last)"
        signature = ", ".join(["first", "last", "begin", "end", "batch", "active", "sizes", "numbers", *self.arguments])
        head = [f"    {name} = sizes[{index}]" for index, name in enumerate(self._sizes.values())]
        head += [f"    {name} = {text}" for text, name in self._constants.items()]
        head += [f"    {name} = numbers[{index}]" for index, name in enumerate(self._places.values())]
        head += [f"    p_{name} = {name}.ctypes.data" for name in self._pointers]
        lines = [
            f"# Runtime {_runtime_version()}. Generated from the equations named in the comments; do not edit.",
            "import math",
            "",
            "import numpy as np",
            "from numba import float32, float64, njit",
            "",
            f"from lab.compile.targets.numba_runtime import FASTMATH, product{self.bits} as product",
            f"from lab.compile.targets.numba_runtime import exp{self.bits} as exp, sigmoid{self.bits} as sigmoid",
            f"from lab.compile.targets.numba_runtime import tanh{self.bits} as tanh",
            "",
            "",
            '@njit(fastmath=FASTMATH, nogil=True, error_model="numpy", cache=True)',
            f"def scan({signature}):",
            *head,
            f"    for t in {order}:",
            "        stop = min(end, active[t])",
            "        if stop <= begin:",
            "            continue",
            *(f"        {line}" for line in body),
            "",
        ]
        return "\n".join(lines)

    def _number(self, value: float) -> str:
        special = {"inf": "math.inf", "-inf": "-math.inf", "nan": "math.nan"}
        text = f"float{self.bits}({special.get(repr(value), repr(value))})"
        name = f"k{len(self._constants) + len(self._places)}"
        if abs(value) in _KNOWN or not math.isfinite(value):
            return self._constants.setdefault(text, name)
        if value not in self._places:
            self._places[value] = name
            self.numbers.append(value)
        return self._places[value]

    def _float_index(self, start: str) -> str:
        return f"float{self.bits}({start} + j)"

    def _size(self, key: tuple[object, ...], value: int) -> str:
        if key not in self._sizes:
            self._sizes[key] = f"n{len(self._sizes)}"
            self.sizes.append(value)
        return self._sizes[key]

    def _start(self, place: Location) -> str:
        return "0" if place.start == 0 else self._size(("start", place.buffer, place.start), place.start)

    def _argument(self, buffer: str) -> str:
        name = "b_" + "".join(c if c.isalnum() else "_" for c in buffer)
        self.arguments[name] = buffer
        return name

    def _entry(self, place: Location, width: str) -> str:
        """The expression of one sample's entries at a place."""
        name = self._argument(place.buffer)
        rows = f"{_INDEX[place.when]}, n" if place.when in _INDEX else "n"
        if place.width == place.full:
            return f"{name}[{rows}]"
        return f"{name}[{rows}, {self._start(place)}:{self._start(place)} + {width}]"

    def _address(self, place: Location) -> tuple[str, str]:
        """Address of the first sample's entries at a place, and the distance from sample to sample."""
        name = self._argument(place.buffer)
        self._pointers[name] = None
        stride = self._size(("full", place.buffer), place.full)
        row = f"({_INDEX[place.when]}) * batch + begin" if place.when in _INDEX else "begin"
        return f"p_{name} + {self.bits // 8} * (({row}) * {stride} + {self._start(place)})", stride

    def _product(self, step: Product) -> str:
        name = f"w{step.weight.number}{'t' if step.transposed else ''}"
        self.arguments[name] = (step.weight.number, "transposed" if step.transposed else "plain")
        self.products[name] = step
        self._pointers[name] = None
        source, source_stride = self._address(step.source)
        target, target_stride = self._address(step.target)
        depth = self._size(("depth", name), step.source.width)
        width = self._size(("width", name), step.target.width)
        panel, block = self._size(("panel", name), 0), self._size(("block", name), 0)
        spans = f"s{name[1:]}"
        self.arguments[spans] = (step.weight.number, "transposed spans" if step.transposed else "spans")
        return (
            f"product({width}, stop - begin, {depth}, {panel}, {block}, {spans}, p_{name}, {source}, {source_stride}, "
            f"{int(step.accumulate)}, {target}, {target_stride}){_comment(step.value)}"
        )

    def set_panels(self, name: str, panel: int, block: int) -> None:
        """Fix how a product's weight is packed."""
        names = list(self._sizes)
        self.sizes[names.index(("panel", name))] = panel
        self.sizes[names.index(("block", name))] = block

    def _by_sample(self, step: Loop | Reduce | Other | Product) -> list[str]:
        match step:
            case Loop():
                return self._loop(step)
            case Reduce():
                return self._reduce(step)
            case _:
                value = step.value
                raise TargetError(
                    f"the target numba has no code for {value.primitive} of one sample yet;",
                    file=value.source.file if value.source else None,
                    line=value.source.line if value.source else None,
                    remedy="this cell runs on the target numpy",
                )

    def _sample_loop(self, lines: Iterable[str]) -> list[str]:
        inner = [f"    {line}" for line in lines]
        return ["for n in range(begin, stop):", *inner] if inner else []

    def _loop(self, loop: Loop) -> list[str]:
        body = self.writer.stores(loop)
        place = loop.stores[0].target
        width = self._size(("width", place.buffer, place.start, place.width), place.width)
        lines = self._bindings(body, width)
        if not loop.shape:
            return lines + body.lines
        return [*lines, f"for j in range({width}):", *(f"    {line}" for line in body.lines)]

    def _bindings(self, body: LoopBody, width: str) -> list[str]:
        lines = [f"{name} = {self._entry(place, width)}" for place, name in body.places.items()]
        for name, weight in body.weights.values():
            argument = f"v{weight.number}"
            self.arguments[argument] = (weight.number, "vector")
            lines.append(f"{name} = {argument}")
        for place, name in body.scalars.items():
            lines.append(f"{name} = {self._entry(place, '1')}[0]")
        return lines

    def _reduce(self, step: Reduce) -> list[str]:
        body, entry = self.writer.reduction(step)
        operand: Var = step.value.inputs[0]
        width = self._size(("width", "reduce", step.value.number), operand.size)
        first = self._number(0.0 if step.value.primitive == "sum" else -math.inf)
        larger = f"(total if total >= {entry} or total != total else {entry})"
        combine = f"total + {entry}" if step.value.primitive == "sum" else larger
        return [
            *self._bindings(body, width),
            f"total = {first}",
            f"for j in range({width}):",
            *(f"    {line}" for line in body.lines),
            f"    total = {combine}{_comment(step.value)}",
            f"{self._entry(step.target, '1')}[0] = total",
        ]


def _comment(value: Var) -> str:
    """The primitive and the author's line; no shapes, for the text must be the same for all sizes."""
    text = comment_of(value.source.text) if value.source else ""
    return f"  # {value.primitive}: {text}" if text else f"  # {value.primitive}"


def _runtime_version() -> str:
    return hashlib.sha256(_RUNTIME.read_bytes()).hexdigest()[:12]
