"""Associative recall (Ba, Hinton, Mnih, Leibo & Ionescu, 2016): the value that stood behind a key."""

import numpy as np

from lab.api import Data, Dataset, Sequences, check_memory, hookimpl, hyperparameter

from ._splits import splits

KEYS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
ASK = len(KEYS) + len(DIGITS)


class AssociativeRecall(Dataset):
    """Letters, each with a digit behind it, then ?? and one of the letters: c9k8j3f1??c asks for the 9.

    All letters of a string are different. The class is the digit. Ba et al. (2016, table 1) compare an LSTM with a
    network that has fast weights besides, and does with fewer units.

    Whoever remembers nothing has a tenth right; whoever remembers a digit, but not which letter it stood behind, has
    that of the key in one of `pairs` strings, and by chance in a tenth of the others.
    """

    name = "associative-recall"
    title = {"en": "Associative recall", "zh": "联想回忆"}
    task = "classification"
    source = "J. Ba, G. Hinton, V. Mnih, J. Z. Leibo and C. Ionescu, Using fast weights, NIPS (2016), section 4.1"
    licence = "Generated"

    pairs: int = hyperparameter(4, low=1, high=26, en="Letters with a digit", zh="字母与数字的对数")
    train_size: int = hyperparameter(20_000, low=1, high=1_000_000, en="Sequences that train", zh="训练序列数")
    validation_size: int = hyperparameter(1_000, low=0, high=100_000, en="Sequences that validate", zh="验证序列数")
    test_size: int = hyperparameter(2_000, low=1, high=100_000, en="Sequences that test", zh="测试序列数")

    def load(self, seed: int) -> Data:
        """Symbols (2 pairs + 3, N), classes 0 to 9 (N,); each split is drawn from a stream of its own."""
        sizes = self.train_size, self.validation_size, self.test_size
        count = sum(sizes)
        check_memory(300 * count, f"{count:,} sequences", "Set a smaller train_size")
        train, validation, test = splits(seed, self._drawn, *sizes)
        last_digit = test.inputs[2 * self.pairs - 1] - len(KEYS)
        return Data(
            train=train,
            validation=validation,
            test=test,
            baselines={
                "memoryless": float(np.mean(test.targets == 0)),
                "last digit": float(np.mean(test.targets == last_digit)),
            },
            metric="accuracy",
            inputs=ASK + 1,
            outputs=len(DIGITS),
            symbols=(*KEYS, *DIGITS, "?"),
        )

    def _drawn(self, generator: np.random.Generator, size: int) -> Sequences:
        inputs = np.full((2 * self.pairs + 3, size), ASK, np.int32)
        keys = generator.random((len(KEYS), size)).argsort(axis=0)[: self.pairs]
        digits = generator.integers(0, len(DIGITS), (self.pairs, size))
        asked = generator.integers(0, self.pairs, size)
        everyone = np.arange(size)
        inputs[0 : 2 * self.pairs : 2], inputs[1 : 2 * self.pairs : 2] = keys, digits + len(KEYS)
        inputs[-1] = keys[asked, everyone]
        return Sequences(inputs=inputs, targets=digits[asked, everyone])


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [AssociativeRecall]
