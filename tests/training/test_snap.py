"""SnAp-1 and SnAp-n: against masked influence matrices written out in full, and exact where theory says so."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.compile.targets.numba import NumbaTarget
from lab.compile.targets.numpy import NumpyTarget
from lab.components.algorithm import Algorithm, Batch
from lab.components.dataset import Sequences
from lab.errors import TrainingError
from lab.gradients import sparse, traces
from lab.gradients.diagonal import sweep
from lab.model.architecture import Architecture, LayerPlan
from lab.model.blueprint import blueprint
from lab.model.network import Network
from lab.training.learner import NetworkLearner
from tests.gradients import naive_influence as naive
from tests.gradients.local_cells import Attending, Diagonal, DiagonalLSTM, Three
from tests.gradients.unrolled_cases import BATCH, STEPS, Case, cases, made
from tests.training.support import catalog

Array = NDArray[Any]
CATALOG = catalog()
CASES = {
    name: case
    for name, case in cases(CATALOG).items()
    if not any(layer.bidirectional for layer in case.architecture.layers)
}
EXACT = 1e-10
"""Both are sums of the same float64 products in another order, some thousand of them: far less is left to rounding."""


def algorithm(name: str, **values: Any) -> Algorithm:
    return CATALOG.get("algorithm", name)(**values)  # type: ignore[no-any-return]


def case_of(*layers: LayerPlan, steps: int = STEPS) -> Case:
    rng = np.random.default_rng(5)
    loss = CATALOG.get("loss", "mean-squared-error")()
    architecture = Architecture(
        inputs=3, layers=layers, outputs=2, head=loss.head, equation=loss.equation, classes=False
    )
    batch = {"inputs": rng.normal(size=(steps, BATCH, 3)), "targets": rng.normal(size=(steps, BATCH, 2))}
    return Case(made(architecture), batch, architecture)


def of_cell(kind: Any, layers: int = 1, hidden: int = 4) -> Case:
    return case_of(*(LayerPlan(cell=kind, hidden=hidden) for _ in range(layers)))


def batch_of(case: Case, **values: Any) -> Batch:
    given = dict(case.batch)
    return Batch(sequences=Sequences(inputs=given.pop("inputs"), targets=given.pop("targets"), **given, **values))


def gradient(learner: NetworkLearner, rule: Algorithm, batch: Batch) -> Array:
    (step,) = rule.updates(learner, batch)
    assert step.gradient is not None
    return step.gradient.copy()


def apart(found: Array, exact: Array) -> float:
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def naive_snap_1(learner: NetworkLearner, batch: Batch) -> Array:
    learner.begin(batch)
    learner.forward(0, learner.steps)
    learner.judge(0, learner.steps)
    learner.put(naive.snap_1(learner, 0, learner.steps))
    return learner.gradient.copy()


@pytest.mark.parametrize("cell", CATALOG.names("cell"))
def test_every_cell_against_the_matrix_written_out(cell: str) -> None:
    kind = CATALOG.get("cell", cell)
    asked = kind.step.__code__.co_varnames[: kind.step.__code__.co_argcount]
    case = of_cell(kind(), layers=1 if "y" in asked else 2)
    learner = NetworkLearner(case.network)
    found = gradient(learner, algorithm("snap-1"), batch_of(case))
    assert apart(found, naive_snap_1(learner, batch_of(case))) < EXACT
    assert not any(layer.step.dense for layer in learner.traces(products=True).layers)


@pytest.mark.parametrize("name", CASES)
def test_every_network_against_the_matrix_written_out(name: str) -> None:
    case = CASES[name]
    learner, batch = NetworkLearner(case.network), batch_of(case, lengths=np.array([3, STEPS]))
    found = gradient(learner, algorithm("snap-1"), batch)
    assert apart(found, naive_snap_1(learner, batch)) < EXACT


@pytest.mark.parametrize("kind", [Attending, Three])
def test_units_that_are_mixed_otherwise_are_taken_from_the_whole_jacobian(kind: Any) -> None:
    case = of_cell(kind(), layers=2)
    learner = NetworkLearner(case.network)
    found = gradient(learner, algorithm("snap-1"), batch_of(case))
    assert apart(found, naive_snap_1(learner, batch_of(case))) < EXACT
    assert all(layer.step.dense for layer in learner.traces(products=True).layers)


@pytest.mark.parametrize("kind", [Diagonal, DiagonalLSTM])
@pytest.mark.parametrize("at_once", [2, traces.AT_ONCE])
def test_exact_where_the_recurrence_is_diagonal(kind: Any, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "AT_ONCE", at_once)
    case = of_cell(kind())
    learner, batch = NetworkLearner(case.network), batch_of(case, lengths=np.array([4, STEPS]))
    exact = gradient(learner, algorithm("bptt"), batch)
    assert apart(gradient(learner, algorithm("snap-1"), batch), exact) < EXACT


@pytest.mark.parametrize("name", ["snap-1", "snap-n", "e-prop"])
@pytest.mark.parametrize("every", [1, 3])
def test_updates_within_the_sequence_sum_to_that_at_its_end(name: str, every: int) -> None:
    case = CASES["stack, embedding"]
    learner, batch = NetworkLearner(case.network), batch_of(case)
    whole = gradient(learner, algorithm(name), batch)
    total = np.zeros_like(whole)
    for index, step in enumerate(algorithm(name, update_every=every).updates(learner, batch)):
        # Each is the mean over the steps of its window.
        total += step.gradient * (min(every, STEPS - index * every) / STEPS)
    assert apart(total, whole) < EXACT


@pytest.mark.parametrize("name", ["snap-1", "snap-n", "e-prop", "rflo"])
def test_the_influence_goes_on_from_batch_to_batch(name: str) -> None:
    case = CASES["lstm, dense head"]
    learner, batch = NetworkLearner(case.network), batch_of(case)
    whole = gradient(learner, algorithm(name, feedback="symmetric") if name == "rflo" else algorithm(name), batch)
    kept = {key: array.copy() for key, array in learner.memory.items()}
    parts, half = [], 4
    for part in (slice(0, half), slice(half, STEPS)):
        sequences = Sequences(inputs=case.batch["inputs"][part], targets=case.batch["targets"][part])
        rule = algorithm(name, feedback="symmetric") if name == "rflo" else algorithm(name)
        parts.append(gradient(learner, rule, Batch(sequences=sequences, continued=part.start > 0)))
        learner.end()
    assert kept
    for key, array in learner.memory.items():
        np.testing.assert_allclose(array, kept[key], rtol=1e-11, atol=1e-13)
    assert apart((half * parts[0] + (STEPS - half) * parts[1]) / STEPS, whole) < EXACT


@pytest.mark.parametrize("name", ["snap-1", "snap-n", "e-prop", "rflo"])
def test_nothing_is_kept_where_no_batch_goes_on(name: str) -> None:
    case = CASES["lstm, dense head"]
    learner = NetworkLearner(case.network)
    learner.carries = False
    list(algorithm(name).updates(learner, batch_of(case)))
    assert set(learner.memory) <= {"feedback.0"}


@pytest.mark.parametrize("name", ["snap-1", "e-prop"])
def test_memory_does_not_grow_with_the_length(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "AT_ONCE", 8)
    peaks = []
    for steps in (32, 256):
        plan = blueprint(CASES["lstm, dense head"].architecture)
        learner = NetworkLearner(Network(plan, steps=steps, batch=BATCH, dtype=np.float64, target=NumpyTarget()))
        rng = np.random.default_rng(1)
        sequences = Sequences(inputs=rng.normal(size=(steps, BATCH, 3)), targets=rng.integers(0, 3, (steps, BATCH)))
        list(algorithm(name).updates(learner, Batch(sequences=sequences)))
        influence = learner.traces(products=name == "snap-1")
        signals = [learner.seeds(0, steps)]
        tracemalloc.start()
        influence.advance(0, steps, signals, more=True)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # Eight times the steps.
    assert peaks[1] < 1.5 * peaks[0]


def test_the_compiled_sweep_is_the_plain_one() -> None:
    rng = np.random.default_rng(2)
    transition, cotangents = rng.normal(size=(2, 2, 5, 6)), rng.normal(size=(2, 5, 6))
    plain, compiled = cotangents.copy(), cotangents.copy()
    before = sweep(transition, plain, compiled=False)
    np.testing.assert_allclose(sweep(transition, compiled, compiled=True), before, rtol=1e-12)
    np.testing.assert_allclose(compiled, plain, rtol=1e-12)
    expected = cotangents[:, 3] + np.einsum("abk,ak->bk", transition[:, :, 4], cotangents[:, 4])
    np.testing.assert_allclose(plain[:, 3], expected, rtol=1e-12)


@pytest.mark.parametrize("compiled", [True, False])
def test_what_fades_becomes_nothing_and_what_is_no_number_stays_so(compiled: bool) -> None:
    transition = np.full((1, 1, 60, 3), 0.1, np.float32)
    cotangents = np.zeros((1, 60, 3), np.float32)
    cotangents[0, -1] = 1.0, np.nan, np.inf
    before = sweep(transition, cotangents, compiled=compiled)
    assert before[0, 0] == 0
    assert np.isnan(before[0, 1])
    assert np.isinf(before[0, 2])
    kept = cotangents[0, :, 0][cotangents[0, :, 0] != 0]
    np.testing.assert_allclose(kept[::-1], 0.1 ** np.arange(len(kept), dtype=np.float64), rtol=1e-5)
    kind = np.finfo(np.float32)
    assert 0.1 * kept.min() < kind.tiny / kind.eps <= kept.min(), "its products have all their digits"


@pytest.mark.parametrize("cell", ["lstm", "gru", "leaky"])
def test_compiled_loops_are_the_plain_equations(cell: str) -> None:
    layers = tuple(LayerPlan(cell=CATALOG.get("cell", cell)(), hidden=4) for _ in range(2))
    case = case_of(*layers)
    found = []
    for target in (NumpyTarget(), NumbaTarget()):
        # More room than the batch needs, and a sequence that ends before the others.
        plan = blueprint(case.architecture)
        network = Network(plan, steps=STEPS + 2, batch=BATCH + 1, dtype=np.float64, seed=3, target=target)
        learner = NetworkLearner(network)
        for rule in (algorithm("snap-1", update_every=4), algorithm("e-prop")):
            batch = batch_of(case, lengths=np.array([4, STEPS]))
            found += [step.gradient.copy() for step in rule.updates(learner, batch)]  # type: ignore[union-attr]
    half = len(found) // 2
    for plain, compiled in zip(found[:half], found[half:], strict=True):
        assert apart(compiled, plain) < EXACT


def test_loops_are_compiled_ahead_of_the_update_that_takes_them(tmp_path: Path) -> None:
    learner = NetworkLearner(CASES["elman"].network)
    list(algorithm("snap-1").updates(learner, batch_of(CASES["elman"])))
    target = NumbaTarget(cache=tmp_path)
    learner.compile(target)
    ahead = len(list(tmp_path.glob("*.py")))
    assert ahead == 1
    CASES["elman"].network.use(target)
    try:
        programs = len(list(tmp_path.glob("*.py")))
        list(algorithm("snap-1").updates(learner, batch_of(CASES["elman"])))
        assert len(list(tmp_path.glob("*.py"))) == programs
    finally:
        CASES["elman"].network.use(NumpyTarget())


@pytest.mark.parametrize("name", ["snap-1", "snap-n", "e-prop", "rflo"])
def test_layers_of_two_directions_are_refused(name: str) -> None:
    case = cases(CATALOG)["both directions"]
    with pytest.raises(TrainingError, match="two directions"):
        list(algorithm(name).updates(NetworkLearner(case.network), batch_of(case)))


@pytest.mark.parametrize("name", CASES)
def test_snap_n_that_reaches_everything_is_exact(name: str) -> None:
    case = CASES[name]
    learner, batch = NetworkLearner(case.network), batch_of(case)
    exact = gradient(learner, algorithm("bptt"), batch)
    assert apart(gradient(learner, algorithm("snap-n", n=50), batch), exact) < EXACT


@pytest.mark.parametrize("name", ["elman", "lstm, dense head", "gru after, no bias", "peephole"])
def test_snap_n_of_one_step_is_snap_1(name: str) -> None:
    case = CASES[name]
    learner, batch = NetworkLearner(case.network), batch_of(case)
    one = gradient(learner, algorithm("snap-1"), batch)
    assert apart(gradient(learner, algorithm("snap-n", n=1), batch), one) < EXACT


def sparse_case(layers: int = 1) -> Case:
    return of_cell(CATALOG.get("cell", "leaky")(sparsity=0.9), layers=layers, hidden=16)


def naive_pattern(learner: NetworkLearner, n: int) -> Array:
    """Which states each column reaches in n steps, from the steps as they were: no entry of A is zero by chance."""
    transition, entering = naive.as_one(learner.linearise(0, learner.steps))
    reached = (entering != 0).any(axis=(0, 1))
    step = (transition != 0).any(axis=(0, 1))
    for _ in range(n - 1):
        reached = reached | (step.astype(int) @ reached.astype(int) > 0)
    return reached


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_snap_n_on_a_sparse_matrix_below_saturation(n: int, layers: int) -> None:
    case = sparse_case(layers)
    learner, batch = NetworkLearner(case.network), batch_of(case)
    exact = gradient(learner, algorithm("bptt"), batch)
    found = gradient(learner, algorithm("snap-n", n=n), batch)
    learner.begin(batch)
    learner.forward(0, STEPS)
    learner.judge(0, STEPS)
    mask = naive_pattern(learner, n)
    assert not mask.all()
    learner.put(naive.masked(learner, mask))
    assert apart(found, learner.gradient) < EXACT
    assert apart(found, exact) > 1e-6


def test_snap_n_comes_closer_with_n_and_stores_what_it_reaches() -> None:
    case = sparse_case()
    learner, batch = NetworkLearner(case.network), batch_of(case)
    exact = gradient(learner, algorithm("bptt"), batch)
    errors, numbers = [], []
    for n in (1, 2, 3, 50):
        errors.append(apart(gradient(learner, algorithm("snap-n", n=n), batch), exact))
        influence = learner.sparse_influence(n)
        assert influence.pattern.sum() <= influence.numbers < 1.6 * influence.pattern.sum()
        numbers.append(influence.numbers)
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < EXACT
    # One of ten weights of U is there: one step reaches one unit of 16, two steps about one and a half more.
    assert numbers[0] < numbers[1] < numbers[2] < numbers[3]
    assert numbers[0] < 0.15 * sum(learner.sizes) * sum(learner.columns)


def test_the_steps_of_a_sparse_influence_may_be_cut_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    case = sparse_case()
    learner, batch = NetworkLearner(case.network), batch_of(case)
    whole = gradient(learner, algorithm("snap-n", n=2), batch)
    monkeypatch.setattr(sparse, "AT_ONCE", 2)
    assert apart(gradient(learner, algorithm("snap-n", n=2), batch), whole) < EXACT
