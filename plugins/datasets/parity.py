"""Parity of a string of bits (Minsky & Papert, 1969): one bit of memory, and every input turns it over."""

import numpy as np

from lab.api import Data, Dataset, Sequences, check_memory, hookimpl, hyperparameter

from ._splits import splits


class Parity(Dataset):
    """Random bits; the class is 1 where the number of ones is odd, asked at every step or after the last alone.

    Two states are enough, yet no part of the bits tells anything of the answer, so there is no slope that leads there:
    asked after the last bit alone, long strings are hard for every method that follows a gradient. Hochreiter &
    Schmidhuber (1996) found that guessing all weights at random solves strings of 500 bits sooner than the methods that
    had been proposed. At every step the question is easy, since the first steps teach the rule.

    Whoever remembers nothing has half of the answers right.
    """

    name = "parity"
    title = {"en": "Parity", "zh": "奇偶校验"}
    task = "classification"
    source = (
        "M. Minsky and S. Papert, Perceptrons (1969); "
        "S. Hochreiter and J. Schmidhuber, Bridging long time lags by weight guessing and long short-term memory (1996)"
    )
    licence = "Generated"

    length: int = hyperparameter(50, low=1, high=10_000, unit="steps", en="Length of a sequence", zh="序列长度")
    asked: str = hyperparameter(
        "every-step", choices=("every-step", "last"), en="When the parity is asked", zh="何时询问奇偶"
    )
    train_size: int = hyperparameter(5_000, low=1, high=1_000_000, en="Sequences that train", zh="训练序列数")
    validation_size: int = hyperparameter(500, low=0, high=100_000, en="Sequences that validate", zh="验证序列数")
    test_size: int = hyperparameter(1_000, low=1, high=100_000, en="Sequences that test", zh="测试序列数")

    def load(self, seed: int) -> Data:
        """Inputs -1 for 0 and 1 for 1, (length, N, 1), classes (length, N) or (N,); a stream for each split."""
        sizes = self.train_size, self.validation_size, self.test_size
        count = sum(sizes)
        size = f"{count:,} sequences of {self.length:,} steps"
        check_memory(12 * self.length * count, size, "Set a smaller train_size or length")
        train, validation, test = splits(seed, self._drawn, *sizes)
        return Data(
            train=train,
            validation=validation,
            test=test,
            baselines={"always even": float(np.mean(test.targets == 0))},
            metric="accuracy",
            inputs=1,
            outputs=2,
            input_names=("bit",),
        )

    def _drawn(self, generator: np.random.Generator, size: int) -> Sequences:
        bits = generator.integers(0, 2, (self.length, size))
        odd = bits.cumsum(axis=0) % 2
        inputs = (2 * bits - 1)[..., None].astype(np.float32)
        return Sequences(inputs=inputs, targets=odd if self.asked == "every-step" else odd[-1])


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [Parity]
