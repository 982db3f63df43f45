"""A wave that is heard for a while and then has to be held."""

import numpy as np
from numpy.typing import NDArray

from lab.api import Data, Dataset, Sequences, check_memory, hookimpl, hyperparameter

Array = NDArray[np.float64]
SHAPES = {
    "sine": lambda phase: np.sin(phase),
    "triangle": lambda phase: 2 / np.pi * np.arcsin(np.sin(phase)),
    "four-sines": lambda phase: sum(
        size * np.sin(times * phase) for times, size in ((1, 1.0), (2, 0.5), (3, 1 / 6), (4, 1 / 3))
    ),
}


class HeldWave(Dataset):
    """The input is the value of a wave for `cue` steps and 0 from there on; asked for is always the next value.

    Each sequence begins at a random phase. After the cue nothing is heard, so the network has to keep period and phase
    by itself, and the test goes on for much longer than the training sequences: whoever only remembers the cue fails.
    It is the task of pattern generators: sine, triangle and a sum of four sines are among the waves of Sussillo &
    Abbott (2009, Figure 2), the sizes of the four being those of their published program. In the test the steps after
    the cue count. An error in period adds up; silence has an error of 1.
    """

    name = "held-wave"
    title = {"en": "Wave to be held", "zh": "保持波形"}
    task = "regression"
    source = "Generated; D. Sussillo and L. F. Abbott, Neuron 63 (2009), of such waves without a cue"
    licence = "Generated"

    shape: str = hyperparameter("sine", choices=tuple(SHAPES), en="Shape of the wave", zh="波形")
    period: float = hyperparameter(60.0, low=2, high=10_000, unit="steps", en="Period of the wave", zh="周期")
    cue: int = hyperparameter(100, low=1, high=10_000, unit="steps", en="Steps that are heard", zh="给出的步数")
    train_length: int = hyperparameter(
        500, low=1, high=100_000, unit="steps", en="Steps held in training", zh="训练时保持的步数"
    )
    test_length: int = hyperparameter(
        3_000, low=1, high=100_000, unit="steps", en="Steps held in the test", zh="测试时保持的步数"
    )
    train_size: int = hyperparameter(20, low=1, high=100_000, en="Training sequences", zh="训练序列数")
    validation_size: int = hyperparameter(4, low=0, high=10_000, en="Validation sequences", zh="验证序列数")
    test_size: int = hyperparameter(10, low=1, high=10_000, en="Test sequences", zh="测试序列数")

    def load(self, seed: int) -> Data:
        """Inputs and targets (T, N, 1), from -1 to 1 or a little beyond."""
        numbers = self.train_length * self.train_size + self.test_length * (self.validation_size + self.test_size)
        check_memory(16 * (numbers + self.cue), f"{numbers:,} steps", "Set smaller sizes or lengths")
        streams = np.random.SeedSequence(seed).spawn(3)
        test = self._drawn(streams[2], self.test_length, self.test_size)
        truth = test.targets[self.cue :]
        return Data(
            train=self._drawn(streams[0], self.train_length, self.train_size, trains=True),
            validation=self._drawn(streams[1], self.test_length, self.validation_size)
            if self.validation_size
            else None,
            test=test,
            baselines={"silence": float(np.sqrt(np.mean(truth**2)) / truth.std())},
            metric="nrmse",
            inputs=1,
            outputs=1,
            input_names=("heard",),
        )

    def _drawn(self, stream: np.random.SeedSequence, held: int, count: int, *, trains: bool = False) -> Sequences:
        phase = np.random.default_rng(stream).uniform(0, 2 * np.pi, count)
        steps = np.arange(self.cue + held + 1)[:, None]
        wave = SHAPES[self.shape](2 * np.pi * steps / self.period + phase)[..., None]
        heard = np.where(steps[:-1, :, None] < self.cue, wave[:-1], 0.0)
        counted = None if trains else np.repeat(steps[:-1] >= self.cue, count, axis=1)
        return Sequences(inputs=heard, targets=wave[1:], counted=counted)


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [HeldWave]
