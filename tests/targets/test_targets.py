"""Every target against the pass-free float64 reference: states, watched values and all gradients.

Tolerances are relative to the largest entry of a result (see `differences`). Float64 results are sums of some hundred
products taken in another order: 1e-12 is a few thousand roundings. Float32 has 2⁻²⁴ = 6e-8 a rounding, and states feed
on their own rounding for up to nine steps: 2e-5, some hundred roundings.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lab.compile.targets.numba as numba_target
from lab.compile.arrays import to_host
from lab.compile.executor import Target
from lab.compile.program import Program
from lab.compile.reference import Reference
from lab.compile.targets.numba import NumbaTarget, numba_sources
from lab.compile.targets.numpy import NumpyTarget, numpy_source
from lab.compile.workers import Workers
from lab.errors import TargetError
from tests.targets.cells import TEST_CELLS, WITHOUT_LOOPS, Matrices, all_cells
from tests.targets.cupy_cells import Specials
from tests.targets.random_cells import RandomCell
from tests.targets.support import (
    Case,
    executor_for,
    fill,
    flat_parameters,
    numbers,
    program_of,
    reference_run,
    results_of,
    target_run,
    traced_cell,
    worst,
)

TOLERANCE: Final = {"f8": 1e-12, "f4": 2e-5}
USUAL: Final = Case(steps=6, batch=7, inputs=4, hidden=5, lengths=(6, 6, 5, 4, 4, 1, 1), threads=2)
SIZES: Final = {
    "one step": Case(steps=1, batch=3, inputs=4, hidden=5),
    "one sample": Case(steps=6, batch=1, inputs=4, hidden=5),
    "one of each": Case(steps=1, batch=1, inputs=6, hidden=4),
    "odd": Case(steps=9, batch=7, inputs=5, hidden=19, threads=2),
    "ragged": replace(USUAL, threads=1),
    "ragged to nothing": Case(steps=5, batch=4, lengths=(5, 2, 2, 0)),
    "windows": Case(steps=9, batch=3, windows=(0, 4, 7)),
    "windows of one step": Case(steps=3, batch=2, windows=(0, 1, 2)),
    "ragged windows": Case(steps=7, batch=5, hidden=7, lengths=(7, 5, 4, 4, 2), windows=(0, 3, 4), threads=2),
    "no biases": Case(steps=4, batch=3, bias=False),
    "wide": Case(steps=3, batch=6, inputs=70, hidden=130, lengths=(3, 3, 3, 2, 2, 1), threads=2),
}
QUICK: Final = ("lstm-tanh", "gru-after", "elman-tanh", "odd")
"""Cells that numba compiles in the quick tests, a second or more for each direction; the others take too long."""
UNUSUAL: Final = ("clockwork", "grid-lstm", "jordan-tanh", "multiplicative", "peephole-lstm-new")
"""Built-in cells with more to them than gates: time, masks, two memories, feedback, two products in turn."""


@pytest.fixture(scope="session", name="compiled")
def one_numba_target(tmp_path_factory: pytest.TempPathFactory) -> NumbaTarget:
    """One target for all tests, so that a cell is compiled once."""
    return NumbaTarget(tmp_path_factory.mktemp("numba"))


@pytest.fixture(params=["numpy", "numba", pytest.param("cupy", marks=pytest.mark.gpu)], name="target")
def each_target(request: pytest.FixtureRequest, compiled: NumbaTarget) -> Target:
    """Every target; that of the device where there is one."""
    if request.param != "cupy":
        return NumpyTarget() if request.param == "numpy" else compiled
    from lab.compile.targets.cupy import CupyTarget, device_available

    available, reason = device_available()
    if not available:
        pytest.skip(reason)
    return CupyTarget()


@pytest.fixture(name="panels")
def forced_panels(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Even small products go in panels of 64 columns and blocks of 128 rows."""
    monkeypatch.setattr(numba_target, "SMALL_PRODUCT", 1)
    monkeypatch.setattr(numba_target, "_time_product", lambda width, depth, rows, panel, *_: float(panel))
    monkeypatch.setattr(numba_target, "SMALL_PANEL", 1)
    monkeypatch.setattr(numba_target, "WORTH_A_THREAD", 0)
    return


def assert_agrees(make: Callable[[], Any], case: Case, target: Target) -> None:
    """The target gives what the reference gives."""
    off, name = worst(target_run(make(), case, target), reference_run(make(), case))
    assert off <= TOLERANCE[case.dtype], name


@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("cell", sorted(all_cells()))
def test_numpy_agrees_with_the_reference(cell: str, dtype: str) -> None:
    assert_agrees(all_cells()[cell], replace(USUAL, dtype=dtype), NumpyTarget())


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("cell", sorted(all_cells()))
def test_cupy_agrees_with_the_reference(cell: str, dtype: str) -> None:
    from lab.compile.targets.cupy import CupyTarget, device_available

    available, reason = device_available()
    if not available:
        pytest.skip(reason)
    for size in ("ragged", "windows", "one of each", "wide"):
        assert_agrees(all_cells()[cell], replace(SIZES[size], dtype=dtype), CupyTarget())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cell", sorted({*QUICK, *UNUSUAL, *TEST_CELLS}))
def test_numpy_agrees_at_every_size(cell: str, size: str) -> None:
    assert_agrees(all_cells()[cell], SIZES[size], NumpyTarget())


@pytest.mark.parametrize("cell", QUICK)
def test_numba_agrees_with_the_reference(cell: str, compiled: NumbaTarget) -> None:
    """One compiled function serves all sizes, so the sizes are tried in one test."""
    for size, case in SIZES.items():
        if case.bias:
            off, name = worst(target_run(all_cells()[cell](), case, compiled), reference_run(all_cells()[cell](), case))
            assert off <= TOLERANCE["f8"], (size, name)


def test_numba_agrees_in_single_precision(compiled: NumbaTarget) -> None:
    make = all_cells()["lstm-tanh"]
    for size in ("one of each", "odd", "ragged windows", "wide"):
        case = replace(SIZES[size], dtype="f4")
        off, name = worst(target_run(make(), case, compiled), reference_run(make(), case))
        assert off <= TOLERANCE["f4"], (size, name)


@pytest.mark.slow
@pytest.mark.parametrize(("dtype", "bias"), [("f8", True), ("f4", False)], ids=["double", "single without biases"])
@pytest.mark.parametrize("cell", sorted(set(all_cells()) - WITHOUT_LOOPS))
def test_numba_agrees_for_every_cell(cell: str, dtype: str, bias: bool, compiled: NumbaTarget) -> None:
    for size in ("one of each", "odd", "ragged windows", "wide"):
        assert_agrees(all_cells()[cell], replace(SIZES[size], bias=bias, dtype=dtype), compiled)


@pytest.mark.usefixtures("panels")
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_products_in_panels_agree(dtype: str, compiled: NumbaTarget) -> None:
    """Widths and depths above, at and below a panel: D = 130 has panels of 64, 64 and 2, blocks of 128 and 2."""
    variants = NumbaTarget(compiled.cache)
    variants._functions = compiled._functions  # the compiled functions are the same; the timings are not
    for case in (SIZES["wide"], SIZES["odd"], Case(steps=2, batch=2, inputs=64, hidden=64)):
        assert_agrees(all_cells()["lstm-tanh"], replace(case, dtype=dtype), variants)
    assert {tuple(chosen) for chosen in variants.variants.values()} >= {(64, 128)}


@pytest.mark.usefixtures("panels")
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_products_of_a_masked_weight_agree(dtype: str, compiled: NumbaTarget) -> None:
    """Panels of 32 leave out what a clockwork network has zeros for, and modules whose time has not come."""
    masked = NumbaTarget(compiled.cache)
    masked._functions = compiled._functions
    for case in (SIZES["wide"], SIZES["odd"], Case(steps=10, batch=3, inputs=2, hidden=96)):
        assert_agrees(all_cells()["clockwork"], replace(case, dtype=dtype), masked)
    assert {tuple(chosen) for chosen in masked.variants.values()} >= {(32, 32)}


@given(st.lists(st.integers(0, 2**16), min_size=3, max_size=40), st.sampled_from(["ragged", "windows", "no biases"]))
def test_numpy_agrees_for_random_equations(choices: list[int], size: str) -> None:
    # Random equations may divide one small number by another: ten times the usual tolerance.
    off, name = worst(
        target_run(RandomCell(choices), SIZES[size], NumpyTarget()), reference_run(RandomCell(choices), SIZES[size])
    )
    assert off <= 1e-11, name


@pytest.mark.slow
@settings(max_examples=40)
@given(choices=st.lists(st.integers(0, 2**16), min_size=3, max_size=40))
def test_numba_agrees_for_random_equations(choices: list[int], compiled: NumbaTarget) -> None:
    case = SIZES["ragged windows"]
    off, name = worst(target_run(RandomCell(choices), case, compiled), reference_run(RandomCell(choices), case))
    assert off <= 1e-11, name


def test_number_of_threads_hardly_matters(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sum is split over threads: what differs is OpenBLAS, which may take another kernel for fewer rows."""
    cell = "lstm-tanh"
    monkeypatch.setattr(numba_target, "WORTH_A_THREAD", 0)
    monkeypatch.setattr("lab.compile.window.WORTH_SPLITTING", 0)
    case = Case(steps=6, batch=8, inputs=4, hidden=16, dtype="f4")
    one = target_run(all_cells()[cell](), case, target)
    for threads in (2, 3):
        other = target_run(all_cells()[cell](), replace(case, threads=threads), target)
        off, name = worst(other, one)
        assert off <= 1e-6, name
        again, _ = worst(target_run(all_cells()[cell](), replace(case, threads=threads), target), other)
        assert again == 0


@pytest.mark.parametrize("cell", ["lstm-tanh", "odd", "layer-norm"])
def test_ragged_lengths_equal_running_each_sequence_alone(cell: str) -> None:
    make = all_cells()[cell]
    traced = traced_cell(make(), USUAL, simplify=True)
    together = numbers(traced, USUAL)
    program = program_of(make(), USUAL)
    found = target_run(make(), USUAL, NumpyTarget(), together, program)
    sums: dict[str, Any] = {}
    for n, length in enumerate(USUAL.length):
        alone = replace(USUAL, steps=int(length), batch=1, lengths=(), threads=1)
        part = replace(
            together,
            inputs={name: value[:length, n : n + 1] for name, value in together.inputs.items()},
            first={name: value[n : n + 1] for name, value in together.first.items()},
            seeds={name: value[:length, n : n + 1] for name, value in together.seeds.items()},
        )
        for name, value in reference_run(make(), alone, part).items():
            if name.startswith("parameter"):
                sums[name] = sums.get(name, 0.0) + value
            elif name.startswith("first"):
                np.testing.assert_allclose(found[name][n : n + 1], value, rtol=0, atol=1e-12 * np.abs(value).max())
            else:
                np.testing.assert_allclose(found[name][:length, n : n + 1], value, rtol=0, atol=1e-12, err_msg=name)
                assert not found[name][length:, n].any(), name
    for name, value in sums.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-12 * np.abs(value).max(), err_msg=name)


def test_what_lies_past_the_end_of_a_sequence_does_not_matter(target: Target) -> None:
    """Left-over numbers of a batch before, also with other lengths, change nothing."""
    make, case = all_cells()["odd"], USUAL
    program, whole = program_of(make(), case), replace(case, lengths=())
    drawn = numbers(program.traced, case)
    fresh = target_run(make(), case, target, drawn, program)
    with Workers(1) as workers:
        executor = executor_for(program, target, whole, drawn, workers)
        results_of(executor, whole)
        executor.set_active(np.array([1, 1]))
        executor.forward()
        executor.set_active(case.live.sum(axis=1))
        fill(executor, case, drawn)
        again = results_of(executor, case)
    off, name = worst(again, fresh)
    assert off <= 1e-13, name


def test_new_parameters_are_seen_after_refresh(target: Target) -> None:
    """Packed, stacked and masked weights are made anew; nothing of an update before remains."""
    make, case = all_cells()["odd"], replace(USUAL, threads=1)
    program = program_of(make(), case)
    drawn = numbers(program.traced, case)
    right = flat_parameters(program, case, drawn)
    flat = 0.5 * right
    with Workers(1) as workers:
        executor = executor_for(program, target, case, drawn, workers, flat)
        before = results_of(executor, case)
        flat[...] = right
        executor.refresh()
        fill(executor, case, drawn)
        found = results_of(executor, case)
    wanted = reference_run(make(), case)
    off, name = worst(found, wanted)
    assert off <= TOLERANCE["f8"], name
    assert worst(before, wanted)[0] > 0.01


@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("cell", ["lstm-tanh", "elman-relu"])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:overflow:RuntimeWarning")
def test_not_finite_inputs_are_not_hidden(cell: str, bad: float, dtype: str, target: Target) -> None:
    """One bad number at step 2 of sample 1 spoils that sample from there on as in the reference, and no other."""
    make, case = all_cells()[cell], Case(steps=5, batch=3, inputs=4, hidden=5, dtype=dtype)
    given_numbers = numbers(traced_cell(make(), case, simplify=True), case)
    clean = target_run(make(), case, target, given_numbers)
    given_numbers.inputs["x"][2, 1, 0] = bad
    found = target_run(make(), case, target, given_numbers)
    wanted = reference_run(make(), case, given_numbers)
    for name, value in wanted.items():
        if name.startswith("state"):
            assert np.array_equal(np.isfinite(found[name]), np.isfinite(value)), name
            np.testing.assert_array_equal(found[name][:, [0, 2]], clean[name][:, [0, 2]])
            np.testing.assert_array_equal(found[name][:2], clean[name][:2])
    if np.isnan(bad):
        assert np.isnan(found["state h"][2:, 1]).all()
        assert np.isnan(found["parameter U from 0" if "U" in names_of(make) else "parameter U_i from 0"]).any()


def names_of(make: Callable[[], Any]) -> set[str]:
    """The parameters of a cell."""
    return set(traced_cell(make(), Case(), simplify=True).parameters)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_special_numbers_are_handed_on(dtype: str, target: Target) -> None:
    """Every pointwise primitive and both totals, on NaN, infinities, zeros of both signs, ties, large and small."""
    special = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -2.5, 1e-30, 1e30]
    triples = np.array([(a, b, c) for a in special for b in special for c in (np.nan, 0.0, 1.0)])
    case = Case(steps=3, batch=len(triples) // 3, inputs=3, hidden=1, dtype=dtype)
    program = program_of(Specials(), case)
    drawn = replace(numbers(program.traced, case), inputs={"x": triples.reshape(case.steps, case.batch, 3)})
    with np.errstate(all="ignore"):
        executor = executor_for(program, target, case, drawn)
        executor.forward()
        found = executor.states("h")[1:]
        rounded = {"x": drawn.inputs["x"].astype(dtype)}
        runner = Reference(traced_cell(Specials(), case, simplify=False), {}, dtype)
        wanted = runner.forward(rounded, {})[0]["h"][1:]
    assert np.isnan(wanted).any()
    assert np.isinf(wanted).any()
    for entry in range(wanted.shape[-1]):
        # The rational tanh of float32 ends within four roundings of ±1, so the logistic function as near to 0.
        np.testing.assert_allclose(
            found[..., entry], wanted[..., entry], rtol=TOLERANCE[dtype], atol=0 if dtype == "f8" else 2.5e-7,
            err_msg=str(entry),
        )  # fmt: skip


def test_sources_carry_the_authors_equations() -> None:
    program = program_of(all_cells()["peephole-lstm-new"](), Case())
    numba_text = "".join(source.text() for source in numba_sources(program, single=True))
    for text in ("".join(numpy_source(program)), numba_text):
        for line in (
            "c = f * s.c + i * candidate",
            "candidate = tanh(p.U_c @ s.h + p.W_c @ x + p.b_c)",
            "return self.next(h=o * tanh(c), c=c,",
        ):
            assert f"# {line}" in text or f": {line}" in text, line
    assert len(re.findall(r"product\(.*#.*p\.U_", numba_text)) == 2


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("cell", sorted(set(all_cells()) - WITHOUT_LOOPS))
def test_numba_source_is_the_same_for_all_sizes(cell: str, single: bool) -> None:
    """The text is the key of the cache: a size in it would compile every network anew."""
    make = all_cells()[cell]
    texts = set()
    for inputs, hidden in ((7, 20), (11, 50), (17, 130)):
        program = program_of(make(), Case(inputs=inputs, hidden=hidden))
        texts.add("".join(source.text() for source in numba_sources(program, single=single)))
    assert len(texts) == 1


@pytest.mark.parametrize("cell", sorted(set(all_cells()) - WITHOUT_LOOPS))
def test_numba_source_is_the_same_every_time(cell: str) -> None:
    make = all_cells()[cell]
    texts = {
        "".join(source.text() for source in numba_sources(program_of(make(), Case()), single=False)) for _ in range(2)
    }
    assert len(texts) == 1


SECOND = """
import sys
from pathlib import Path
from numba.core import event
from lab.compile.targets.numba import NumbaTarget
from tests.targets.cells import all_cells
from tests.targets.support import Case, target_run, reference_run, worst

with event.install_recorder("numba:compile") as compiled:
    case = Case(steps=4, inputs=int(sys.argv[2]), hidden=int(sys.argv[3]))
    found = target_run(all_cells()["elman-tanh"](), case, NumbaTarget(Path(sys.argv[1])))
scans = [one for _, one in compiled.buffer if "scan" in str(one.data["dispatcher"])]
print(len(scans), worst(found, reference_run(all_cells()["elman-tanh"](), case))[0] < 1e-12)
"""


def test_compiled_functions_are_kept_on_disk(tmp_path: Path) -> None:
    """The first process compiles both directions, a second one none, though its sizes are others."""
    outcomes = []
    for inputs, hidden in ((4, 10), (7, 33)):
        command = [sys.executable, "-c", SECOND, str(tmp_path), str(inputs), str(hidden)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
        assert done.returncode == 0, done.stderr
        outcomes.append(done.stdout.split())
    assert int(outcomes[0][0]) > 0
    assert outcomes[1][0] == "0"
    assert [outcome[1] for outcome in outcomes] == ["True", "True"]


def test_a_spoilt_file_of_the_cache_is_written_anew(tmp_path: Path) -> None:
    """A file that was cut short, or edited, is not run."""
    text = "# a comment\nscan = abs\n"
    assert NumbaTarget(tmp_path).function(text) is abs
    (path,) = tmp_path.glob("lab_scan_*.py")
    path.write_text("raise SystemExit", encoding="utf-8")
    assert NumbaTarget(tmp_path).function(text) is abs
    assert path.read_text(encoding="utf-8") == text


def test_a_run_goes_on_with_the_compiled_target(compiled: NumbaTarget) -> None:
    """Targets share the buffers: one may take over from the other at any boundary, even between the two scans."""
    make, case = all_cells()["lstm-tanh"], replace(USUAL, threads=1)
    program = program_of(make(), case)
    with Workers(1) as workers:
        executor = executor_for(program, NumpyTarget(), case, numbers(program.traced, case), workers)
        executor.forward()
        executor.use(compiled)
        executor.backward()
        executor.gradients()
        mixed = executor.gradient.copy()
        results_of(executor, case)
    off = np.abs(executor.gradient - mixed).max() / np.abs(mixed).max()
    assert off <= TOLERANCE["f8"]


def test_compiling_ahead_leaves_nothing_to_compile(tmp_path: Path) -> None:
    """What a background thread compiles are the very functions that the run then calls."""
    target, case = NumbaTarget(tmp_path), Case(dtype="f4")
    program = program_of(all_cells()["elman-tanh"](), case)
    target.compile(program, case.dtype)
    count = {text: len(function.signatures) for text, function in target._functions.items()}
    assert list(count.values()) == [1, 1]
    assert_agrees(all_cells()["elman-tanh"], case, target)
    assert {text: len(function.signatures) for text, function in target._functions.items()} == count


def test_a_cell_without_loops_is_refused_by_numba_with_its_line(compiled: NumbaTarget) -> None:
    program = program_of(Matrices(), Case())
    with pytest.raises(TargetError, match=r"no code for .* of one sample") as caught:
        compiled.compile(program, "f8")
    assert caught.value.file == str(Path(__file__).with_name("cells.py"))
    assert caught.value.line is not None
    assert "numpy" in str(caught.value)


def test_gradients_are_overwritten_not_added_to(target: Target) -> None:
    case = Case()
    program: Program = program_of(all_cells()["gru-after"](), case)
    with Workers(1) as workers:
        executor = executor_for(program, target, case, numbers(program.traced, case), workers)
        executor.forward()
        executor.backward()
        executor.gradients()
        first = to_host(executor.gradient).copy()
        executor.gradients()
        np.testing.assert_array_equal(to_host(executor.gradient), first)
        executor.gradient[...] = np.nan
        executor.gradients()
    np.testing.assert_array_equal(to_host(executor.gradient), first)


@pytest.mark.parametrize("function", ["tanh32", "sigmoid32", "exp32"])
def test_single_precision_functions_are_accurate(function: str) -> None:
    """Within 4 units in the last place of float32 (of 1 for the logistic function, which is made of tanh)."""
    from lab.compile.targets import numba_runtime

    exact: dict[str, Callable[[Any], Any]] = {
        "tanh32": np.tanh, "sigmoid32": lambda x: 1 / (1 + np.exp(-x)), "exp32": np.exp
    }  # fmt: skip
    x = np.concatenate([np.linspace(-87, 88, 20001), np.linspace(-2, 2, 20001), np.geomspace(1e-30, 1, 1001)])
    x = x.astype(np.float32)
    compiled = getattr(numba_runtime, function)
    found = np.array([compiled(one) for one in x], np.float64)
    wanted = exact[function](x.astype(np.float64))
    unit = np.spacing(np.abs(wanted).astype(np.float32)).astype(np.float64)
    scale = np.maximum(unit, 2.0**-24) if function == "sigmoid32" else unit
    assert np.max(np.abs(found - wanted) / scale) <= 4
    for special in (np.inf, -np.inf, np.nan):
        with np.errstate(over="ignore"):
            np.testing.assert_allclose(compiled(np.float32(special)), exact[function](special), rtol=1e-6, atol=2.5e-7)
