"""Rules that follow random directions: right in the mean, and the better the more of them are averaged."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.components.algorithm import Algorithm
from lab.errors import TrainingError
from lab.gradients.steps import Steps
from lab.gradients.tangent import Directions
from lab.gradients.unrolled import Calculus
from tests.gradients.unrolled_cases import STEPS, Case
from tests.training.test_rtrl import CASES, CATALOG, batch_of, learner_of

Array = NDArray[Any]
ONE_WAY = [name for name, case in CASES.items() if not any(layer.bidirectional for layer in case.architecture.layers)]
SAMPLES = 4096


def opened(case: Case) -> Steps:
    case.network.begin(**case.batch)
    case.network.forward(0, STEPS)
    return Steps(Calculus(case.architecture), case.network)


@pytest.mark.parametrize("name", ONE_WAY)
def test_a_tangent_is_the_linearised_step(name: str) -> None:
    steps = opened(CASES[name])
    rng = np.random.default_rng(2)
    direction = rng.normal(size=sum(steps.columns))
    directions, layers = Directions(steps, 0, STEPS, direction), steps.linearise(0, STEPS)
    states = [rng.normal(size=(steps.batch, size)) for size in steps.sizes]
    for step in range(STEPS):
        moved = directions.tangent(step, states)
        for depth, layer in enumerate(layers):
            expected = np.einsum("bij,bj->bi", layer.transition[step], states[depth])
            if layer.below is not None:
                expected += np.einsum("bij,bj->bi", layer.below[step], moved[depth - 1])
            own = np.zeros((steps.batch, steps.sizes[depth], steps.columns[depth]))
            for factor in layer.factors:
                factor.add(own, step)
            expected += own @ direction[layer.columns]
            np.testing.assert_allclose(moved[depth], expected, rtol=1e-10, atol=1e-12)
        states = moved


@pytest.mark.parametrize("name", ONE_WAY)
def test_a_pull_is_the_transposed_step(name: str) -> None:
    steps = opened(CASES[name])
    rng = np.random.default_rng(3)
    direction = rng.normal(size=sum(steps.columns))
    moving, still = Directions(steps, 2, STEPS, direction), Directions(steps, 2, STEPS)
    nothing = [np.zeros((steps.batch, size)) for size in steps.sizes]
    cotangents = [rng.normal(size=(steps.batch, size)) for size in steps.sizes]
    for step in range(STEPS - 2):
        moved = moving.tangent(step, nothing)
        forward = sum(np.einsum("bs,bs->b", a, b) for a, b in zip(cotangents, moved, strict=True))
        np.testing.assert_allclose(still.pull(step, cotangents) @ direction, forward, rtol=1e-10, atol=1e-12)


def exact(case: Case) -> Array:
    (step,) = CATALOG.get("algorithm", "bptt")().updates(learner_of(case), batch_of(case))
    gradient: Array = step.gradient.copy()
    return gradient


def estimates(case: Case, make: Callable[[], Algorithm], count: int) -> Array:
    learner, batch = learner_of(case), batch_of(case)
    found = []
    for seed in range(count):
        learner.random = np.random.default_rng(seed)
        found += [step.gradient.copy() for step in make().updates(learner, batch)]
    return np.array(found)


def slope(errors: list[float], counts: list[int]) -> float:
    return float(np.polyfit(np.log(counts), np.log(errors), 1)[0])


@pytest.mark.parametrize("algorithm", ["forward-gradient", "uoro"])
@pytest.mark.parametrize("name", ["elman", "stack, embedding"])
def test_the_mean_is_the_gradient_and_its_error_falls_with_the_root_of_the_number(algorithm: str, name: str) -> None:
    case = CASES[name]
    truth = exact(case)
    found = estimates(case, CATALOG.get("algorithm", algorithm), 1024)
    counts = [16, 64, 256, 1024]
    errors = []
    for count in counts:
        means = found.reshape(-1, count, truth.size).mean(axis=1)
        errors.append(float(np.sqrt(np.mean(np.sum((means - truth) ** 2, axis=1)))))
    # -1/2 up to the noise of the last points, which are means of few.
    assert slope(errors, counts) == pytest.approx(-0.5, abs=0.1)
    spread = np.sqrt(found.var(axis=0).sum() / len(found))
    assert np.linalg.norm(found.mean(axis=0) - truth) < 2 * spread


def test_evolution_strategies_find_the_gradient_where_moves_are_small() -> None:
    case = CASES["elman"]
    truth = exact(case)
    kind = CATALOG.get("algorithm", "evolution-strategies")
    before = case.network.parameters.copy()
    found = estimates(case, lambda: kind(pairs=truth.size * 64, width=1e-3), 1)[0]
    assert (case.network.parameters == before).all()
    # The relative error of the mean of n such estimates is √(P / n) = 1/8.
    assert np.linalg.norm(found - truth) / np.linalg.norm(truth) < 0.2


def test_two_directions_are_refused() -> None:
    case = CASES["both directions"]
    with pytest.raises(TrainingError, match="two directions"):
        estimates(case, CATALOG.get("algorithm", "uoro"), 1)


@pytest.mark.parametrize("algorithm", ["uoro"])
def test_estimates_go_on_from_batch_to_batch(algorithm: str) -> None:
    learner, batch = learner_of(CASES["elman"]), batch_of(CASES["elman"])
    list(CATALOG.get("algorithm", algorithm)(repeats=2).updates(learner, batch))
    assert set(learner.memory) == {"states.0", "states.1", "weights.0", "weights.1"}
    assert all(np.isfinite(array).all() and array.any() for array in learner.memory.values())
