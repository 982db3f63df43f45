"""Series of one or several variables brought to mean 0 and standard deviation 1, and how they go on by themselves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.api import Continuation, Data, Sequences, cut_series, root_mean_squared_errors

Array = NDArray[Any]


@dataclass(frozen=True)
class Scale:
    """What brings each variable of the known values to mean 0 and standard deviation 1."""

    mean: Array
    deviation: Array

    @classmethod
    def of(cls, known: Array) -> "Scale":
        """That of values (..., variables)."""
        flat = known.reshape(-1, known.shape[-1])
        return cls(flat.mean(axis=0), flat.std(axis=0))

    def scaled(self, values: Array) -> Array:
        return np.asarray((values - self.mean) / self.deviation)

    def restored(self, values: Array) -> Array:
        return np.asarray(values * self.deviation + self.mean)


def known(values: Array) -> Array:
    """The values (T + 1,) of a series that are seen in training: seven tenths of its steps."""
    return values[: (len(values) - 1) * 7 // 10 + 1]


def one_ahead(values: Array, scale: Scale, window: int, name: str, truth: Mapping[str, Array] | None = None) -> Data:
    """A series (T + 1,) asked at each of T steps for the next value: after those that train a tenth validates.

    `name` is that of its variable; `truth` has other predictions of all values, (T + 1,), for the baselines.
    """
    steps = len(values) - 1
    train, validation = steps * 7 // 10, steps * 8 // 10
    scaled = scale.scaled(values[:, None])
    splits = {"train": (0, train), "validation": (train, validation), "test": (validation, steps)}
    sequences, rows = cut_series(scaled[:-1], scaled[1:], splits, window)
    predictions = {"naive": values[validation:-1], "mean": known(values).mean()}
    predictions |= {label: array[validation + 1 :] for label, array in (truth or {}).items()}
    return Data(
        train=sequences["train"],
        validation=sequences["validation"],
        test=sequences["test"],
        baselines=root_mean_squared_errors(predictions, values[validation + 1 :]),
        metric="rmse",
        inputs=1,
        outputs=1,
        input_names=(name,),
        times={split: [str(place + 1) for place in places.T.flat] for split, places in rows.items()},
        to_units=lambda split, array: scale.restored(array),
    )


def windows(series: Array, window: int) -> Sequences:
    """One series (R, K), asked at each step for the next value, as windows that go on where the one before ends."""
    count = (len(series) - 1) // window
    start = len(series) - 1 - count * window
    shape = (count, window, series.shape[1])
    inputs, targets = series[start:-1].reshape(shape), series[start + 1 :].reshape(shape)
    return Sequences(inputs=inputs.swapaxes(0, 1), targets=targets.swapaxes(0, 1), continuous=True)


def trials(series: Array, warm_up: int) -> Sequences:
    """Many series (R, N, K), asked at each step for the next value; what comes before step `warm_up` does not count."""
    steps, count = len(series) - 1, series.shape[1]
    counted = np.repeat(np.arange(steps)[:, None] >= warm_up, count, axis=1)
    return Sequences(inputs=series[:-1], targets=series[1:], counted=counted)


def going_on(series: Array, scale: Scale, label: Callable[[int], str]) -> Continuation:
    """How a scaled series (R, K) goes on where the predicted value is the next input; `label` names the steps."""
    place = len(series) - 1

    def follow(prediction: Array) -> tuple[str, Array, Array]:
        nonlocal place
        place += 1
        return label(place), scale.restored(prediction), prediction

    return Continuation(inputs=series, follow=follow)
