"""Generated series: their equations recomputed, their known figures, their baselines measured."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.api import Data, DataError
from tests.datasets.helpers import Make, in_units, sequences, that_count

SERIES = {
    "mackey-glass": {"train_length": 300, "window": 20, "warm_up": 30, "horizon": 20, "test_size": 5},
    "lorenz": {"train_length": 500, "window": 20, "warm_up": 30, "horizon": 50, "test_size": 20},
    "narma10": {"train_length": 600, "validation_length": 100, "test_length": 300, "window": 20},
    "noisy-sine": {"length": 1000},
    "logistic-map": {"length": 1000},
}
SPLITS = ("train", "validation", "test")


def whole(data: Data, split: str) -> NDArray[np.float64]:
    """What a split reads, in the units of its targets, (T, N, K)."""
    return data.to_units(split, sequences(data, split).inputs)


def chain(data: Data) -> NDArray[np.float64]:
    """The training series in one piece, (T, K), its last target included."""
    values = whole(data, "train")
    last = data.to_units("train", data.train.targets)[-1:, -1]
    return np.concatenate([values.swapaxes(0, 1).reshape(-1, values.shape[2]), last])


@pytest.mark.parametrize("name", SERIES)
def test_same_seed_same_series_and_other_seed_another(make: Make, name: str) -> None:
    first, again, other = (make(name, **SERIES[name]).load(seed) for seed in (3, 3, 4))
    for split in SPLITS:
        np.testing.assert_array_equal(sequences(first, split).inputs, sequences(again, split).inputs)
        assert not np.array_equal(sequences(first, split).inputs, sequences(other, split).inputs)
    assert first.baselines == again.baselines


@pytest.mark.parametrize("name", SERIES)
def test_no_step_is_asked_for_in_two_splits(make: Make, name: str) -> None:
    data = make(name, **SERIES[name]).load(3)
    asked = [set(that_count(data, split, sequences(data, split).targets)[:, 0].tolist()) for split in SPLITS]
    assert sum(map(len, asked)) == len(set.union(*asked))


@pytest.mark.parametrize("name", ["mackey-glass", "lorenz", "noisy-sine", "logistic-map"])
def test_the_target_is_the_next_input(make: Make, name: str) -> None:
    data = make(name, **SERIES[name]).load(3)
    for split in SPLITS:
        part = sequences(data, split)
        np.testing.assert_array_equal(part.targets[:-1], part.inputs[1:])
    np.testing.assert_array_equal(data.train.targets[-1, :-1], data.train.inputs[0, 1:])


@pytest.mark.parametrize("name", ["mackey-glass", "lorenz", "noisy-sine", "logistic-map"])
def test_a_series_goes_on_from_its_end(make: Make, name: str) -> None:
    dataset = make(name, **SERIES[name])
    data = dataset.load(3)
    source = dataset.continuation(3)
    prediction = np.full(data.outputs, 0.5)
    label, value, inputs = source.follow(prediction)
    assert label
    np.testing.assert_array_equal(inputs, prediction)
    np.testing.assert_allclose(value, data.to_units("train", prediction[None, None])[0, 0])
    read = sequences(data, "test" if data.times else "train").inputs[:, -1]
    np.testing.assert_array_equal(source.inputs[-len(read) - 1 : -1], read)
    with pytest.raises(DataError, match="reads no files"):
        dataset.continuation(3, "other.csv")


def integrate(slope: Any, states: list[Any], lag: int, step: float, count: int) -> list[Any]:
    """Runge-Kutta, with the state `lag` steps ago where there is one; between two of the past it is a line."""
    for _ in range(count):
        place = len(states) - 1
        then, after = (states[place - lag], states[place - lag + 1]) if lag else (0.0, 0.0)
        x = states[place]
        first = slope(x, then)
        second = slope(x + step / 2 * first, (then + after) / 2)
        third = slope(x + step / 2 * second, (then + after) / 2)
        fourth = slope(x + step * third, after)
        states.append(x + step * (first + 2 * second + 2 * third + fourth) / 6)
    return states


def test_mackey_glass_is_that_of_ten_times_finer_steps(make: Make) -> None:
    from importlib import import_module

    module = import_module(type(make("mackey-glass")).__module__)
    past = np.array([0.7, 1.2])
    found = module.integrated(past, 17, 200)
    fine = 100
    states = integrate(
        lambda x, then: 0.2 * then / (1 + then**10) - 0.1 * x,
        [past] * (17 * fine + 1),
        17 * fine,
        1 / fine,
        199 * fine,
    )
    np.testing.assert_allclose(found, np.array(states[17 * fine :: fine]), atol=2e-4)


def test_mackey_glass_is_chaos_of_the_known_size(make: Make) -> None:
    data = make("mackey-glass", train_length=5_000).load(1)
    values = chain(data)[:, 0]
    # The attractor for a delay of 17 lies between 0.2 and 1.4, with mean 0.93 and deviation 0.22 to 0.24.
    assert 0.2 < values.min() < 0.5
    assert 1.25 < values.max() < 1.4
    assert values.mean() == pytest.approx(0.93, abs=0.03)
    assert values.std() == pytest.approx(0.23, abs=0.02)
    assert data.baselines["mean"] == pytest.approx(1, abs=0.2)


def test_mackey_glass_tests_the_last_of_84_steps(make: Make) -> None:
    data = make("mackey-glass", **SERIES["mackey-glass"] | {"horizon": 84}).load(1)
    test = sequences(data, "test")
    assert test.counted is not None
    assert test.inputs.shape == (30 + 84, 5, 1)
    assert (test.counted.sum(axis=0) == 84).all()
    assert test.counted[30:].all()
    targets = data.to_units("test", test.targets)
    truth = targets[-1, :, 0]
    last = whole(data, "test")[30, :, 0]
    scale = targets[30:].std()
    stated = data.baselines["last true value"]
    assert stated == pytest.approx(np.sqrt(np.mean((last - truth) ** 2)) / scale)


def test_lorenz_follows_its_equations(make: Make) -> None:
    data = make("lorenz", **SERIES["lorenz"] | {"step": 0.02}).load(1)
    values = whole(data, "test")[:, 0]

    def slope(state: NDArray[np.float64], _: float) -> NDArray[np.float64]:
        x, y, z = state
        return np.array([10 * (y - x), 28 * x - y - x * z, x * y - 8 * z / 3])

    fine = integrate(slope, [values[0]], 0, 0.001, 20 * 30)
    np.testing.assert_allclose(values[:31], np.array(fine[::20]), atol=1e-3)


def test_lorenz_has_its_lyapunov_exponent(make: Make) -> None:
    from importlib import import_module

    dataset = make("lorenz")
    module = import_module(type(dataset).__module__)
    small_data = make("lorenz", train_length=200, test_size=100, horizon=2, warm_up=2).load(0)
    start = whole(small_data, "test")[0]
    # Benettin et al. (1980): the growth of a small difference that is made small again after each step.
    small, step, growth = 1e-7, 0.2, []
    state, near = start, start + small / np.sqrt(3)
    for count in range(300):
        state, near = (module.integrated(one, step, 2)[-1] for one in (state, near))
        size = np.linalg.norm(near - state, axis=1, keepdims=True)
        near = state + (near - state) * small / size
        if count >= 20:
            growth.append(np.log(size / small).mean() / step)
    assert np.mean(growth) == pytest.approx(0.906, abs=0.02)
    assert small_data.step_time == pytest.approx(0.05 * np.mean(growth), rel=0.02)


def test_lorenz_baseline_is_the_time_until_the_state_has_left(make: Make) -> None:
    data = make("lorenz", **SERIES["lorenz"]).load(2)
    test = sequences(data, "test")
    truth = data.to_units("test", test.targets)[30:]
    held = whole(data, "test")[30]
    size = np.sqrt(sum(truth[..., axis].var() for axis in range(3)))
    times = []
    for column in range(20):
        far = [np.linalg.norm(held[column] - state) > 0.4 * size for state in truth[:, column]]
        times.append(far.index(True) if True in far else len(far))
    assert data.baselines["last true value"] == pytest.approx(np.mean(times) * 0.05 * 0.9056)
    assert data.baselines["last true value"] < 1


def test_narma_follows_its_equation(make: Make) -> None:
    data = make("narma10", train_length=1_000, window=0).load(5)
    from importlib import import_module

    module = import_module(type(make("narma10")).__module__)
    u, outputs = module.series(np.random.default_rng(5), 4_000)
    assert 0 <= u.min() < 0.001
    assert 0.499 < u.max() <= 0.5
    # outputs[t] is y_{t+1}, the answer to u_t.
    for t in range(10, 4_000):
        past = [outputs[t - 1 - back] for back in range(10)]
        wanted = 0.3 * past[0] + 0.05 * past[0] * sum(past) + 1.5 * u[t - 9] * u[t] + 0.1
        assert outputs[t] == pytest.approx(wanted, abs=1e-12)
    np.testing.assert_allclose(in_units(data, "train"), outputs[:1_000])


def test_narma_baselines_are_those_known(make: Make) -> None:
    data = make("narma10").load(1)
    assert data.baselines["mean"] == pytest.approx(1, abs=0.02)
    # What is left is the products of inputs, which no linear function has.
    assert data.baselines["linear in the last 30 inputs"] == pytest.approx(0.35, abs=0.05)
    truth = in_units(data, "test")
    # Column after column the steps of a window overlap those before; those that count are the whole split once.
    assert len(truth) == 2_000
    train_mean = in_units(data, "train").mean()
    assert data.baselines["mean"] == pytest.approx(np.sqrt(np.mean((train_mean - truth) ** 2)) / truth.std(), rel=1e-3)


def test_sine_has_its_period_and_its_noise(make: Make) -> None:
    clean = chain(make("noisy-sine", noise=0.0, period=20.0, length=1_000, window=100).load(1))[:, 0]
    np.testing.assert_allclose(clean[20:], clean[:-20], atol=1e-9)
    # A wave of frequency w obeys x_{t+1} = 2 cos(w) x_t - x_{t-1}.
    np.testing.assert_allclose(clean[2:], 2 * np.cos(2 * np.pi / 20) * clean[1:-1] - clean[:-2], atol=1e-9)
    data = make("noisy-sine", noise=0.3, length=50_000).load(1)
    assert data.baselines["true wave"] == pytest.approx(0.3, rel=0.03)
    truth, read = in_units(data, "test"), that_count(data, "test", whole(data, "test"))[:, 0]
    assert data.baselines["naive"] == pytest.approx(np.sqrt(np.mean((truth - read) ** 2)))
    assert data.baselines["true wave"] < data.baselines["naive"] < data.baselines["mean"]


@pytest.mark.parametrize("r", [3.2, 3.9, 4.0])
def test_logistic_map_is_its_parabola(make: Make, r: float) -> None:
    data = make("logistic-map", r=r, length=1_000).load(1)
    values = chain(data)[:, 0]
    np.testing.assert_allclose(values[1:], r * values[:-1] * (1 - values[:-1]), atol=1e-12)
    assert len(np.unique(values.round(6))) == (2 if r == 3.2 else len(np.unique(values.round(6))))
    if r == 4.0:
        assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 0.1
        # The exponent: the mean of ln |f'(x)|.
        assert np.log(np.abs(4 * (1 - 2 * values))).mean() == pytest.approx(np.log(2), abs=0.03)
    else:
        truth, read = in_units(data, "test"), that_count(data, "test", whole(data, "test"))[:, 0]
        assert data.baselines["naive"] == pytest.approx(np.sqrt(np.mean((truth - read) ** 2)))


def test_a_map_at_rest_is_refused(make: Make) -> None:
    with pytest.raises(DataError, match="comes to rest"):
        make("logistic-map", r=2.5).load(0)


@pytest.mark.parametrize("name", ["mackey-glass", "lorenz"])
def test_a_window_longer_than_the_series_is_refused(make: Make, name: str) -> None:
    with pytest.raises(DataError, match="window"):
        make(name, train_length=100, window=100).load(0)
