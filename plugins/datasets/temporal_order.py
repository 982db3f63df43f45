"""Temporal order (Hochreiter & Schmidhuber, 1997, experiment 6a): which of two symbols came first."""

import numpy as np

from lab.api import Data, Dataset, Sequences, check_memory, hookimpl, hyperparameter

from ._splits import splits

SYMBOLS = (*"abcdXYEB",)
X, Y, BEGIN, END = 4, 5, 6, 7
CLASSES = ("XX", "XY", "YX", "YY")


class TemporalOrder(Dataset):
    """A long string of distractors with two symbols that matter, each X or Y: which are they, and in what order?

    With T steps a string begins with E and ends with B; it has T to 1.1 T symbols, the first that matters between T/10
    and 2T/10, the second between 5T/10 and 6T/10, and all others are one of four at random. The four classes are XX,
    XY, YX and YY. With T = 100 this is the experiment of the paper, where LSTM needed 31,390 strings and then had one
    of 2560 wrong. Later papers (Martens & Sutskever, 2011; Pascanu, Mikolov & Bengio, 2013) call it solved where at
    most 1 % are wrong, and try T from 50 to 200.
    """

    name = "temporal-order"
    title = {"en": "Temporal order", "zh": "时间顺序"}
    task = "classification"
    source = "S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997), experiment 6a"
    licence = "Generated"

    T: int = hyperparameter(50, low=10, high=10_000, unit="steps", en="Shortest length of a string", zh="最短长度 T")
    train_size: int = hyperparameter(10_000, low=1, high=1_000_000, en="Sequences that train", zh="训练序列数")
    validation_size: int = hyperparameter(1_000, low=0, high=100_000, en="Sequences that validate", zh="验证序列数")
    test_size: int = hyperparameter(2_560, low=1, high=100_000, en="Sequences that test", zh="测试序列数")

    def load(self, seed: int) -> Data:
        """Symbols (1.1 T, N) with lengths, one of four classes (N,); each split is drawn from a stream of its own."""
        sizes = self.train_size, self.validation_size, self.test_size
        count = sum(sizes)
        check_memory(16 * self.T * count, f"{count:,} sequences of {self.T:,} steps", "Set a smaller train_size or T")
        train, validation, test = splits(seed, self._drawn, *sizes)
        return Data(
            train=train,
            validation=validation,
            test=test,
            # Whoever has forgotten everything says XX; whoever has forgotten the first symbol takes it for an X.
            baselines={
                "memoryless": float(np.mean(test.targets == 0)),
                "first symbol forgotten": float(np.mean(test.targets < 2)),
            },
            metric="accuracy",
            inputs=len(SYMBOLS),
            outputs=len(CLASSES),
            symbols=SYMBOLS,
        )

    def _drawn(self, generator: np.random.Generator, size: int) -> Sequences:
        longest, tenth = self.T + self.T // 10, self.T // 10
        inputs = generator.integers(0, 4, (longest, size), np.int32)
        lengths = generator.integers(self.T, longest + 1, size)
        everyone = np.arange(size)
        first = generator.integers(tenth, 2 * tenth + 1, size)
        second = generator.integers(5 * tenth, 6 * tenth + 1, size)
        kinds = generator.integers(0, 2, (2, size))
        inputs[0] = BEGIN
        inputs[first, everyone], inputs[second, everyone] = X + kinds[0], X + kinds[1]
        inputs[lengths - 1, everyone] = END
        inputs[np.arange(longest)[:, None] >= lengths] = 0
        return Sequences(inputs=inputs, targets=2 * kinds[0] + kinds[1], lengths=lengths)


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [TemporalOrder]
