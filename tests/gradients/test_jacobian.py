"""The Jacobian of a step against differences, net inputs, spectra, and the decay of what goes back."""

import numpy as np
import pytest

from lab.compile.reference import Reference
from lab.gradients.decay import decay, mean_by_lag
from lab.gradients.jacobian import step_jacobians
from lab.gradients.pullback import Passage, Pullback
from lab.gradients.spectrum import eigenvalues, singular_values
from lab.model.alone import trace_alone
from lab.registry.manager import load_catalog
from lab.trace.tracer import CellLike
from tests.targets.cells import TEST_CELLS

CATALOG = load_catalog(entry_points=False)
BUILT_IN = {name: CATALOG.get("cell", name) for name in CATALOG.names("cell")}
# Cells with kinks or jumps are tested elsewhere, away from them; these are smooth.
SMOOTH = ("peephole-lstm-new", "residual", "twins", "layer-norm", "multiplicative", "gated", "fed")
CELLS = BUILT_IN | {name: cell for name, cell in TEST_CELLS.items() if name in SMOOTH}
STEPS, INPUTS, HIDDEN = 4, 3, 5


@pytest.mark.parametrize("name", CELLS)
def test_the_jacobian_of_each_step_against_differences(name: str) -> None:
    cell: CellLike = CELLS[name]()  # type: ignore[assignment]
    traced = trace_alone(cell, inputs=INPUTS, hidden=HIDDEN, simplify=False)
    rng = np.random.default_rng(0)
    parameters = {key: spec.draw(rng) for key, spec in traced.specs.items()}
    inputs = {key: rng.normal(size=(STEPS, 1, *leaf.shape)) for key, leaf in traced.inputs.items()}
    reference = Reference(traced, parameters)
    states, _ = reference.forward(inputs, {key: rng.normal(size=(1, *v.shape)) for key, v in traced.states.items()})
    pullback = Pullback(trace_alone(cell, inputs=INPUTS, hidden=HIDDEN))
    passage = Passage(
        pullback.traced,
        parameters,
        {key: array[:, 0] for key, array in states.items()},
        {key: array[:, 0] for key, array in inputs.items()},
    )
    steps = np.array([2, 0, 3])
    found = step_jacobians(pullback, passage, steps)

    def after(step: int, before: dict[str, np.ndarray]) -> np.ndarray:
        moved, _ = reference.forward({key: array[step : step + 1] for key, array in inputs.items()}, before)
        return np.concatenate([moved[key][1, 0].reshape(-1) for key in traced.states])

    for place, step in enumerate(steps):
        columns = []
        for key, leaf in traced.states.items():
            for index in np.ndindex(leaf.shape):
                sides = []
                for sign in (1, -1):
                    before = {other: array[step].copy() for other, array in states.items()}
                    before[key][(0, *index)] += sign * 1e-5
                    sides.append(after(int(step), before))
                columns.append((sides[0] - sides[1]) / 2e-5)
        # The error of the differences is about 1e-10.
        assert np.allclose(found[place], np.stack(columns, axis=1), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("name", "blocks"), [("elman", 1), ("lstm", 4), ("gru", 3), ("dense", 1)])
def test_net_inputs_are_what_the_activations_are_applied_to(name: str, blocks: int) -> None:
    cell: CellLike = CATALOG.get("cell", name)()  # type: ignore[assignment]
    pullback = Pullback(trace_alone(cell, inputs=INPUTS, hidden=HIDDEN))
    assert sum(value.size for value in pullback.net) == blocks * HIDDEN


def test_a_linear_unit_is_its_own_net_input() -> None:
    cell: CellLike = CATALOG.get("cell", "elman")(activation="linear")  # type: ignore[assignment]
    traced = trace_alone(cell, inputs=INPUTS, hidden=HIDDEN)
    assert [value.number for value in Pullback(traced).net] == [Pullback(traced).arriving["h"].number]


def test_spectra_of_known_matrices() -> None:
    turn = np.array([[0.0, -2.0], [2.0, 0.0]])
    assert eigenvalues(turn[None])[0].tolist() == pytest.approx([2j, -2j]) or eigenvalues(turn[None])[
        0
    ].tolist() == pytest.approx([-2j, 2j])
    shear = np.array([[0.5, 3.0], [0.0, -0.25]])
    assert np.abs(eigenvalues(shear[None])[0]) == pytest.approx([0.5, 0.25])
    assert singular_values(np.diag([1.0, -3.0])[None])[0] == pytest.approx([3.0, 1.0])


def test_spectra_of_what_is_not_finite() -> None:
    matrices = np.stack([np.eye(3), np.full((3, 3), np.nan), np.diag([1.0, np.inf, 1.0])])
    for found in (eigenvalues(matrices), singular_values(matrices)):
        assert np.isfinite(found[0]).all()
        assert np.isnan(found[1:]).all()


def triangle(gamma: float, steps: int = 40) -> np.ndarray:
    t, k = np.indices((steps, steps))
    norms = np.where(k <= t, 3.0 * gamma ** (t - k), np.nan)
    norms[::2] *= 4
    return norms


@pytest.mark.parametrize(
    ("gamma", "verdict"), [(0.6, "vanishes"), (0.89, "reaches"), (0.95, "reaches"), (1.0, "reaches"), (1.1, "explodes")]
)
def test_the_decay_of_a_known_one(gamma: float, verdict: str) -> None:
    mean = mean_by_lag(triangle(gamma))
    found = decay(mean, updates=100)
    # Every other row is four times as large: the mean of the logarithms differs a little from lag to lag.
    assert found.gamma == pytest.approx(gamma, rel=0.02)
    assert found.verdict == verdict
    if gamma == 0.6:
        assert found.steps_to_tenth in (4, 5, 6)
        assert found.steps_to_hundredth in (9, 10)


def test_when_it_is_too_early_to_tell() -> None:
    mean = mean_by_lag(triangle(0.6))
    assert decay(mean, updates=9).verdict == "early"
    assert decay(mean, updates=10).verdict == "vanishes"
    assert decay(mean[:7], updates=100).verdict == "early"
    assert decay(mean[:7], updates=100).gamma is None
    assert decay(np.full(40, np.nan), updates=100).verdict == "early"


def test_zeros_and_what_is_not_finite_in_the_mean() -> None:
    norms = np.full((10, 10), np.nan)
    norms[np.tril_indices(10, -1)] = 0.0
    norms[np.diag_indices(10)] = 2.0
    mean = mean_by_lag(norms)
    assert mean[0] == 2.0
    assert (mean[1:] == 0).all()
    assert decay(mean, updates=100).gamma == 0.0
    norms[5, 4] = np.inf
    assert mean_by_lag(norms)[1] == np.inf
    norms[6, 5] = np.nan
    assert mean_by_lag(norms)[0] == 2.0
