"""A delayed echo: the short-term memory of a network (Jaeger, 2001)."""

import numpy as np

from lab.api import Data, Dataset, Sequences, check_memory, hookimpl, hyperparameter

from ._splits import splits


class DelayedEcho(Dataset):
    """Random numbers, uniform in [-0.5, 0.5]; the target at each step is the number `delay` steps ago.

    Nothing is to be computed, only kept: every number for `delay` steps, and `delay` numbers at a time. Steps before
    the first echo do not count. Jaeger (2001) adds up over all delays how much of the variance is given back, and shows
    that this memory capacity of a network is at most its number of units: an echo of 20 steps needs about 20 units.

    Whoever remembers nothing says 0, with an error of once the standard deviation.
    """

    name = "delayed-echo"
    title = {"en": "Delayed echo", "zh": "延迟回声"}
    task = "regression"
    source = "H. Jaeger, Short term memory in echo state networks, GMD report 152 (2001)"
    licence = "Generated"

    delay: int = hyperparameter(10, low=0, high=1_000, unit="steps", en="Steps until the echo", zh="回声延迟的步数")
    length: int = hyperparameter(100, low=2, high=10_000, unit="steps", en="Length of a sequence", zh="序列长度")
    train_size: int = hyperparameter(1_000, low=1, high=1_000_000, en="Sequences that train", zh="训练序列数")
    validation_size: int = hyperparameter(100, low=0, high=100_000, en="Sequences that validate", zh="验证序列数")
    test_size: int = hyperparameter(100, low=1, high=100_000, en="Sequences that test", zh="测试序列数")

    def load(self, seed: int) -> Data:
        """Inputs and targets (delay + length, N, 1); each split is drawn from a stream of its own."""
        sizes = self.train_size, self.validation_size, self.test_size
        count = sum(sizes)
        steps = self.delay + self.length
        size = f"{count:,} sequences of {steps:,} steps"
        check_memory(16 * steps * count, size, "Set a smaller train_size or length")
        train, validation, test = splits(seed, self._drawn, *sizes)
        echoes = test.targets[self.delay :].astype(np.float64)
        return Data(
            train=train,
            validation=validation,
            test=test,
            baselines={"memoryless": float(np.sqrt(np.mean(echoes**2) / echoes.var()))},
            metric="nrmse",
            inputs=1,
            outputs=1,
            input_names=("number",),
        )

    def _drawn(self, generator: np.random.Generator, size: int) -> Sequences:
        steps = self.delay + self.length
        inputs = generator.uniform(-0.5, 0.5, (steps, size, 1)).astype(np.float32)
        targets = np.zeros_like(inputs)
        targets[self.delay :] = inputs[: self.length]
        counted = np.repeat(np.arange(steps)[:, None] >= self.delay, size, axis=1)
        return Sequences(inputs=inputs, targets=targets, counted=counted)


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [DelayedEcho]
