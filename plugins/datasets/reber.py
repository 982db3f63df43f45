"""The embedded Reber grammar: strings one by one, and as a stream without end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.api import Data, Dataset, Sequences, check_memory, hookimpl, hyperparameter

SYMBOLS = (*"BTSXPVE",)
CODES = {symbol: code for code, symbol in enumerate(SYMBOLS)}
REBER = ({"T": 1, "P": 2}, {"S": 1, "X": 3}, {"T": 2, "V": 4}, {"X": 2, "S": 5}, {"P": 3, "V": 5})
"""Of each state but the last, number 5, which symbols may come, and to which state each leads (Reber, 1967)."""


@dataclass(frozen=True)
class String:
    """A string of the grammar, and which symbols may stand at each of its places."""

    text: str
    legal: tuple[str, ...]

    @property
    def inner(self) -> str:
        """What stands between the two symbols that are alike."""
        return self.text[2:-2]

    @classmethod
    def drawn(cls, generator: np.random.Generator) -> "String":
        """At each fork one way or the other with probability ½."""
        outer = "TP"[generator.integers(2)]
        text, legal, state = f"B{outer}B", ["B", "TP", "B"], 0
        while state < 5:
            ways = "".join(REBER[state])
            symbol = ways[generator.integers(2)]
            text, state = text + symbol, REBER[state][symbol]
            legal.append(ways)
        return cls(f"{text}E{outer}E", (*legal, "E", outer, "E"))


class EmbeddedReber(Dataset):
    """The next symbol of strings like BT BTSSXSE TE: a Reber string between two symbols T, or two symbols P.

    At each fork of the grammar either way is as likely, so the right answer is the set of symbols that may come; a
    string is right where at each step the k most probable symbols are the k legal ones. What is hard is the last but
    one: it is the second symbol again, and the string between says nothing of it. Whoever forgets it has half of the
    strings right.

    Training strings are drawn as the grammar gives them, so that short ones come often. A string that validates or
    tests is fresh: what stands between its T or P is in no string of a split before. Hochreiter & Schmidhuber (1997,
    table 1) report for LSTM 97 to 100 % of the trials solved after 8,440 to 39,740 strings, and none for Elman's
    network.
    """

    name = "embedded-reber"
    title = {"en": "Embedded Reber grammar", "zh": "嵌入式 Reber 语法"}
    task = "next-symbol"
    source = (
        "A. S. Reber, J. Verbal Learning and Verbal Behavior 6 (1967); "
        "S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997), experiment 1"
    )
    licence = "Generated"

    train_size: int = hyperparameter(
        1_000, low=1, high=100_000, unit="strings", en="Strings that train", zh="训练字符串数"
    )
    validation_size: int = hyperparameter(
        200, low=0, high=100_000, unit="strings", en="Strings that validate", zh="验证字符串数"
    )
    test_size: int = hyperparameter(
        1_000, low=1, high=100_000, unit="strings", en="Strings that test", zh="测试字符串数"
    )

    def load(self, seed: int) -> Data:
        """Symbols (T, N), as targets the symbols after them, with those that are allowed (T, N, 7); lengths vary."""
        sizes = {"train": self.train_size, "validation": self.validation_size, "test": self.test_size}
        check_memory(1000 * sum(sizes.values()), f"{sum(sizes.values()):,} strings", "Set a smaller train_size")
        strings: dict[str, list[String]] = {}
        known: set[str] = set()
        for (split, size), stream in zip(sizes.items(), np.random.SeedSequence(seed).spawn(3), strict=True):
            strings[split] = drawn(np.random.default_rng(stream), size, known)
            known |= {string.inner for string in strings[split]}
        first = [string.text[1] for string in strings["test"]]
        return Data(
            train=packed(strings["train"]),
            validation=packed(strings["validation"]) if self.validation_size else None,
            test=packed(strings["test"]),
            baselines={"second symbol forgotten": first.count("T") / len(first)},
            metric="legal-sequences",
            more_metrics=("legal-steps",),
            inputs=len(SYMBOLS),
            outputs=len(SYMBOLS),
            symbols=SYMBOLS,
        )


class ContinualReber(Dataset):
    """The next symbol of a stream: embedded Reber strings one after another, with nothing that says where one ends.

    Here a network has to find out itself when to forget. The training stream is cut into windows that go on where the
    one before ends, so the state can be carried; each of the other streams is one long sequence. What is measured is
    how many steps of a stream are right before the first mistake; a step is right as in `embedded-reber`.

    Gers, Schmidhuber & Cummins (2000, table 2) count networks that make no mistake in ten streams of 100,000 symbols:
    none without forget gates, 18 % with them, and 62 % where the learning rate was lowered besides.
    """

    name = "continual-reber"
    title = {"en": "Continual Reber grammar", "zh": "连续 Reber 语法"}
    task = "next-symbol"
    source = "F. A. Gers, J. Schmidhuber and F. Cummins, Neural Computation 12 (2000)"
    licence = "Generated"

    window: int = hyperparameter(
        50, low=1, high=10_000, unit="steps", en="Steps of a training sequence", zh="训练序列的步数"
    )
    train_size: int = hyperparameter(2_000, low=1, high=100_000, en="Sequences that train", zh="训练序列数")
    streams: int = hyperparameter(10, low=1, high=1_000, en="Streams that test, and that validate", zh="测试与验证流数")
    validation_length: int = hyperparameter(
        1_000, low=1, high=100_000, unit="steps", en="Length of a stream that validates", zh="验证流的长度"
    )
    test_length: int = hyperparameter(
        10_000, low=1, high=1_000_000, unit="steps", en="Length of a stream that tests", zh="测试流的长度"
    )

    def load(self, seed: int) -> Data:
        """Symbols (T, N), as targets the symbols after them, with those that are allowed (T, N, 7)."""
        steps = self.window * self.train_size + self.streams * (self.validation_length + self.test_length)
        check_memory(30 * steps, f"{steps:,} steps", "Set a smaller train_size or test_length")
        streams = np.random.SeedSequence(seed).spawn(1 + 2 * self.streams)
        train, *others = (np.random.default_rng(stream) for stream in streams)
        validation, test = others[: self.streams], others[self.streams :]
        inputs, targets, allowed, _ = stream(train, self.window * self.train_size)
        shape = (self.train_size, self.window)
        tested = [stream(generator, self.test_length) for generator in test]
        forgetful = [first_mistake(again, targets) for _, targets, _, again in tested]
        return Data(
            train=Sequences(
                inputs=inputs.reshape(shape).T,
                targets=targets.reshape(shape).T,
                allowed=allowed.reshape(*shape, len(SYMBOLS)).swapaxes(0, 1),
                continuous=True,
            ),
            validation=together([stream(generator, self.validation_length) for generator in validation]),
            test=together(tested),
            baselines={"second symbol forgotten": float(np.mean(forgetful))},
            metric="steps-before-error",
            more_metrics=("legal-steps",),
            inputs=len(SYMBOLS),
            outputs=len(SYMBOLS),
            symbols=SYMBOLS,
        )


def drawn(generator: np.random.Generator, size: int, known: set[str]) -> list[String]:
    """Strings whose inner string is not among those that are known."""
    found: list[String] = []
    while len(found) < size:
        string = String.drawn(generator)
        if string.inner not in known:
            found.append(string)
    return found


Stream = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_], NDArray[np.bool_]]


def stream(generator: np.random.Generator, steps: int) -> Stream:
    """Strings in a row: symbols, those after them, those allowed there, and where the second one is asked again."""
    strings: list[String] = []
    length = 0
    while length <= steps:
        strings.append(String.drawn(generator))
        length += len(strings[-1].text)
    text = "".join(string.text for string in strings)
    legal = [ways for string in strings for ways in string.legal]
    again = np.concatenate([np.arange(len(one.text)) == len(one.text) - 2 for one in strings])
    codes = np.array([CODES[symbol] for symbol in text], np.int32)
    return codes[:steps], codes[1 : steps + 1], members(legal[1 : steps + 1]), again[1 : steps + 1]


def first_mistake(again: NDArray[np.bool_], targets: NDArray[np.int32]) -> int:
    """Steps of a stream before the first that asks for a P again, where whoever has forgotten it says T."""
    wrong = np.flatnonzero(again & (targets == CODES["P"]))
    return int(wrong[0]) if len(wrong) else len(targets)


def together(streams: list[Stream]) -> Sequences:
    """Streams of one length as the sequences of a split."""
    inputs, targets, allowed = (np.stack([one[part] for one in streams], axis=1) for part in range(3))
    return Sequences(inputs=inputs, targets=targets, allowed=allowed)


def packed(strings: list[String]) -> Sequences:
    """Strings of several lengths as the sequences of a split."""
    lengths = np.array([len(string.text) - 1 for string in strings])
    inputs = np.zeros((lengths.max(), len(strings)), np.int32)
    targets = np.zeros_like(inputs)
    allowed = np.zeros((*inputs.shape, len(SYMBOLS)), bool)
    for column, (string, length) in enumerate(zip(strings, lengths, strict=True)):
        codes = [CODES[symbol] for symbol in string.text]
        inputs[:length, column], targets[:length, column] = codes[:-1], codes[1:]
        allowed[:length, column] = members(string.legal[1:])
    return Sequences(inputs=inputs, targets=targets, allowed=allowed, lengths=lengths)


def members(legal: "list[str] | tuple[str, ...]") -> NDArray[np.bool_]:
    """Which of the seven symbols are in each of some sets, (sets, 7)."""
    return np.array([[symbol in ways for symbol in SYMBOLS] for ways in legal])


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [EmbeddedReber, ContinualReber]
