"""The adding problem (Hochreiter & Schmidhuber, 1997, experiment 4): remember two numbers out of many."""

import numpy as np

from lab.api import Data, Dataset, Sequences, check_memory, hookimpl, hyperparameter

from ._splits import splits


class AddingProblem(Dataset):
    """A sequence of random numbers, two of which are marked; after the last step the target is the sum of the two.

    At each step the inputs are a number, uniform in [0, 1], and a marker, which is 1 at one step of the first half and
    at one step of the second half, and 0 elsewhere. This is the form of Arjovsky, Shah & Bengio (2016) and of most
    later papers; the original has numbers in [-1, 1], lengths that vary by a tenth, the first mark among the first ten
    steps, and the target 0.5 + (X1 + X2) / 4.

    Whoever always predicts 1 has a mean squared error of 1/6 = 0.167, the variance of the sum of two uniform numbers;
    only a network that carries both numbers to the end does better.
    """

    name = "adding-problem"
    title = {"en": "Adding problem", "zh": "加法问题"}
    task = "regression"
    source = "S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997), experiment 4"
    licence = "Generated"

    length: int = hyperparameter(100, low=2, high=10_000, unit="steps", en="Length of a sequence", zh="序列长度")
    train_size: int = hyperparameter(10_000, low=1, high=1_000_000, en="Sequences that train", zh="训练序列数")
    validation_size: int = hyperparameter(1_000, low=0, high=100_000, en="Sequences that validate", zh="验证序列数")
    test_size: int = hyperparameter(1_000, low=1, high=100_000, en="Sequences that test", zh="测试序列数")

    def load(self, seed: int) -> Data:
        """Inputs (length, N, 2), targets (N, 1) in float32; each split is drawn from a stream of its own."""
        sizes = self.train_size, self.validation_size, self.test_size
        count = sum(sizes)
        check_memory(
            8 * self.length * count,
            f"{count:,} sequences of {self.length:,} steps",
            "Set a smaller train_size or length",
        )
        train, validation, test = splits(seed, self._drawn, *sizes)
        return Data(
            train=train,
            validation=validation,
            test=test,
            baselines={"always 1": float(np.mean((test.targets - 1.0) ** 2))},
            metric="mse",
            inputs=2,
            outputs=1,
            input_names=("number", "marker"),
        )

    def _drawn(self, generator: np.random.Generator, size: int) -> Sequences:
        inputs = np.zeros((self.length, size, 2), np.float32)
        inputs[:, :, 0] = generator.random((self.length, size), np.float32)
        everyone = np.arange(size)
        half = self.length // 2
        first, second = generator.integers(0, half, size), generator.integers(half, self.length, size)
        inputs[first, everyone, 1] = inputs[second, everyone, 1] = 1
        return Sequences(inputs=inputs, targets=(inputs[first, everyone, :1] + inputs[second, everyone, :1]))


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [AddingProblem]
