"""A stand-in for a CUDA device: the generated kernels compiled as C++, and arrays as strict as CuPy's.

An array of this device never mixes with NumPy's: what CuPy refuses, it refuses. Behind every array that the module
makes lies a margin of NaN, so that a kernel that writes past an end is found.
"""

import ctypes
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

MARGIN = 64
COMPILER = next((found for found in map(shutil.which, ("g++", "clang++", "c++")) if found), None)
_SHIM = """\
extern "C" {{ {functions} }}
#define __global__
#define __device__
#define __forceinline__ inline
struct Position {{ unsigned int x; }};
static Position blockIdx, blockDim, threadIdx;
static inline float __int_as_float(int bits) {{ float f; __builtin_memcpy(&f, &bits, 4); return f; }}
static inline double __longlong_as_double(long long bits) {{ double d; __builtin_memcpy(&d, &bits, 8); return d; }}
"""
# Declared here, for the headers take longer to compile than the kernels.
_FUNCTIONS = " ".join(
    f"double {name}(double); float {name}f(float);"
    for name in ("tanh", "exp", "log", "sqrt", "sin", "cos", "fabs", "floor")
)
_LAUNCH = """
extern "C" void launch_{name}(unsigned int blocks, unsigned int threads, int reversed, {parameters}) {{
    blockDim.x = threads;
    for (unsigned int b = 0; b < blocks; ++b) for (unsigned int i = 0; i < threads; ++i) {{
        blockIdx.x = reversed ? blocks - 1 - b : b;
        threadIdx.x = reversed ? threads - 1 - i : i;
        {name}({arguments});
    }}
}}
"""


class StrictArray(NDArrayOperatorsMixin):
    """An array that is read and written only through the functions that CuPy has too."""

    def __init__(self, array: Any) -> None:
        self._array: np.ndarray[Any, Any] = np.asarray(array)

    shape = property(lambda self: self._array.shape)
    dtype = property(lambda self: self._array.dtype)
    ndim = property(lambda self: self._array.ndim)
    size = property(lambda self: self._array.size)
    T = property(lambda self: StrictArray(self._array.T))
    address = property(lambda self: self._array.ctypes.data)

    def __array__(self, *_: object, **__: object) -> None:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`.")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = (), **named: Any) -> Any:
        if method != "__call__":
            return NotImplemented
        _known_to_cupy(ufunc.__name__)
        if out:
            ufunc(*_bare(inputs), out=_bare(out), **named)
            return out[0]
        return _wrapped(ufunc(*_bare(inputs), **named))

    def __array_function__(self, function: Any, _: object, arguments: Any, named: Any) -> Any:
        _known_to_cupy(function.__name__)
        if function in (np.asarray, np.array):  # these bring an array of the host to the device
            return StrictArray(function(*arguments, **named))
        return _wrapped(function(*_bare(arguments), **_bare(named)))

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, key: Any) -> "StrictArray":
        return StrictArray(self._array[_bare(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, np.ndarray) and value.ndim:
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        self._array[_bare(key)] = _bare(value)

    def reshape(self, *shape: Any) -> "StrictArray":
        return StrictArray(self._array.reshape(*shape))

    def astype(self, dtype: Any, copy: bool = True) -> "StrictArray":
        return StrictArray(self._array.astype(dtype, copy=copy))

    def sum(self, axis: Any = None) -> "StrictArray":
        return StrictArray(self._array.sum(axis=axis))

    def get(self) -> np.ndarray[Any, Any]:
        return self._array.copy()


def _bare(value: Any) -> Any:
    match value:
        case StrictArray():
            return value._array
        case np.ndarray():
            raise TypeError(f"Unsupported type {type(value)}")
        case tuple() | list():
            return type(value)(_bare(one) for one in value)
        case dict():
            return {name: _bare(one) for name, one in value.items()}
        case _:
            return value


def _wrapped(value: Any) -> Any:
    return StrictArray(value) if isinstance(value, (np.ndarray, np.generic)) else value


def _known_to_cupy(name: str) -> None:
    try:
        import cupy
    except ImportError:
        return
    if not hasattr(cupy, name):
        raise TypeError(f"no implementation found for numpy.{name}: CuPy has none")


class StrictModule:
    """The array module: creation here, everything else as NumPy has it, on strict arrays alone."""

    ndarray = StrictArray

    def __init__(self) -> None:
        self._whole: list[np.ndarray[Any, Any]] = []

    def zeros(self, shape: Any, dtype: Any = float) -> StrictArray:
        size = int(np.prod(shape, dtype=np.int64))
        whole = np.full(size + 2 * MARGIN, np.nan, dtype)
        self._whole.append(whole)
        inner = whole[MARGIN : MARGIN + size].reshape(shape)
        inner[...] = 0
        return StrictArray(inner)

    def asarray(self, array: Any, dtype: Any = None, order: Any = None) -> StrictArray:
        return StrictArray(np.array(getattr(array, "_array", array), dtype, order=order or "K"))

    array = asarray

    def ones(self, shape: Any, dtype: Any = float) -> StrictArray:
        return StrictArray(np.ones(shape, dtype))

    def matmul(self, left: Any, right: Any, out: Any = None) -> StrictArray:
        result = StrictArray(np.matmul(_bare(left), _bare(right)))
        if out is None:
            return result
        out[...] = result
        return out  # type: ignore[no-any-return]

    def check_margins(self) -> None:
        """Raise AssertionError if anything was written outside an array."""
        for whole in self._whole:
            assert np.isnan(whole[:MARGIN]).all()
            assert np.isnan(whole[-MARGIN:]).all()


class HostDevice:
    """Compiles kernels as C++ and runs their threads one after another, in either order, so that none leans on one."""

    def __init__(self, folder: Path) -> None:
        self.xp = StrictModule()
        self.folder = folder
        self._order = random.Random(3)
        self._libraries: dict[str, ctypes.CDLL] = {}

    def kernels(self, text: str, names: Iterable[str]) -> Mapping[str, Callable[..., None]]:
        if text not in self._libraries:
            self._libraries[text] = self._compile(text)
        library = self._libraries[text]
        return {name: self._launch(getattr(library, f"launch_{name}")) for name in names}

    def _compile(self, text: str) -> ctypes.CDLL:
        assert COMPILER is not None
        launches = []
        for name, parameters in re.findall(r"__global__ void (\w+)\((.*)\)\n", text):
            arguments = ", ".join(re.findall(r"(\w+)(?:,|$)", parameters))
            launches.append(_LAUNCH.format(name=name, parameters=parameters, arguments=arguments))
        path = self.folder / f"kernels{len(list(self.folder.iterdir()))}.cpp"
        path.write_text(_SHIM.format(functions=_FUNCTIONS) + text + "".join(launches), encoding="utf-8")
        library = path.with_suffix(".so")
        # Without contraction the values are those of the operations as they are written.
        flags = ["-O0", "-w", "-ffp-contract=off", "-shared", "-fPIC"]
        subprocess.run([COMPILER, *flags, str(path), "-o", str(library)], check=True, capture_output=True, text=True)
        return ctypes.CDLL(str(library))

    def _launch(self, function: Any) -> Callable[..., None]:
        def launch(grid: tuple[int], block: tuple[int], arguments: tuple[Any, ...]) -> None:
            assert grid[0] > 0, "CUDA launches no empty grid"
            assert all(isinstance(argument, (np.int64, StrictArray)) for argument in arguments)
            values: list[Any] = [
                ctypes.c_uint(grid[0]),
                ctypes.c_uint(block[0]),
                ctypes.c_int(self._order.getrandbits(1)),
            ]
            for argument in arguments:
                if isinstance(argument, StrictArray):
                    values.append(ctypes.c_void_p(argument.address))
                else:
                    values.append(ctypes.c_longlong(int(argument)))
            function(*values)

        return launch
