"""The copying memory problem (Hochreiter & Schmidhuber, 1997, in the form of Arjovsky, Shah & Bengio, 2016)."""

import math

import numpy as np

from lab.api import Data, Dataset, Sequences, check_memory, hookimpl, hyperparameter

from ._splits import splits

ALPHABET = 8
BLANK, SIGNAL = ALPHABET, ALPHABET + 1
SYMBOLS = (*"abcdefgh", "·", "!")


class CopyMemory(Dataset):
    """Ten letters are shown, then a long pause, then a signal; from there on the letters are to be repeated in order.

    With a lag of L a sequence has L + 20 steps: 10 letters, each one of eight; L - 1 blanks; the signal; 10 blanks. The
    target is the blank for L + 10 steps, then the 10 letters. Every step counts.

    Whoever knows the time but remembers no letter predicts the blanks surely and guesses each letter among eight: a
    cross-entropy of 10 ln 8 / (L + 20) nats per step, the memoryless floor. Anything under it is memory.
    """

    name = "copy-memory"
    title = {"en": "Copying memory", "zh": "复制记忆"}
    task = "classification"
    source = (
        "S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997); "
        "M. Arjovsky, A. Shah and Y. Bengio, Unitary evolution recurrent neural networks, ICML (2016)"
    )
    licence = "Generated"

    lag: int = hyperparameter(
        20, low=1, high=10_000, unit="steps", en="Steps between letter and repetition", zh="字母与复述间的步数"
    )
    letters: int = hyperparameter(10, low=1, high=1_000, en="Letters to remember", zh="需记住的字母数")
    train_size: int = hyperparameter(10_000, low=1, high=1_000_000, en="Sequences that train", zh="训练序列数")
    validation_size: int = hyperparameter(1_000, low=0, high=100_000, en="Sequences that validate", zh="验证序列数")
    test_size: int = hyperparameter(1_000, low=1, high=100_000, en="Sequences that test", zh="测试序列数")

    def load(self, seed: int) -> Data:
        """Symbols 0 to 9 (T, N), as targets classes 0 to 8 (T, N); each split is drawn from a stream of its own."""
        sizes = self.train_size, self.validation_size, self.test_size
        count = sum(sizes)
        steps = self.lag + 2 * self.letters
        check_memory(8 * steps * count, f"{count:,} sequences of {steps:,} steps", "Set a smaller train_size or lag")
        train, validation, test = splits(seed, self._drawn, *sizes)
        return Data(
            train=train,
            validation=validation,
            test=test,
            baselines={"memoryless": self.letters * math.log(ALPHABET) / steps},
            metric="cross-entropy",
            inputs=len(SYMBOLS),
            outputs=ALPHABET + 1,
            symbols=SYMBOLS,
        )

    def _drawn(self, generator: np.random.Generator, size: int) -> Sequences:
        letters = generator.integers(0, ALPHABET, (self.letters, size), np.int32)
        inputs = np.full((self.lag + 2 * self.letters, size), BLANK, np.int32)
        targets = inputs.copy()
        inputs[: self.letters] = letters
        inputs[self.letters + self.lag - 1] = SIGNAL
        targets[-self.letters :] = letters
        return Sequences(inputs=inputs, targets=targets)


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [CopyMemory]
