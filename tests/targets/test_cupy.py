"""Target `cupy`: the same values as the other targets, on a device, or with its kernels run by a stand-in."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.compile.executor import Target
from lab.compile.targets.cupy import CupyTarget, device_available
from lab.compile.targets.numpy import NumpyTarget
from lab.errors import TargetError
from tests.targets.cupy_cells import Many, Specials, Structures, built_in
from tests.targets.cupy_device import COMPILER, HostDevice, StrictArray
from tests.targets.cupy_run import CASES, Case, difference, program_of, reference, run

TOLERANCE = {"f8": 1e-12, "f4": 2e-5}
"""Relative to the largest entry: some hundred roundings of the type, for sums are taken in another order."""


@pytest.fixture(scope="module", params=["host", pytest.param("device", marks=pytest.mark.gpu)], name="target")
def cupy_target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The target on a device, and on its stand-in."""
    if request.param == "device":
        available, reason = device_available()
        if not available:
            pytest.skip(reason)
        yield CupyTarget()
        return
    if COMPILER is None:
        pytest.skip("no C++ compiler to run the kernels with (apt-get install g++)")
    device = HostDevice(tmp_path_factory.mktemp("kernels"))
    yield CupyTarget(device)
    device.xp.check_margins()


@pytest.mark.parametrize(
    ("case", "dtype"),
    [*((case, "f8") for case in CASES), (CASES[2], "f4")],
    ids=lambda one: one if isinstance(one, str) else f"T{one.steps}B{one.batch}D{one.hidden}",
)
@pytest.mark.parametrize("cell", [Many, Structures])
def test_values_and_gradients_are_those_of_numpy(target: Target, cell: Any, case: Case, dtype: str) -> None:
    program = program_of(cell(), case.inputs, case.hidden)
    found = run(program, target, case, dtype)
    for name, off in difference(found, run(program, NumpyTarget(), case, dtype)).items():
        assert off <= TOLERANCE[dtype], name
    for name, off in difference(found, reference(cell(), case)).items():
        assert off <= TOLERANCE[dtype], name


def test_built_in_cells_agree_with_numpy(target: Target) -> None:
    case = Case(steps=5, batch=4, inputs=3, hidden=6, lengths=(5, 5, 2, 1), windows=(0, 3))
    for name, make in built_in().items():
        program = program_of(make(), case.inputs, case.hidden)
        found = run(program, target, case, "f8")
        for what, off in difference(found, run(program, NumpyTarget(), case, "f8")).items():
            assert off <= TOLERANCE["f8"], (name, what)


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_special_numbers_are_handed_on_as_the_reference_does(target: Target, dtype: str) -> None:
    numbers = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -2.5, 1e-30, 1e30]
    triples = np.array([(a, b, c) for a in numbers for b in numbers for c in (np.nan, 0.0, 1.0)])
    case = Case(steps=3, batch=len(triples) // 3, inputs=3, hidden=1)
    x = {"x": triples.reshape(case.steps, case.batch, 3)}
    found = run(program_of(Specials(), 3, 1), target, case, dtype, x)["state h"]
    with np.errstate(all="ignore"):
        wanted = reference(Specials(), case, dtype, x, backward=False)["state h"]
    assert np.isnan(wanted).any()
    assert np.isinf(wanted).any()
    for entry in range(wanted.shape[-1]):
        np.testing.assert_allclose(found[..., entry], wanted[..., entry], rtol=TOLERANCE[dtype], err_msg=str(entry))


@pytest.mark.parametrize("case", CASES[::2], ids=lambda case: f"T{case.steps}")
def test_callers_may_see_numpy_arrays_alone(target: Target, case: Case) -> None:
    program = program_of(Many(), case.inputs, case.hidden)
    found = run(program, target, case, "f8", mirrored=True)
    for name, off in difference(found, run(program, NumpyTarget(), case, "f8")).items():
        assert off <= TOLERANCE["f8"], name


def test_rule_that_fails_names_the_authors_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if COMPILER is None:
        pytest.skip("no C++ compiler to run the kernels with (apt-get install g++)")

    allowed = StrictArray.__array_function__

    def refuse(self: StrictArray, function: Any, *others: Any) -> Any:
        if function is np.swapaxes:
            raise TypeError("no implementation found for numpy.swapaxes")
        return allowed(self, function, *others)

    case = CASES[0]
    program = program_of(Structures(), case.inputs, case.hidden)
    target = CupyTarget(HostDevice(tmp_path))
    monkeypatch.setattr(StrictArray, "__array_function__", refuse)
    with pytest.raises(TargetError, match="cannot compute transpose") as caught:
        run(program, target, case, "f8")
    assert caught.value.file == str(Path(__file__).with_name("cupy_cells.py"))
    assert caught.value.line is not None


def test_without_a_device_the_target_says_what_to_do() -> None:
    available, reason = device_available()
    if available:
        pytest.skip("there is a device here")
    assert reason.endswith(".")
    with pytest.raises(TargetError, match="--device cpu"):
        CupyTarget()


def test_networks_learn_the_same(target: Target) -> None:
    """Two updates of whole networks, in two windows: losses, gradients and final states of the target numpy's."""
    pytest.importorskip("lab.registry.manager", reason="the built-in components need all packages of the lab")
    from lab.model.blueprint import blueprint
    from lab.model.network import Network
    from lab.registry.manager import load_catalog
    from tests.model.test_network import BATCH, STEPS, cases

    def learn(plan: Any, batch: dict[str, Any], on: Target) -> list[Any]:
        net = Network(blueprint(plan), steps=STEPS + 1, batch=BATCH + 1, dtype=np.float64, seed=3, target=on)
        seen: list[Any] = []
        windows = [(0, 4), (4, STEPS)] if plan.readout == "every-step" and len(plan.layers) == 1 else [(0, STEPS)]
        for update in range(2):
            net.begin(**batch, generator=np.random.default_rng(update))
            for first, last in windows:
                net.forward(first, last)
                seen += [net.backward(first, last), net.gradient.copy()]
                net.parameters -= 0.1 * net.gradient
                net.refresh()
            seen += [state for layer in net.final_states() for one in layer for state in one.values()]
        return seen

    for name, (plan, batch) in cases(load_catalog(entry_points=False)).items():
        for found, wanted in zip(learn(plan, batch, target), learn(plan, batch, NumpyTarget()), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12, err_msg=name)


def test_without_cupy_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "cupy" else find_spec(name))
    available, reason = device_available()
    assert not available
    assert "not installed" in reason
    assert "pip install 'rnn-lab[cuda12]'" in reason
