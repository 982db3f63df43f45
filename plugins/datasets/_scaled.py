"""Series of one or several variables brought to mean 0 and standard deviation 1, and how they go on by themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.api import Continuation, Sequences

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
