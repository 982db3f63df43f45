"""NARMA10: a nonlinear system of tenth order, to be identified (Atiya & Parlos, 2000)."""

import numpy as np
from numpy.typing import NDArray

from lab.api import Data, Dataset, cut_series, hookimpl, hyperparameter

from ._scaled import Scale

REACH = 30
"""Inputs that the linear baseline sees."""
SETTLED = 200


class Narma10(Dataset):
    """y_{t+1} = 0.3 y_t + 0.05 y_t (y_t + ... + y_{t-9}) + 1.5 u_{t-9} u_t + 0.1, with u uniform in [0, 0.5].

    The network reads u_t and is asked for y_{t+1}: the output remembers itself, and multiplies inputs nine steps apart.
    Rarely the system runs away; such a series is drawn again. The error is divided by the standard deviation.

    The mean has 1, and the best linear function of the last 30 inputs about 0.35: only what is below is a nonlinear
    memory. Jaeger (2003) takes an echo state network of 100 units whose readout also sees the squares of their states;
    the papers give the square of this error.
    """

    name = "narma10"
    title = {"en": "NARMA10", "zh": "NARMA10"}
    task = "regression"
    source = (
        "A. F. Atiya and A. G. Parlos, IEEE Trans. Neural Networks 11 (2000), eq. 86; "
        "H. Jaeger, Adaptive nonlinear system identification with echo state networks, NIPS (2003)"
    )
    licence = "Generated"

    train_length: int = hyperparameter(
        4_000, low=100, high=1_000_000, unit="steps", en="Steps that train", zh="训练步数"
    )
    validation_length: int = hyperparameter(
        1_000, low=50, high=100_000, unit="steps", en="Steps that validate", zh="验证步数"
    )
    test_length: int = hyperparameter(2_000, low=50, high=100_000, unit="steps", en="Steps that test", zh="测试步数")
    window: int = hyperparameter(100, low=0, high=10_000, unit="steps", en="Steps of a sequence", zh="序列步数")

    def load(self, seed: int) -> Data:
        """Inputs and targets (T, N, 1), scaled by the steps that train."""
        bounds = np.cumsum([0, self.train_length, self.validation_length, self.test_length])
        inputs, outputs = series(np.random.default_rng(seed), int(bounds[-1]))
        known = slice(0, self.train_length)
        reads, asks = Scale.of(inputs[known, None]), Scale.of(outputs[known, None])
        names = ("train", "validation", "test")
        splits = {name: (int(bounds[place]), int(bounds[place + 1])) for place, name in enumerate(names)}
        sequences, _ = cut_series(reads.scaled(inputs[:, None]), asks.scaled(outputs[:, None]), splits, self.window)
        return Data(
            train=sequences["train"],
            validation=sequences["validation"],
            test=sequences["test"],
            baselines=baselines(inputs, outputs, self.train_length, splits["test"][0]),
            metric="nrmse",
            inputs=1,
            outputs=1,
            input_names=("u",),
            to_units=lambda split, array: asks.restored(array),
        )


def series(generator: np.random.Generator, steps: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The inputs u_t and the outputs y_{t+1}, (steps,) each."""
    while True:
        u = generator.uniform(0, 0.5, steps + SETTLED)
        y = np.zeros(steps + SETTLED + 1)
        for t in range(9, steps + SETTLED):
            y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * y[t - 9 : t + 1].sum() + 1.5 * u[t - 9] * u[t] + 0.1
            if y[t + 1] > 10:
                break
        else:
            return u[SETTLED:], y[SETTLED + 1 :]


def baselines(inputs: NDArray[np.float64], outputs: NDArray[np.float64], known: int, tested: int) -> dict[str, float]:
    """The normalized error, from row `tested` on, of predictors that use the first `known` rows."""
    rows = np.lib.stride_tricks.sliding_window_view(inputs, REACH)
    seen = np.column_stack([np.ones(len(rows)), rows])
    asked = outputs[REACH - 1 :]
    weights = np.linalg.lstsq(seen[: known - REACH + 1], asked[: known - REACH + 1], rcond=None)[0]
    truth = outputs[tested:]
    predictions = {
        "mean": outputs[:known].mean(),
        "linear in the last 30 inputs": (seen @ weights)[tested - REACH + 1 :],
    }
    return {name: float(np.sqrt(np.mean((said - truth) ** 2)) / truth.std()) for name, said in predictions.items()}


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [Narma10]
