"""Counting: the languages aⁿbⁿ and aⁿbⁿcⁿ (Gers & Schmidhuber, 2001)."""

import numpy as np
from numpy.typing import NDArray

from lab.api import Data, Dataset, Sequences, check_memory, hookimpl, hyperparameter


class Counting(Dataset):
    """Which symbols may come next in S aⁿ bⁿ T, or S aⁿ bⁿ cⁿ T: after an a another one or a b, then all is certain.

    The targets are sets: 1 for each symbol that may come, 0 for the others, as in the paper; a string is right where
    each output is on the right side of ½ at each step. Training strings have n up to `train_until`, each n as likely;
    the test strings have n = 1, 2, 3, ... in order, those that train among them, so that the number of strings before
    the first mistake is the highest n up to which all is right. A network that has learned the training strings by
    heart ends there; one that counts goes on.

    Gers & Schmidhuber (2001) had LSTM with peepholes learn from n up to 10, and go on far beyond.
    """

    name = "counting"
    title = {"en": "Counting", "zh": "计数"}
    task = "binary"
    source = "F. A. Gers and J. Schmidhuber, IEEE Trans. Neural Networks 12 (2001)"
    licence = "Generated"

    language: str = hyperparameter(
        "a^n b^n", choices=("a^n b^n", "a^n b^n c^n"), en="Language of the strings", zh="字符串的语言"
    )
    train_until: int = hyperparameter(10, low=1, high=1_000, en="Largest n that trains", zh="训练的最大 n")
    test_until: int = hyperparameter(200, low=1, high=2_000, en="Largest n that tests", zh="测试的最大 n")
    train_size: int = hyperparameter(
        1_000, low=1, high=100_000, unit="strings", en="Strings that train", zh="训练字符串数"
    )

    def load(self, seed: int) -> Data:
        """Symbols (T, N), as targets the set of those that may follow (T, N, K) of 0 and 1; lengths vary."""
        letters = self._letters()
        cells = (len(letters) * self.train_until + 1) * self.train_size
        cells += (len(letters) * self.test_until + 1) * self.test_until
        check_memory(24 * cells, f"{cells:,} steps", "Set a smaller train_size or test_until")
        drawn = np.random.default_rng(seed).integers(1, self.train_until + 1, self.train_size)
        return Data(
            train=self._strings(drawn),
            test=self._strings(np.arange(1, self.test_until + 1)),
            baselines={"memoryless": 0.0, "learned by heart": float(min(self.train_until, self.test_until))},
            metric="sequences-before-error",
            more_metrics=("legal-steps",),
            inputs=1 + len(letters),
            outputs=len(letters) + 1,
            symbols=("S", *letters),
            output_names=(*letters, "T"),
        )

    def _letters(self) -> str:
        return "ab" if self.language == "a^n b^n" else "abc"

    def _strings(self, numbers: NDArray[np.int64]) -> Sequences:
        blocks = len(self._letters())
        lengths = blocks * numbers + 1
        steps = np.arange(lengths.max())[:, None]
        within = steps < lengths
        # Step 0 reads S, which is symbol 0; step s reads a letter of block (s - 1) // n.
        inputs = np.where(within, (steps - 1) // numbers + 1, 0).astype(np.int32)
        targets = np.zeros((*inputs.shape, blocks + 1), np.float32)
        following = np.where(within, steps // numbers, 0)
        np.put_along_axis(targets, following[..., None], 1.0, axis=2)
        targets[..., 1] = np.maximum(targets[..., 1], inputs == 1)
        targets[..., 0] = np.maximum(targets[..., 0], inputs == 1)
        targets *= within[..., None]
        return Sequences(inputs=inputs, targets=targets, lengths=lengths)


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [Counting]
