"""What generated Numba code calls: BLAS by pointer, products in panels, and functions that vectorise.

BLAS symbols are registered with LLVM when this module is imported, so that code loaded from the disk cache finds them.
"""

import ctypes
import math
from typing import Any

import llvmlite.binding as llvm
import scipy.linalg.cython_blas as cython_blas
from llvmlite import ir
from numba import float32, float64, int32, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

FASTMATH = {"contract", "reassoc", "arcp", "nsz", "afn"}
"""Every fast-math flag but those that would let the compiler assume away NaN and infinity."""


def _address(name: str) -> int:
    capsule = cython_blas.__pyx_capi__[name]
    get_name = ctypes.pythonapi.PyCapsule_GetName
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(get_pointer(capsule, get_name(capsule)))


for _name in ("sgemm", "dgemm"):
    llvm.add_symbol(f"lab_{_name}", _address(_name))


def _gemm_intrinsic(symbol: str, single: bool) -> Any:
    """C (n, m) = Aᵀ-free product of BLAS: column-major C (m × n) = A (m × k) B (k × n) + β C, with raw addresses."""

    @intrinsic
    def gemm(typing_context, m, n, k, a, lda, b, ldb, beta, c, ldc):
        signature = types.void(*[types.int64] * 10)

        def codegen(context, builder, signature, arguments):
            m, n, k, a, lda, b, ldb, beta, c, ldc = arguments
            number = ir.FloatType() if single else ir.DoubleType()
            short, char = ir.IntType(32), ir.IntType(8)

            def box(kind, value):
                slot = cgutils.alloca_once(builder, kind)
                builder.store(value, slot)
                return slot

            def count(value):
                return box(short, builder.trunc(value, short))

            def pointer(value):
                return builder.inttoptr(value, number.as_pointer())

            plain = box(char, ir.Constant(char, ord("N")))
            one = box(number, ir.Constant(number, 1.0))
            scale = box(number, builder.sitofp(beta, number))
            operands = [plain, plain, count(m), count(n), count(k), one, pointer(a), count(lda)]
            operands += [pointer(b), count(ldb), scale, pointer(c), count(ldc)]
            kind = ir.FunctionType(ir.VoidType(), [operand.type for operand in operands])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, symbol), operands)
            return context.get_dummy_value()

        return signature, codegen

    return gemm


sgemm = _gemm_intrinsic("lab_sgemm", single=True)
dgemm = _gemm_intrinsic("lab_dgemm", single=False)


@intrinsic
def _bits_to_float32(typing_context, bits):
    def codegen(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), codegen


@intrinsic
def _numbers(typing_context, zero, address):
    """The numbers at an address, of the kind of `zero`."""

    def codegen(context, builder, signature, arguments):
        return builder.inttoptr(arguments[1], context.get_value_type(signature.return_type))

    return types.CPointer(zero)(zero, types.int64), codegen


@njit(nogil=True, cache=True)
def _is_silent(zero, address, stride, rows, count):
    """True if all entries (rows, count) are zero; NaN is not. Any other source is soon found out."""
    entries = _numbers(zero, address)
    for n in range(rows):
        sounding = zero
        for k in range(n * stride, n * stride + count):
            sounding = sounding if entries[k] == zero else zero + 1
        if sounding != zero:
            return False
    return True


@njit(fastmath=FASTMATH, nogil=True, cache=True)
def product32(width, rows, depth, panel, block, spans, weight, source, source_stride, beta, target, target_stride):
    """target (rows, width) = source (rows, depth) · weight, the weight packed in panels; all by address, float32.

    A panel reads the entries of the source that `spans` gives it, first and last, in blocks that begin where those of
    the others do. Blocks that are all zeros, as the cotangents of units that hold their state, add nothing.
    """
    for start in range(0, width, panel):
        columns = min(panel, width - start)
        first, last = spans[2 * (start // panel)], spans[2 * (start // panel) + 1]
        place = target + 4 * start
        scale = beta
        k = first
        while k < last:
            stop = min(k - k % block + block, last)
            entries = source + 4 * k
            count = 0 if _is_silent(float32(0), entries, source_stride, rows, stop - k) else stop - k
            part = weight + 4 * (start * depth + k * columns)
            if count or not scale:
                sgemm(columns, rows, count, part, columns, entries, source_stride, scale, place, target_stride)
            k = stop
            scale = 1


@njit(fastmath=FASTMATH, nogil=True, cache=True)
def product64(width, rows, depth, panel, block, spans, weight, source, source_stride, beta, target, target_stride):
    """As `product32`, float64."""
    for start in range(0, width, panel):
        columns = min(panel, width - start)
        first, last = spans[2 * (start // panel)], spans[2 * (start // panel) + 1]
        place = target + 8 * start
        scale = beta
        k = first
        while k < last:
            stop = min(k - k % block + block, last)
            entries = source + 8 * k
            count = 0 if _is_silent(float64(0), entries, source_stride, rows, stop - k) else stop - k
            part = weight + 8 * (start * depth + k * columns)
            if count or not scale:
                dgemm(columns, rows, count, part, columns, entries, source_stride, scale, place, target_stride)
            k = stop
            scale = 1


@njit(nogil=True, cache=True)
def pack(weight, transposed, panel, packed):
    """Lay a weight out in panels of `panel` columns, each (depth, columns) and contiguous, as `product` reads it."""
    if transposed:
        depth, width = weight.shape
    else:
        width, depth = weight.shape
    position = 0
    start = 0
    while start < width:
        stop = min(start + panel, width)
        for k in range(depth):
            for j in range(start, stop):
                packed[position] = weight[k, j] if transposed else weight[j, k]
                position += 1
        start = stop


@njit(inline="always", fastmath=FASTMATH)
def tanh32(x):
    """Rational tanh that vectorises, within 4 units in the last place of float32; NaN stays NaN.

    Numerator of degree 13 and denominator of degree 6, the minimax approximation used by Eigen's `ptanh`.
    """
    x = float32(-7.90531110763549805) if x < float32(-7.90531110763549805) else x
    x = float32(7.90531110763549805) if x > float32(7.90531110763549805) else x
    s = x * x
    p = s * float32(-2.76076847742355e-16) + float32(2.00018790482477e-13)
    p = s * p + float32(-8.60467152213735e-11)
    p = s * p + float32(5.12229709037114e-08)
    p = s * p + float32(1.48572235717979e-05)
    p = s * p + float32(6.37261928875436e-04)
    p = s * p + float32(4.89352455891786e-03)
    q = s * float32(1.19825839466702e-06) + float32(1.18534705686654e-04)
    q = s * q + float32(2.26843463243900e-03)
    q = s * q + float32(4.89352518554385e-03)
    return x * p / q


@njit(inline="always", fastmath=FASTMATH)
def sigmoid32(x):
    """½ tanh(½ x) + ½."""
    return float32(0.5) * tanh32(float32(0.5) * x) + float32(0.5)


@njit(inline="always", fastmath=FASTMATH)
def exp32(x):
    """Exponential that vectorises: 2ⁿ times a polynomial on ±½ ln 2 (Cephes `expf`), error about 2 last places."""
    y = float32(-87.33) if x < float32(-87.33) else x
    y = float32(88.37) if y > float32(88.37) else y
    n = math.floor(y * float32(1.44269504088896341) + float32(0.5))
    f = float32(n)
    r = y - f * float32(0.693359375)
    r = r + f * float32(2.12194440e-4)
    p = r * float32(1.9875691500e-4) + float32(1.3981999507e-3)
    p = p * r + float32(8.3334519073e-3)
    p = p * r + float32(4.1665795894e-2)
    p = p * r + float32(1.6666665459e-1)
    p = p * r + float32(5.0000001201e-1)
    p = p * r * r + r + float32(1.0)
    result = p * _bits_to_float32((int32(n) + int32(127)) << int32(23))
    result = float32(math.inf) if x > float32(88.72) else result
    return float32(0.0) if x < float32(-87.33) else result


@njit(inline="always", fastmath=FASTMATH)
def tanh64(x):
    """The library's tanh."""
    return math.tanh(x)


@njit(inline="always", fastmath=FASTMATH)
def sigmoid64(x):
    """½ tanh(½ x) + ½."""
    return 0.5 * math.tanh(0.5 * x) + 0.5


@njit(inline="always", fastmath=FASTMATH)
def exp64(x):
    """The library's exponential."""
    return math.exp(x)


@njit(nogil=True, cache=True)
def sweep(transition, cotangents, before, tiny):
    """Cotangents of units that depend on themselves alone, through time: see `lab.gradients.diagonal`."""
    states, _, steps, width = transition.shape
    for step in range(steps - 1, -1, -1):
        for to in range(states):
            target = cotangents[to, step - 1] if step else before[to]
            for one in range(states):
                slope = transition[one, to, step]
                source = cotangents[one, step]
                for k in range(width):
                    total = target[k] + slope[k] * source[k]
                    target[k] = total if abs(total) >= tiny else total - total
