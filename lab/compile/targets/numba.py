"""Target `numba`: both scans as compiled functions, cached on disk; threads split the batch."""

import hashlib
import importlib.util
import os
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_dir

from lab.compile.executor import Executor
from lab.compile.program import Extent, Product, Program
from lab.compile.support import spans
from lab.compile.targets.numba_source import NumbaSource

Array = NDArray[Any]
Variants = MutableMapping[str, list[int]]

SMALL_PRODUCT: Final = 1_000_000
"""OpenBLAS multiplies without repacking up to this many multiplications (measured)."""
PANELS: Final = ((64, 128),)
"""Panel width and depth that are timed against one panel for larger products."""
MASKED_PANELS: Final = (*PANELS, (32, 32), (64, 64), (32, 128))
"""The same where the weight is known to have zeros: narrow panels leave out more of them."""
SMALL_PANEL: Final = 100_000
"""Multiplications up to which such a weight is better multiplied whole (measured)."""
WORTH_A_THREAD: Final = 150_000
"""Multiplications in one step below which splitting the batch over threads costs more than it saves (measured)."""


def numba_sources(program: Program, *, single: bool) -> tuple[NumbaSource, NumbaSource]:
    """The writers of both directions."""
    return (
        NumbaSource(program, program.forward, backward=False, single=single),
        NumbaSource(program, program.backward, backward=True, single=single),
    )


@final
class NumbaTarget:
    """Compiles programs; `variants` holds how products are packed, as timed here or as a plan says."""

    name = "numba"
    xp = np

    def __init__(self, cache: Path | None = None, variants: Variants | None = None) -> None:
        self.cache = cache or Path(user_cache_dir("rnn-lab")) / "numba"
        self.variants: Variants = {} if variants is None else variants
        self._functions: dict[str, Callable[..., None]] = {}
        self._lock = threading.Lock()

    def apart(self) -> "NumbaTarget":
        """The same functions for another network, whose products are timed by themselves."""
        other = NumbaTarget(self.cache)
        other._functions, other._lock = self._functions, self._lock
        return other

    def scanner(self, executor: Executor) -> "NumbaScanner":
        """Generate, compile (or load) and bind the code for an executor."""
        return NumbaScanner(executor, self)

    def function(self, text: str) -> Callable[..., None]:
        """The function `scan` of a generated module; the module is written to the cache folder once."""
        with self._lock:
            if text not in self._functions:
                self._functions[text] = _load(text, self.cache)
            return self._functions[text]

    def compile(self, program: Program, dtype: Any) -> None:
        """Compile both directions ahead of need (this may run in a thread while another target trains)."""
        for source in numba_sources(program, single=np.dtype(dtype) == np.float32):
            self.compile_source(source, dtype)

    def compile_source(self, source: NumbaSource, dtype: Any) -> None:
        """Compile one function ahead of need."""
        text = source.text()
        arguments = [_example(source.program, what, dtype) for what in source.arguments.values()]
        sizes, numbers = np.zeros(len(source.sizes) + 1, np.int64), np.zeros(len(source.numbers) + 1, dtype)
        self.function(text)(0, 0, 0, 0, 0, np.zeros(1, np.int64), sizes, numbers, *arguments)


def _example(program: Program, what: str | tuple[int, str], dtype: Any) -> Array:
    """The smallest array of an argument's type."""
    if isinstance(what, tuple):
        return np.zeros(1, np.int64 if what[1].endswith("spans") else dtype)
    return np.zeros((1, 1) if program.buffers[what].extent is Extent.SCRATCH else (1, 1, 1), dtype)


def _load(text: str, folder: Path) -> Callable[..., None]:
    name = f"lab_scan_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    path = folder / f"{name}.py"
    if not path.exists() or path.read_bytes() != text.encode():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.part")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    scan: Callable[..., None] = module.scan
    return scan


@final
class NumbaScanner:
    """Both compiled scans of one executor."""

    def __init__(self, executor: Executor, target: NumbaTarget) -> None:
        self.executor = executor
        self.target = target
        single = executor.dtype == np.float32
        self._packed: list[tuple[Product, int, Array]] = []
        self._scans = [self._bind(source) for source in numba_sources(executor.program, single=single)]
        work = sum(product.weight.size for product, _, _ in self._packed)
        worth = executor.batch * work > WORTH_A_THREAD
        self._shares = executor.workers.shares(executor.batch) if worth else [(0, executor.batch)]

    def _bind(self, source: NumbaSource) -> Callable[[int, int, int, int], None]:
        executor = self.executor
        function = self.target.function(source.text())
        for name, product in source.products.items():
            panel, block = self._variant(product)
            source.set_panels(name, panel, block)
        arguments = [self._array(source, name, what) for name, what in source.arguments.items()]
        sizes, numbers = np.array([*source.sizes, 0], np.int64), np.array([*source.numbers, 0], executor.dtype)
        # Compiles, or loads from the cache, before the first real call.
        function(0, 0, 0, 0, executor.batch, executor.active, sizes, numbers, *arguments)
        return lambda first, last, begin, end: function(
            first, last, begin, end, executor.batch, executor.active, sizes, numbers, *arguments
        )

    def _array(self, source: NumbaSource, name: str, what: str | tuple[int, str]) -> Array:
        executor = self.executor
        if isinstance(what, str):
            return executor.buffers[what]
        number, use = what
        if use == "vector":
            return executor.weight(executor.program.traced.graph.vars[number]).reshape(-1)
        if use.endswith("spans"):
            product = source.products[f"w{name[1:]}"]
            return self._spans(product, self._variant(product)[0])
        product = source.products[name]
        weight = executor.weights[number]
        panel, _ = self._variant(product)
        if product.transposed and panel >= product.target.width:
            return weight.reshape(-1)  # one panel of a transposed product is the weight itself
        packed = np.zeros(weight.size, executor.dtype)
        self._packed.append((product, panel, packed))
        return packed

    def refresh(self) -> None:
        """Pack the weights anew."""
        from lab.compile.targets.numba_runtime import pack

        weights = self.executor.weights
        self.executor.workers.run(
            [
                lambda product=product, panel=panel, packed=packed: pack(  # type: ignore[misc]
                    weights[product.weight.number], product.transposed, panel, packed
                )
                for product, panel, packed in self._packed
            ]
        )

    def rebind(self) -> None:
        """The active samples are read at every step: nothing to do."""

    def forward(self, first: int, last: int) -> None:
        """Run the forward scan, the batch split over the threads."""
        self._run(self._scans[0], first, last)

    def backward(self, first: int, last: int) -> None:
        """Run the adjoint scan."""
        self._run(self._scans[1], first, last)

    def _run(self, scan: Callable[[int, int, int, int], None], first: int, last: int) -> None:
        self.executor.workers.run([lambda a=a, b=b: scan(first, last, a, b) for a, b in self._shares])  # type: ignore[misc]

    def _variant(self, product: Product) -> tuple[int, int]:
        """Panel width and depth for a product: one panel when small, else the faster of those timed."""
        width, depth = product.target.width, product.source.width
        rows = -(-self.executor.batch // self.executor.workers.count)
        support = self.executor.support(product.weight)
        if width * depth * rows <= (SMALL_PRODUCT if support is None else SMALL_PANEL):
            return width, depth
        key = f"{width}x{depth}x{rows}" + ("" if support is None else f" of {np.count_nonzero(support)}")
        if key not in self.target.variants:
            options = [(width, depth), *(PANELS if support is None else MASKED_PANELS)]
            seconds = [
                _time_product(width, depth, rows, panel, block, self._spans(product, panel), self.executor.dtype)
                for panel, block in options
            ]
            self.target.variants[key] = list(options[int(np.argmin(seconds))])
        panel, block = self.target.variants[key]
        return panel, block

    def _spans(self, product: Product, panel: int) -> Array:
        """First and last entry of the source that each panel of a product reads, one behind the other."""
        width, depth = product.target.width, product.source.width
        support = self.executor.support(product.weight)
        if support is None:
            support = np.ones((width, depth), bool)
        elif product.transposed:
            support = support.T
        return spans(support, np.arange(0, width, panel)).astype(np.int64).reshape(-1)


def _time_product(
    width: int, depth: int, rows: int, panel: int, block: int, ranges: Array, dtype: np.dtype[Any]
) -> float:
    """Seconds of one product, the best of a few."""
    from lab.compile.targets.numba_runtime import product32, product64

    weight, source, target = np.ones(width * depth, dtype), np.ones((rows, depth), dtype), np.ones((rows, width), dtype)
    product = product32 if dtype == np.float32 else product64
    best = float("inf")
    for _ in range(6):
        start = time.perf_counter()
        product(
            width,
            rows,
            depth,
            panel,
            block,
            ranges,
            weight.ctypes.data,
            source.ctypes.data,
            depth,
            0,
            target.ctypes.data,
            width,
        )
        best = min(best, time.perf_counter() - start)
    return best
