"""Target `cupy`: the program on a CUDA device, loops as generated kernels, products by cuBLAS."""

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.executor import Executor
from lab.compile.program import Location, Loop, Other, Product, Reduce, Step, When
from lab.compile.storage import Storage
from lab.compile.targets.cupy_source import CupySource, Kernel, cupy_sources, cupy_text
from lab.errors import TargetError
from lab.trace.graph import Var
from lab.trace.rules.evaluate import evaluate

Array = NDArray[Any]
Launch = Callable[[tuple[int, ...], tuple[int, ...], tuple[Any, ...]], object]
"""A compiled kernel: called with grid, block and arguments."""
Work = Callable[[int, int], None]
"""One step of the program at time t on the first rows of the batch."""

THREADS: Final = 128
"""Threads of a block; the kernels use few registers and no shared memory, so that any multiple of 32 does."""
_NO_DEVICE: Final = 100
_OLD_DRIVER: Final = 35


class Device(Protocol):
    """Where the target runs: an array module, and a compiler of CUDA source."""

    xp: Any

    def kernels(self, text: str, names: Iterable[str]) -> Mapping[str, Launch]:
        """Compile a source and return its kernels of these names."""


def device_available() -> tuple[bool, str]:
    """Whether a CUDA device can be used here; if not, why, and what to do about it."""
    if importlib.util.find_spec("cupy") is None:
        return False, "CuPy is not installed; install it with: pip install 'rnn-lab[cuda12]' (or cuda13)."
    try:
        import cupy
    except ImportError as error:
        return False, f"CuPy cannot be imported: {_first_line(error)}; install it again (rnn-lab[cuda12] or [cuda13])."
    runtime = cupy.cuda.runtime
    try:
        runtime.getDeviceCount()
        cupy.cuda.get_cublas_handle()
        cupy.cuda.nvrtc.getVersion()
    except runtime.CUDARuntimeError as error:
        if error.status == _NO_DEVICE:
            return False, "There is no CUDA device in this machine (or CUDA_VISIBLE_DEVICES hides it)."
        if error.status == _OLD_DRIVER and runtime.driverGetVersion() == 0:
            return False, "There is no NVIDIA driver on this machine; install one to use its graphics card."
        if error.status == _OLD_DRIVER:
            return False, "The NVIDIA driver is too old for this CuPy; update it, or install an older rnn-lab[cuda12]."
        return False, f"The CUDA device does not answer: {_first_line(error)}"
    except ImportError as error:
        return False, f"A CUDA library is missing: {_first_line(error)}; install rnn-lab[cuda12] or rnn-lab[cuda13]."
    return True, ""


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip(" =")), type(error).__name__)


@final
class CudaDevice:
    """The current CUDA device. Raises TargetError, saying what to do, where there is none."""

    def __init__(self) -> None:
        available, reason = device_available()
        if not available:
            raise TargetError(f"the target cupy cannot run here. {reason}", remedy="Without it use --device cpu.")
        import cupy

        self.xp: Any = cupy

    def kernels(self, text: str, names: Iterable[str]) -> Mapping[str, Launch]:
        """Compile with NVRTC for this device; CuPy keeps what it compiled on disk."""
        # CuPy writes the source in the encoding of the locale, which may have no sign for an author's comment.
        module = self.xp.RawModule(code=text.encode("ascii", "replace").decode())
        return {name: module.get_function(name) for name in names}


@final
class CupyTarget:
    """Makes scanners that run on a CUDA device (or on what a test puts in its place)."""

    name = "cupy"

    def __init__(self, device: Device | None = None) -> None:
        self.device: Device = device or CudaDevice()
        self.xp: Any = self.device.xp

    def scanner(self, executor: Executor) -> "CupyScanner":
        """Generate, compile and bind the kernels for an executor."""
        return CupyScanner(executor, self.device)


@final
class CupyScanner:
    """Both scans of one executor: a list of kernel launches and products for each direction."""

    def __init__(self, executor: Executor, device: Device) -> None:
        self.executor = executor
        self.xp: Any = device.xp
        program, single = executor.program, executor.dtype == np.float32
        sources = cupy_sources(program, single=single)
        text = cupy_text(program, sources, single=single)
        launches = device.kernels(text, [kernel.name for source in sources for kernel in source.kernels.values()])
        self._scans = [[self._bind(step, source, launches) for step in source.direction.steps] for source in sources]

    def refresh(self) -> None:
        """Weights are bound as views or refreshed in place: nothing to do."""

    def rebind(self) -> None:
        """The active samples are read at every step: nothing to do."""

    def forward(self, first: int, last: int) -> None:
        """Run the forward scan."""
        self._run(self._scans[0], range(first, last))

    def backward(self, first: int, last: int) -> None:
        """Run the adjoint scan."""
        self._run(self._scans[1], reversed(range(first, last)))

    def _run(self, scan: list[Work], times: Iterable[int]) -> None:
        for t in times:
            rows = int(self.executor.active[t])
            if rows:
                for work in scan:
                    work(t, rows)

    def _bind(self, step: Step, source: CupySource, launches: Mapping[str, Launch]) -> Work:
        match step:
            case Product():
                return self._product(step)
            case Other():
                return self._other(step, source.writer.storage)
            case Loop() | Reduce():
                kernel = source.kernels[step]
                return self._kernel(kernel, launches[kernel.name])

    def _kernel(self, kernel: Kernel, launch: Launch) -> Work:
        executor = self.executor
        variables = executor.program.traced.graph.vars
        arrays = [
            executor.buffers[array] if isinstance(array, str) else executor.weight(variables[array]).reshape(-1)
            for array in kernel.arrays
        ]
        batch = np.int64(executor.batch)

        def work(t: int, rows: int) -> None:
            blocks = -(-rows * kernel.threads // THREADS)
            launch((blocks,), (THREADS,), (np.int64(t), batch, np.int64(rows), *arrays))

        return work

    def _product(self, product: Product) -> Work:
        weight = self.executor.weights[product.weight.number]
        matrix = weight if product.transposed else weight.T

        def work(t: int, rows: int) -> None:
            source, target = self._view(product.source, t, rows), self._view(product.target, t, rows)
            if product.accumulate:
                target += self.xp.matmul(source, matrix)
            else:
                self.xp.matmul(source, matrix, out=target)

        return work

    def _other(self, step: Other, storage: Storage) -> Work:
        """The evaluation rule on device arrays, from the nearest values that have a home."""
        value, dtype = step.value, self.executor.dtype
        homes, weights = self._operands(value, storage)

        def work(t: int, rows: int) -> None:
            given = dict(weights)
            for operand, place in homes.items():
                given[operand] = self._view(place, t, rows).reshape(rows, *operand.shape)
            try:
                result = evaluate([value], given, dtype)[value]
            except (AttributeError, NotImplementedError, TypeError) as error:
                raise TargetError(
                    f"the target cupy cannot compute {value.primitive}: {error}",
                    file=value.source.file if value.source else None,
                    line=value.source.line if value.source else None,
                    remedy="Run this cell with --device cpu.",
                ) from error
            self._view(step.target, t, rows)[...] = result.reshape(rows, -1)

        return work

    def _operands(self, value: Var, storage: Storage) -> tuple[dict[Var, Location], dict[Var, Array]]:
        homes: dict[Var, Location] = {}
        weights: dict[Var, Array] = {}
        stack = list(value.inputs)
        while stack:
            one = stack.pop()
            place = storage.locate(one)
            if place is not None:
                homes[one] = place
            elif not one.batched:
                weights[one] = self.executor.weight(one)
            else:
                stack.extend(one.inputs)
        return homes, weights

    def _view(self, place: Location, t: int, rows: int) -> Array:
        """The entries of the first rows at a place, (rows, width)."""
        array = self.executor.buffers[place.buffer]
        index = {When.NOW: t, When.NEXT: t + 1, When.ARRIVING: t & 1, When.LEAVING: 1 - (t & 1)}
        entry: Array = array[index[place.when]] if place.when in index else array
        return entry[:rows, place.start : place.start + place.width]
