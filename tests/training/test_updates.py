"""Updates: optimizers against their published formulas, clipping, penalties, decay, and schedules."""

import math

import numpy as np
import pytest

from lab.experiment.spec import TrainingSpec
from lab.training.optimise import Updater
from tests.training.support import adding, catalog

CATALOG = catalog()
RATE = 0.1


def training(**values: float) -> TrainingSpec:
    return adding().spec.training.model_copy(update={"clip_norm": 0.0, **values})


def after(name: str, gradients: list[float], **settings: float) -> float:
    """One parameter, from 1.0, after these gradients."""
    optimizer = CATALOG.get("optimizer", name)(**settings)
    parameters = np.array([1.0])
    slots = {slot: np.zeros(1) for slot in type(optimizer).slots}
    for count, gradient in enumerate(gradients, 1):
        optimizer.update(parameters, np.array([gradient]), slots, RATE, count)
    return float(parameters[0])


def test_optimizers_against_their_formulas() -> None:
    """Two updates with gradients 0.5 and -0.25, worked by hand."""
    g1, g2 = 0.5, -0.25
    assert after("sgd", [g1, g2]) == pytest.approx(1 - RATE * (g1 + g2))
    v1 = -RATE * g1
    v2 = 0.9 * v1 - RATE * g2
    assert after("momentum", [g1, g2]) == pytest.approx(1 + v1 + v2)
    assert after("nesterov", [g1, g2]) == pytest.approx(1 + 0.9 * v1 - RATE * g1 + 0.9 * v2 - RATE * g2)
    assert after("adagrad", [g1, g2]) == pytest.approx(1 - RATE - RATE * g2 / math.sqrt(g1**2 + g2**2))
    s1 = 0.01 * g1**2
    s2 = 0.99 * s1 + 0.01 * g2**2
    expected = 1 - RATE * g1 / (math.sqrt(s1) + 1e-8) - RATE * g2 / (math.sqrt(s2) + 1e-8)
    assert after("rmsprop", [g1, g2]) == pytest.approx(expected)
    m2 = 0.9 * 0.1 * g1 + 0.1 * g2
    w2 = 0.999 * 0.001 * g1**2 + 0.001 * g2**2
    second = (m2 / (1 - 0.9**2)) / (math.sqrt(w2 / (1 - 0.999**2)) + 1e-8)
    assert after("adam", [g1, g2]) == pytest.approx(1 - RATE * g1 / (abs(g1) + 1e-8) - RATE * second)
    assert after("adamw", [g1], decay=0.5) == pytest.approx(1 - RATE * 0.5 - RATE * g1 / (abs(g1) + 1e-8))


@pytest.mark.parametrize("name", CATALOG.names("optimizer"))
def test_every_optimizer_goes_down_a_bowl(name: str) -> None:
    optimizer = CATALOG.get("optimizer", name)()
    parameters = np.array([3.0, -2.0])
    slots = {slot: np.zeros(2) for slot in type(optimizer).slots}
    for count in range(1, 400):
        optimizer.update(parameters, 2 * parameters, slots, 0.05, count)
    assert np.abs(parameters).max() < 1.5  # half of where it began; Adagrad, the slowest, has smaller and smaller steps


def test_clipping_by_norm_keeps_the_direction() -> None:
    parameters = np.zeros(2)
    updater = Updater(CATALOG.get("optimizer", "sgd")(), training(clip_norm=1.0), parameters)
    report = updater.apply(parameters, np.array([3.0, 4.0]), 1.0, 1)
    assert report.gradient_norm == 5.0
    assert report.clipped
    np.testing.assert_allclose(parameters, [-0.6, -0.8])
    report = updater.apply(parameters, np.array([0.3, 0.4]), 1.0, 2)
    assert not report.clipped


def test_clipping_by_value_clips_each_entry() -> None:
    parameters = np.zeros(3)
    updater = Updater(CATALOG.get("optimizer", "sgd")(), training(clip_value=1.0), parameters)
    updater.apply(parameters, np.array([3.0, -0.5, -7.0]), 1.0, 1)
    np.testing.assert_array_equal(parameters, [-1.0, 0.5, 1.0])


def test_penalties_are_gradients_and_decay_is_not() -> None:
    """L = λ₁ Σ|θ| + λ₂ Σ θ²; decay shrinks θ by η λ whatever the gradient."""
    sgd = CATALOG.get("optimizer", "sgd")()
    for values, change in (({"l1": 0.5}, 0.5), ({"l2": 0.25}, 2 * 0.25 * 2.0), ({"weight_decay": 0.5}, 0.5 * 2.0)):
        parameters = np.array([2.0])
        Updater(sgd, training(**values), parameters).apply(parameters, np.zeros(1), 0.1, 1)
        assert parameters[0] == pytest.approx(2.0 - 0.1 * change)


def test_norm_of_a_gradient_whose_square_overflows() -> None:
    parameters = np.zeros(2, np.float32)
    updater = Updater(CATALOG.get("optimizer", "sgd")(), training(clip_norm=1.0), parameters)
    with np.errstate(over="ignore"):
        report = updater.apply(parameters, np.full(2, 1e30, np.float32), 1.0, 1)
    assert report.gradient_norm == pytest.approx(math.sqrt(2) * 1e30)
    np.testing.assert_allclose(parameters, -math.sqrt(0.5), rtol=1e-6)


def rates(name: str, updates: list[int], history: tuple[float, ...] = (), **settings: float) -> list[float]:
    schedule = CATALOG.get("schedule", name)(**settings)
    return [schedule.rate(1.0, update, 101, history) for update in updates]


def test_schedules() -> None:
    assert rates("constant", [0, 50, 100]) == [1, 1, 1]
    assert rates("step", [0, 9, 10, 25], every=10, factor=0.1) == pytest.approx([1, 1, 0.1, 0.01])
    assert rates("cosine", [0, 50, 100, 200]) == pytest.approx([1, 0.5, 0, 0], abs=1e-15)
    assert rates("warm-up", [0, 4, 9, 50], over=10) == pytest.approx([0.1, 0.5, 1, 1])
    worse = (1.0, 2.0, 2.0, 2.0, 0.5, 0.6)
    assert rates("on-plateau", [0], worse, patience=2, factor=0.1) == pytest.approx([0.1])
    assert rates("on-plateau", [0], worse[:2], patience=2, factor=0.1) == pytest.approx([1.0])
