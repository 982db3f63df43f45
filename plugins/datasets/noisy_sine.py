"""A sine wave under noise: the first series anyone predicts."""

import numpy as np
from numpy.typing import NDArray

from lab.api import Continuation, Data, DataError, Dataset, hookimpl, hyperparameter

from ._scaled import Scale, going_on, known, one_ahead


class NoisySine(Dataset):
    """sin(2π t / period + φ) + noise, with a phase φ from the seed: the input is the value at t, the target the next.

    The noise cannot be predicted: whoever knows the wave itself has an error of once its deviation, the "true wave" of
    the baselines. A linear function of two values does as well without noise, sin being a solution of a linear
    recurrence (Yule, 1927); under noise more of the past is needed, and a network that remembers it comes close.
    """

    name = "noisy-sine"
    title = {"en": "Noisy sine", "zh": "含噪正弦波"}
    task = "regression"
    source = "Generated; G. U. Yule, Phil. Trans. R. Soc. A 226 (1927), of such a wave under disturbances"
    licence = "Generated"

    period: float = hyperparameter(25.0, low=2.0, high=10_000.0, unit="steps", en="Period of the wave", zh="周期")
    noise: float = hyperparameter(0.2, low=0.0, high=10.0, en="Standard deviation of the noise", zh="噪声的标准差")
    length: int = hyperparameter(
        2_000, low=100, high=100_000, unit="steps", en="Length of the series", zh="时间序列长度"
    )
    window: int = hyperparameter(50, low=0, high=10_000, unit="steps", en="Steps of a sequence", zh="序列步数")

    def load(self, seed: int) -> Data:
        """Inputs and targets (T, N, 1): seven tenths of the steps train, a tenth validates, two tenths test."""
        values, wave = self._series(seed)
        return one_ahead(values, Scale.of(known(values)[:, None]), self.window, "value", {"true wave": wave})

    def continuation(self, seed: int, file: str | None = None) -> Continuation:
        """The steps behind the end of the series."""
        if file is not None:
            raise DataError(f"{self.described()} reads no files", file=file)
        values, _ = self._series(seed)
        scale = Scale.of(known(values)[:, None])
        return going_on(scale.scaled(values[:, None]), scale, str)

    def _series(self, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The values and the wave under the noise, (length + 1,) each."""
        generator = np.random.default_rng(seed)
        phase = generator.uniform(0, 2 * np.pi)
        wave = np.sin(2 * np.pi * np.arange(self.length + 1) / self.period + phase)
        return wave + self.noise * generator.normal(size=self.length + 1), wave


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [NoisySine]
