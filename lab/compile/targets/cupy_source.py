"""CUDA source of a program: one kernel for each loop and each reduction; products are left to cuBLAS."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, final

from lab.compile.program import Direction, Location, Loop, Other, Product, Program, Reduce, Step, Store, When
from lab.compile.storage import Storage
from lab.compile.targets.loop_source import Dialect, LoopBody, LoopWriter, comment_of
from lab.trace.printer import describe

# {f} is the suffix of a float32 function. Comparisons are written so that NaN is handed on.
_TEMPLATES: Final[Mapping[str, str]] = {
    "sub": "{0} - {1}",
    "div": "{0} / {1}",
    "neg": "-{0}",
    "tanh": "tanh@({0})",
    "sigmoid": "sigmoid({0})",
    "exp": "exp@({0})",
    "log": "log@({0})",
    "sqrt": "sqrt@({0})",
    "sin": "sin@({0})",
    "cos": "cos@({0})",
    "abs": "fabs@({0})",
    "sign": "({0} > {zero} ? {one} : {0} < {zero} ? -{one} : {0} * {zero})",
    "floor": "floor@({0})",
    "relu": "({0} < {zero} ? {zero} : {0})",
    "maximum": "({0} >= {1} || {0} != {0} ? {0} : {1})",
    "minimum": "({0} <= {1} || {0} != {0} ? {0} : {1})",
    "greater": "({0} > {1} ? {one} : {zero})",
    "greater_equal": "({0} >= {1} ? {one} : {zero})",
    "equal": "({0} == {1} ? {one} : {zero})",
    "stop_gradient": "{0}",
}
_INDEX: Final[Mapping[When, str]] = {
    When.NOW: "t",
    When.NEXT: "(t + 1)",
    When.ARRIVING: "(t & 1)",
    When.LEAVING: "(1 - (t & 1))",
}
_HEAD: Final = """\
// Generated from the equations named in the comments; do not edit.
// Step t of the scan works on the first `rows` of `batch` samples; a thread computes one entry j of one sample n.

__device__ __forceinline__ {real} sigmoid({real} x) {{ return {half} * tanh{f}({half} * x) + {half}; }}
"""


@final
@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel of the source: its name, the threads a sample takes, and its arrays in order.

    An array is the name of a buffer, or the number of a value of parameters alone.
    """

    name: str
    threads: int
    arrays: tuple[str | int, ...]


@final
class CupySource:
    """Writes the kernels of one direction; `kernels` has one for each step that is a loop or a reduction."""

    def __init__(self, program: Program, direction: Direction, *, name: str, single: bool) -> None:
        self.name = name
        self.direction = direction
        self.real = "float" if single else "double"
        self.suffix = "f" if single else ""
        self.kernels: dict[Step, Kernel] = {}
        templates = {primitive: template.replace("@", self.suffix) for primitive, template in _TEMPLATES.items()}
        dialect = Dialect(
            templates,
            "({0} != {zero} ? {1} : {2})",
            f"const {self.real} {{name}} = {{value}};{{comment}}",
            self._number,
            lambda start: f"({self.real})({start} + j)",
            "{name} = {value};{comment}",
            "  // {text}",
            thorough=True,
        )
        self.writer = LoopWriter(Storage(dict(program.buffers), dict(direction.where)), dialect, str)
        self._arrays: dict[str, str | int] = {}

    def text(self) -> str:
        """The kernels of this direction, in the order of the steps; what is no kernel is a comment there."""
        parts = [self._step(index, step) for index, step in enumerate(self.direction.steps)]
        order = "last - 1 ... first" if self.name == "backward" else "first ... last - 1"
        return "\n\n".join([f"// ---- {self.name}: for t = {order}, one after another", *parts])

    def _step(self, index: int, step: Step) -> str:
        match step:
            case Product():
                return f"// {self.name} {index}: {_describe_product(step)}"
            case Other():
                return f"// {self.name} {index}: by its evaluation rule, {describe(step.value)}"
            case Loop() | Reduce():
                self._arrays = {}
                lines = self._loop(step) if isinstance(step, Loop) else self._reduce(step)
                width = step.stores[0].target.width if isinstance(step, Loop) else 1
                kernel = Kernel(f"{self.name}_{index}", width, tuple(self._arrays.values()))
                self.kernels[step] = kernel
                return self._kernel(kernel, list(self._arrays), lines)

    def _kernel(self, kernel: Kernel, arrays: Iterable[str], lines: Iterable[str]) -> str:
        counts = ["const long long t", "const long long batch", "const long long rows"]
        signature = ", ".join([*counts, *(f"{self.real}* {name}" for name in arrays)])
        position = "const long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;"
        bounds = f"if (i >= {_times('rows', kernel.threads)}) return;"
        entry = "const long long n = i;"
        if kernel.threads > 1:
            entry = f"const long long n = i / {kernel.threads}, j = i % {kernel.threads};"
        body = "\n".join(f"    {line}" for line in (position, bounds, entry, *lines))
        return f'extern "C" __global__ void {kernel.name}({signature})\n{{\n{body}\n}}'

    def _loop(self, loop: Loop) -> list[str]:
        body = self.writer.stores(loop)
        lines = self._bindings(body)
        if loop.shape and loop.stores[0].target.width == 1:
            lines.append("const long long j = 0;")
        return lines + body.lines

    def _reduce(self, step: Reduce) -> list[str]:
        body, entry = self.writer.reduction(step)
        better = f"j == 0 || {entry} > total || {entry} != {entry} ? {entry} : total"
        combined = f"total + {entry}" if step.value.primitive == "sum" else better
        return [
            *self._bindings(body),
            f"{self.real} total = {self._number(0.0)};",
            f"for (long long j = 0; j < {step.value.inputs[0].size}; ++j) {{",
            *(f"    {line}" for line in body.lines),
            f"    total = {combined};  // {describe(step.value)}",
            "}",
            f"{self._entry(step.target)} = total;",
        ]

    def _bindings(self, body: LoopBody) -> list[str]:
        lines = [f"{self.real}* {name} = {' + '.join(self._address(place))};" for place, name in body.places.items()]
        for name, weight in body.weights.values():
            self._arrays[f"w{weight.number}"] = weight.number
            lines.append(f"const {self.real}* {name} = w{weight.number};")
        for place, name in body.scalars.items():
            lines.append(f"const {self.real} {name} = {self._entry(place)};")
        return lines

    def _address(self, place: Location) -> tuple[str, str]:
        """The array that a place is in, and where in it the entries of sample n begin."""
        name = "b_" + "".join(c if c.isalnum() else "_" for c in place.buffer)
        self._arrays[name] = place.buffer
        row = f"({_INDEX[place.when]} * batch + n)" if place.when in _INDEX else "n"
        start = f" + {place.start}" if place.start else ""
        return name, _times(row, place.full) + start

    def _entry(self, place: Location) -> str:
        """The one entry of a scalar."""
        name, offset = self._address(place)
        return f"{name}[{offset}]"

    def _number(self, value: float) -> str:
        if math.isfinite(value):
            text = f"{value!r}{self.suffix}"
        else:
            bits = "__int_as_float(0x7f800000)" if self.suffix else "__longlong_as_double(0x7ff0000000000000LL)"
            text = f"-{bits}" if value < 0 else bits if value > 0 else f"({bits} - {bits})"
        return f"({text})" if text.startswith("-") else text


def _times(count: str, factor: int) -> str:
    return count if factor == 1 else f"{count} * {factor}"


def cupy_sources(program: Program, *, single: bool) -> tuple[CupySource, CupySource]:
    """The writers of both directions."""
    return (
        CupySource(program, program.forward, name="forward", single=single),
        CupySource(program, program.backward, name="backward", single=single),
    )


def cupy_text(program: Program, sources: Iterable[CupySource], *, single: bool) -> str:
    """The source that `sources` write, as one module."""
    suffix = "f" if single else ""
    head = _HEAD.format(real="float" if single else "double", half=f"0.5{suffix}", f=suffix)
    before = "\n".join(
        f"// before the scan, for all steps at once: {_describe_before(step)}" for step in program.before
    )
    return "\n\n".join(part for part in (head.rstrip(), before, *(source.text() for source in sources)) if part) + "\n"


def cupy_source(program: Program, single: bool) -> str:
    """The CUDA source of a whole program, as it is compiled: float32 if `single`, else float64."""
    return cupy_text(program, cupy_sources(program, single=single), single=single)


def _describe_product(product: Product) -> str:
    source = product.value.source
    line = comment_of(source.text) if source else ""
    sign = "+=" if product.accumulate else "="
    return f"{product.target.buffer} {sign} by cuBLAS, {describe(product.value)}{f'  // {line}' if line else ''}"


def _describe_before(step: Store | Product) -> str:
    if isinstance(step, Product):
        return _describe_product(step)
    return f"{step.target.buffer} = by its evaluation rule, {describe(step.value)}"
