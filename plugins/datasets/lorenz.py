"""The Lorenz equations (Lorenz, 1963): how long a forecast of chaos stays right."""

import numpy as np
from numpy.typing import NDArray

from lab.api import Continuation, Data, DataError, Dataset, check_memory, hookimpl, hyperparameter

from ._scaled import Scale, going_on, trials, windows

LYAPUNOV = 0.9056
"""The largest Lyapunov exponent, for each unit of time (Sprott, 2003)."""
LONGEST_STEP = 0.01
"""Of the integration, in units of time."""
SETTLED = 20.0
"""Units of time that are thrown away at the beginning of a series."""
VALID = 0.4
"""A forecast is valid while its error is below this share of the typical size of the state."""


class Lorenz(Dataset):
    """dx/dt = 10 (y - x), dy/dt = x (28 - z) - y, dz/dt = xy - 8z/3; all three are read, and asked for a step later.

    A difference between two states grows e-fold in a Lyapunov time, 1.104 units of time, so no forecast lasts. The
    measure is how long: after `warm_up` true values the network reads its own predictions, and the valid time is where
    its error first passes 0.4 of the root mean square of the state about its mean (after Pathak et al., 2018), in
    Lyapunov times, the mean over the test series. Whoever repeats the last true state is valid for a small part of one.
    Gauthier et al. (2021) say of their nonlinear autoregression, and of a reservoir of hundreds of units and more, that
    they forecast well for about five Lyapunov times; they name no threshold.
    """

    name = "lorenz"
    title = {"en": "Lorenz equations", "zh": "洛伦兹方程"}
    task = "regression"
    source = (
        "E. N. Lorenz, J. Atmospheric Sciences 20 (1963); J. Pathak et al., Hybrid forecasting, Chaos 28 (2018); "
        "D. J. Gauthier et al., Nature Communications 12 (2021)"
    )
    licence = "Generated"

    step: float = hyperparameter(0.05, low=0.001, high=0.5, en="Time between two values", zh="相邻两值的时间间隔")
    train_length: int = hyperparameter(
        5_000, low=100, high=1_000_000, unit="steps", en="Length of the series that trains", zh="训练序列长度"
    )
    window: int = hyperparameter(
        50, low=1, high=10_000, unit="steps", en="Steps of a training sequence", zh="训练序列的步数"
    )
    warm_up: int = hyperparameter(
        100, low=1, high=10_000, unit="steps", en="True values before a forecast", zh="预测前的真实值步数"
    )
    horizon: int = hyperparameter(250, low=1, high=10_000, unit="steps", en="Steps of a forecast", zh="自由运行的步数")
    test_size: int = hyperparameter(50, low=1, high=10_000, en="Series that test", zh="测试序列数")

    def load(self, seed: int) -> Data:
        """Inputs and targets (T, N, 3), scaled by the training series."""
        if self.window >= self.train_length:
            raise DataError("the window is longer than the series that trains", remedy="Set a smaller window")
        length = self.warm_up + self.horizon + 1
        values = self.train_length + length * self.test_size
        check_memory(100 * values, f"{values:,} steps", "Set a smaller train_length or test_size")
        streams = np.random.SeedSequence(seed).spawn(3)
        train = self._series(streams[0], self.train_length + 1, 1)
        scale = Scale.of(train)
        tested = self._series(streams[2], length, self.test_size)
        free = tested[-self.horizon :]
        step_time = self.step * LYAPUNOV
        repeated = np.repeat(tested[self.warm_up : self.warm_up + 1], self.horizon, axis=0)
        return Data(
            train=windows(scale.scaled(train[:, 0]), self.window),
            validation=trials(scale.scaled(self._series(streams[1], length, 10)), self.warm_up),
            test=trials(scale.scaled(tested), self.warm_up),
            baselines={"last true value": float(valid_steps(repeated, free).mean() * step_time)},
            metric="valid-time",
            more_metrics=("nrmse",),
            inputs=3,
            outputs=3,
            input_names=("x", "y", "z"),
            output_names=("x", "y", "z"),
            to_units=lambda split, array: scale.restored(array),
            step_time=step_time,
        )

    def continuation(self, seed: int, file: str | None = None) -> Continuation:
        """The steps behind the end of the training series, named by their time."""
        if file is not None:
            raise DataError(f"{self.described()} reads no files", file=file)
        train = self._series(np.random.SeedSequence(seed).spawn(3)[0], self.train_length + 1, 1)[:, 0]
        scale = Scale.of(train)
        return going_on(scale.scaled(train), scale, lambda place: f"{place * self.step:.6g}")

    def _series(self, stream: np.random.SeedSequence, length: int, count: int) -> NDArray[np.float64]:
        """Series (length, count, 3) on the attractor."""
        start = np.random.default_rng(stream).normal(size=(count, 3)) * 5 + (0, 0, 25)
        settled = integrated(start, SETTLED, 2)[-1]
        return integrated(settled, self.step, length)


def integrated(start: NDArray[np.float64], step: float, length: int) -> NDArray[np.float64]:
    """States at 0, step, 2 step, ... from `start` (N, 3) on, (length, N, 3), by Runge-Kutta of fourth order."""
    parts = int(np.ceil(step / LONGEST_STEP))
    h = step / parts
    states = np.empty((length, *start.T.shape))
    states[0] = state = start.T
    for place in range(1, length):
        for _ in range(parts):
            first = slope(state)
            second = slope(state + h / 2 * first)
            third = slope(state + h / 2 * second)
            fourth = slope(state + h * third)
            state = state + h / 6 * (first + 2 * second + 2 * third + fourth)
        states[place] = state
    return states.swapaxes(1, 2)


def slope(state: NDArray[np.float64]) -> NDArray[np.float64]:
    """The equations, for states (3, N)."""
    x, y, z = state
    return np.array((10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z))


def valid_steps(forecast: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many steps each of some forecasts (T, N, 3) is valid, (N,)."""
    size = np.sqrt(truth.reshape(-1, truth.shape[2]).var(axis=0).sum())
    error = np.sqrt(((forecast - truth) ** 2).sum(axis=2)) / size
    late = np.append(~(error < VALID), np.ones((1, error.shape[1]), bool), axis=0)
    return np.asarray(late.argmax(axis=0))


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [Lorenz]
