"""CUDA source: readable, and accepted by NVRTC for every cell; what CuPy is asked to do, it knows."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from lab.compile.program import Other
from lab.compile.targets.cupy import device_available
from lab.compile.targets.cupy_source import cupy_source
from lab.model.initialisers import glorot, orthogonal
from lab.trace.functions import tanh
from lab.trace.rules.evaluate import EVALUATE
from tests.targets.cupy_cells import Many, Plain, Specials, Structures, built_in
from tests.targets.cupy_run import program_of

ARCHITECTURES = (70, 80, 90)


class Simple(Plain):
    """One equation over two lines: the backslash must not swallow a line of code."""

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden)}

    def step(self, p, x, s):
        net = p.U @ s.h + \
            p.W @ x  # fmt: skip
        return self.next(h=tanh(net) * 0.5)


def test_source_reads_as_the_equations_did() -> None:
    text = cupy_source(program_of(Simple(), 3, 4), True)
    kernel = re.search(r'extern "C" __global__ void forward_1\(([^\n]*)\)\n\{\n(.*?)\n\}', text, re.DOTALL)
    assert kernel is not None
    assert kernel[1].startswith("const long long t, const long long batch, const long long rows, float* b_")
    lines = [line.strip() for line in kernel[2].splitlines()]
    assert lines[1:3] == ["if (i >= rows * 4) return;", "const long long n = i / 4, j = i % 4;"]
    assert re.fullmatch(r"const float e\d+ = r0\[j\] \+ r1\[j\];  // net = p.U @ s.h \+", lines[6])
    assert re.fullmatch(r"const float (e\d+) = tanhf\(e\d+\);  // return self.next\(h=tanh\(net\) \* 0.5\)", lines[7])
    assert re.search(r"// before the scan, .* by cuBLAS, .* = matmul\S* W x", text)
    assert re.search(r"// forward 0: v\d+ = by cuBLAS, .* = matmul\S* U h  // net = p.U @ s.h \+\n", text)
    assert "// ---- backward: for t = last - 1 ... first" in text


@pytest.mark.parametrize("single", [True, False])
def test_every_computed_line_names_its_equation(single: bool) -> None:
    text = cupy_source(program_of(Many(), 4, 5), single)
    computed = [line for line in text.splitlines() if re.search(r" e\d+ = ", line)]
    assert len(computed) > 50
    assert all(re.search(r";  // \S", line) for line in computed)
    assert "净输入" in text
    assert ("double" in text) != single
    code = re.sub("//.*", "", text)
    assert ("tanhf(" in code) == single
    assert ("tanh(" in code) != single


@pytest.fixture(scope="module")
def nvrtc() -> Any:
    """NVRTC as CuPy finds it; it needs no device."""
    pytest.importorskip("cupy", reason="CuPy is not installed (extra cuda-check)")
    from cupy.cuda import nvrtc

    try:
        nvrtc.getVersion()
    except ImportError as error:
        pytest.skip(f"NVRTC is not installed (extra cuda-check): {error}")
    return nvrtc


def compiled(nvrtc: Any, text: str, architecture: int) -> tuple[str, str]:
    """PTX and log of a source; the log of a source that NVRTC refuses is the message of the error."""
    program = nvrtc.createProgram(text, "program.cu", (), ())
    try:
        try:
            nvrtc.compileProgram(program, (f"-arch=compute_{architecture}", "-std=c++17"))
        except nvrtc.NVRTCError:
            pytest.fail(nvrtc.getProgramLog(program))
        return nvrtc.getPTX(program).decode(), nvrtc.getProgramLog(program)
    finally:
        nvrtc.destroyProgram(program)


def cells() -> Iterator[tuple[str, Any]]:
    """Every cell there is."""
    yield from (("many", Many), ("structures", Structures), ("specials", Specials), ("simple", Simple))
    yield from built_in().items()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("single", [True, False], ids=["float32", "float64"])
def test_nvrtc_compiles_every_kernel(nvrtc: Any, single: bool, architecture: int) -> None:
    if architecture not in nvrtc.getSupportedArchs():
        pytest.skip(f"this NVRTC no longer compiles for compute_{architecture}")
    for name, make in cells():
        text = cupy_source(program_of(make(), 3, 6), single)
        ptx, log = compiled(nvrtc, text, architecture)
        kernels = re.findall(r"__global__ void (\w+)\(", text)
        assert kernels, name
        assert [kernel for kernel in kernels if f".entry {kernel}(" not in ptx] == [], name
        if single and "cosf(" not in text:  # CUDA reduces large arguments of sinf and cosf in float64
            # A constant or a function without its suffix would show here.
            assert ".f64" not in ptx, name
        assert all("prior to" in line for line in log.strip("\0 \n").splitlines()), (name, log)


def test_nvrtc_refuses_what_is_wrong(nvrtc: Any) -> None:
    with pytest.raises(pytest.fail.Exception, match="undefined"):
        compiled(nvrtc, 'extern "C" __global__ void f(float* a) { a[0] = nothing; }', 80)


def test_evaluation_rules_reach_cupy() -> None:
    """The rules are written with NumPy's functions: each must be handed to CuPy, as far as the missing driver."""
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed (extra cuda-check)")
    if device_available()[0]:
        pytest.skip("there is a device here: the values are compared")

    def array(shape: tuple[int, ...]) -> Any:
        memory = cupy.cuda.UnownedMemory(1 << 20, 1 << 20, None, 0)  # an address that nothing reads
        return cupy.ndarray(shape, np.float64, memptr=cupy.cuda.MemoryPointer(memory, 0))

    program = program_of(Structures(), 4, 5)
    tried = set()
    for value in program.traced.graph.vars:
        operands = tuple(array((7, *v.shape) if v.batched else v.shape) for v in value.inputs)
        if operands:
            tried.add(value.primitive)
            try:
                EVALUATE[value.primitive](value, operands)
            except cupy.cuda.runtime.CUDARuntimeError as error:
                assert "driver" in str(error) or "device" in str(error), value  # noqa: PT017
            except ImportError as error:
                assert "cublas" in str(error), value  # noqa: PT017
    others = {s.value.primitive for d in (program.forward, program.backward) for s in d.steps if isinstance(s, Other)}
    assert others <= tried
    assert {"transpose", "gather", "scatter_add", "outer", "matmul", "sum", "broadcast"} <= others
