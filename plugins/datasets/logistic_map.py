"""The logistic map (May, 1976): chaos from one line."""

import numpy as np
from numpy.typing import NDArray

from lab.api import Continuation, Data, DataError, Dataset, hookimpl, hyperparameter

from ._scaled import Scale, going_on, known, one_ahead

SETTLED = 1_000


class LogisticMap(Dataset):
    """x_{t+1} = r x_t (1 - x_t) with x_0 from the seed: the input is x_t, the target x_{t+1}.

    With r below 3 it comes to rest, from 3 to 3.57 it repeats after 2, 4, 8, ... steps, and beyond that there is chaos
    with islands of order; at r = 4 every difference doubles with each step on average (Lyapunov exponent ln 2), and x_t
    and x_{t+1} are not correlated at all, so that no linear predictor does better than the mean. Yet one step ahead
    nothing but a parabola is asked: no memory, and without noise an error of 0. Observed with `noise` it is another
    matter, for then the past helps to tell the value from the noise.
    """

    name = "logistic-map"
    title = {"en": "Logistic map", "zh": "逻辑斯谛映射"}
    task = "regression"
    source = "R. M. May, Simple mathematical models with very complicated dynamics, Nature 261 (1976)"
    licence = "Generated"

    r: float = hyperparameter(3.9, low=0.0, high=4.0, en="Growth rate r", zh="增长率 r")
    noise: float = hyperparameter(
        0.0, low=0.0, high=1.0, en="Standard deviation of the noise on what is observed", zh="观测噪声的标准差"
    )
    length: int = hyperparameter(
        2_000, low=100, high=100_000, unit="steps", en="Length of the series", zh="时间序列长度"
    )
    window: int = hyperparameter(50, low=0, high=10_000, unit="steps", en="Steps of a sequence", zh="序列步数")

    def load(self, seed: int) -> Data:
        """Inputs and targets (T, N, 1): seven tenths of the steps train, a tenth validates, two tenths test."""
        values = self._series(seed)
        return one_ahead(values, self._scale(values), self.window, "x")

    def continuation(self, seed: int, file: str | None = None) -> Continuation:
        """The steps behind the end of the series."""
        if file is not None:
            raise DataError(f"{self.described()} reads no files", file=file)
        values = self._series(seed)
        scale = self._scale(values)
        return going_on(scale.scaled(values[:, None]), scale, str)

    def _scale(self, values: NDArray[np.float64]) -> Scale:
        seen = known(values)
        if seen.std() < 1e-9:
            raise DataError(f"with r = {self.r:g} the map comes to rest, and nothing is left to predict")
        return Scale.of(seen[:, None])

    def _series(self, seed: int) -> NDArray[np.float64]:
        """The observed values, (length + 1,)."""
        generator = np.random.default_rng(seed)
        x = generator.uniform(0.1, 0.9)
        values = np.empty(SETTLED + self.length + 1)
        for t in range(len(values)):
            values[t] = x
            x = self.r * x * (1 - x)
        return values[SETTLED:] + self.noise * generator.normal(size=self.length + 1)


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [LogisticMap]
