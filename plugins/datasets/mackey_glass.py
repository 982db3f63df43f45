"""The Mackey-Glass equation (Mackey & Glass, 1977), forecast 84 steps ahead."""

import numpy as np
from numpy.typing import NDArray

from lab.api import Continuation, Data, DataError, Dataset, check_memory, hookimpl, hyperparameter

from ._scaled import Scale, going_on, trials, windows

PER_STEP = 10
"""Steps of the integration in a unit of time."""
SETTLED = 500
"""Units of time that are thrown away at the beginning of a series."""


class MackeyGlass(Dataset):
    """dx/dt = 0.2 x(t - τ) / (1 + x(t - τ)¹⁰) - 0.1 x(t), a step for each unit of time: chaos, where τ is 17 or more.

    The network is asked for the next value. The measure is how it goes on alone: after `warm_up` true values it reads
    its own predictions, and its error after `horizon` steps, over all test series, is divided by the standard deviation
    of the series. For τ = 17 and 84 steps this is the NRMSE₈₄ of the literature: Jaeger & Haas (2004) reach 10^-4.2
    with an echo state network of 1000 units. The mean of the series has 1.

    The series that train, validate and test each begin with a random constant for the time before 0, and are
    integrated by Runge-Kutta of fourth order with ten steps in a unit of time; the first 500 units are left out.
    """

    name = "mackey-glass"
    title = {"en": "Mackey-Glass equation", "zh": "Mackey-Glass 方程"}
    task = "regression"
    source = "M. C. Mackey and L. Glass, Science 197 (1977); H. Jaeger and H. Haas, Science 304 (2004)"
    licence = "Generated"

    tau: int = hyperparameter(17, low=1, high=100, unit="steps", en="Delay τ", zh="时滞 τ")
    horizon: int = hyperparameter(84, low=1, high=1_000, unit="steps", en="Steps on its own", zh="自由运行的步数")
    warm_up: int = hyperparameter(
        500, low=1, high=10_000, unit="steps", en="True values before that", zh="此前的真实值步数"
    )
    train_length: int = hyperparameter(
        3_000, low=100, high=100_000, unit="steps", en="Length of the series that trains", zh="训练序列长度"
    )
    window: int = hyperparameter(
        100, low=1, high=10_000, unit="steps", en="Steps of a training sequence", zh="训练序列的步数"
    )
    test_size: int = hyperparameter(100, low=1, high=10_000, en="Series that test", zh="测试序列数")

    def load(self, seed: int) -> Data:
        """Inputs and targets (T, N, 1), scaled by the training series."""
        if self.window >= self.train_length:
            raise DataError("the window is longer than the series that trains", remedy="Set a smaller window")
        length = self.warm_up + self.horizon + 1
        values = length * self.test_size * PER_STEP
        check_memory(16 * values, f"{self.test_size:,} series of {length:,} steps", "Set a smaller test_size")
        streams = np.random.SeedSequence(seed).spawn(3)
        train = self._series(streams[0], self.train_length + 1, 1)
        scale = Scale.of(train)
        tested = self._series(streams[2], length, self.test_size)
        last, before = tested[-1], tested[-1 - self.horizon]
        deviation = tested[-self.horizon :].std()
        return Data(
            train=windows(scale.scaled(train[:, 0]), min(self.window, self.train_length)),
            validation=trials(scale.scaled(self._series(streams[1], length, 20)), self.warm_up),
            test=trials(scale.scaled(tested), self.warm_up),
            baselines={
                "mean": float(np.sqrt(np.mean((scale.mean - last) ** 2)) / deviation),
                "last true value": float(np.sqrt(np.mean((before - last) ** 2)) / deviation),
            },
            metric="free-run-nrmse",
            more_metrics=("nrmse",),
            inputs=1,
            outputs=1,
            input_names=("x",),
            to_units=lambda split, array: scale.restored(array),
        )

    def continuation(self, seed: int, file: str | None = None) -> Continuation:
        """The steps behind the end of the training series."""
        if file is not None:
            raise DataError(f"{self.described()} reads no files", file=file)
        train = self._series(np.random.SeedSequence(seed).spawn(3)[0], self.train_length + 1, 1)[:, 0]
        scale = Scale.of(train)
        return going_on(scale.scaled(train), scale, str)

    def _series(self, stream: np.random.SeedSequence, length: int, count: int) -> NDArray[np.float64]:
        """Series (length, count, 1)."""
        past = np.random.default_rng(stream).uniform(0.5, 1.5, count)
        return integrated(past, self.tau, SETTLED + length)[SETTLED:, :, None]


def integrated(past: NDArray[np.float64], tau: int, steps: int, per_step: int = PER_STEP) -> NDArray[np.float64]:
    """x at 0, 1, ... `steps` - 1, (steps, N), where it was the constant `past` (N,) until time 0.

    Within a delay all that comes of the past is known, g(t) = 0.2 x(t - τ) / (1 + x(t - τ)¹⁰), and the equation
    dx/dt = g(t) - 0.1 x is linear: a step of Runge-Kutta is x_{n+1} = a x_n + b_n, with b from g at both ends of the
    step and half way.
    """
    lag, z = tau * per_step, 0.1 / per_step
    growth = 1 - z + z**2 / 2 - z**3 / 6 + z**4 / 24
    weights = np.array([1 - z + z**2 / 2 - z**3 / 4, 4 - 2 * z + z**2 / 2, 1.0]) / (6 * per_step)
    values = np.empty((lag + 1 + (steps - 1) * per_step, len(past)))
    values[: lag + 1] = past
    for first in range(lag, len(values) - 1, lag - 1):
        count = min(lag - 1, len(values) - 1 - first)
        known = values[max(0, first - lag - 1) : first - lag + count + 2]
        if first == lag:
            known = np.concatenate([known[:1], known])
        # Half way between two known values: the cubic through the four around them.
        then, after = known[1:-2], known[2:-1]
        between = (9 * (then + after) - known[:-3] - known[3:]) / 16
        rates = [0.2 * x / (1 + x**10) for x in (then, between, after)]
        added = sum(weight * rate for weight, rate in zip(weights, rates, strict=True))
        x = values[first]
        for place in range(count):
            x = growth * x + added[place]
            values[first + place + 1] = x
    return values[lag::per_step]


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [MackeyGlass]
