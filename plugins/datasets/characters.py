"""The next character of a text: eight plays of Shakespeare, or any file in UTF-8."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lab.api import (
    Data,
    DataError,
    Dataset,
    Sequences,
    cut_series,
    hookimpl,
    hyperparameter,
    read_text,
    resource_folder,
)

PLAYS = (
    "antony-and-cleopatra",
    "hamlet",
    "julius-caesar",
    "macbeth",
    "merchant-of-venice",
    "midsummer-nights-dream",
    "othello",
    "romeo-and-juliet",
)
COUNTED_CHARACTERS = 10_000_000  # for the baselines: more change their figures little and cost seconds
CONTINUATION = 5.0  # how many observations the shorter context is worth in the estimate of the longer one
TABLE = 1_000_000  # entries of a table of counts; where more are possible they are sorted, ten times as slowly


class Characters(Dataset):
    """A text as a series of symbols; the target at each step is the symbol that comes next.

    The last tenth of the text (of each play) tests and the tenth before it validates. The training text is cut into
    consecutive windows that go on where the one before ends, so the state can be carried; in the other splits the first
    half of each window warms the state and does not count, so that each character is predicted once, from at least half
    a window.

    The baselines are what counting achieves: the cross-entropy, in bits per character, of the test text under the
    frequencies of single characters, pairs and triples in the training text.
    """

    name = "characters"
    title = {"en": "Characters of a text", "zh": "文本字符"}
    task = "next-symbol"
    source = "W. Shakespeare, eight plays; text placed in the public domain by Moby Lexical Tools (1992)"
    licence = "Public domain"

    play: str = hyperparameter("all", choices=("all", *PLAYS), en="The play, or all eight", zh="剧目，或全部八部")
    file: str = hyperparameter("", en="A UTF-8 file to read instead of the plays", zh="代替剧本的 UTF-8 文件")
    lowercase: bool = hyperparameter(False, en="Make all letters small", zh="全部转为小写")
    window: int = hyperparameter(100, low=1, high=10_000, unit="steps", en="Steps of a sequence", zh="序列步数")

    def load(self, seed: int) -> Data:
        """Symbols (window, N) and, as targets, the symbols after them (window, N). The same for every `seed`."""
        training, validation, test = self._parts()
        characters, codes = encoded(training + validation + test)
        size = len(codes)
        if not validation:
            raise DataError(
                f"the text has {size} characters, too few to set a tenth apart",
                file=self.file or None,
                remedy="Name a longer text",
            )
        # Step r reads character r and predicts character r + 1.
        bounds = (len(training) - 1, size - len(test) - 1, size - 1)
        splits = {"train": (0, bounds[0]), "validation": bounds[:2], "test": bounds[1:]}
        sequences = self._cut(codes, splits, self.file or None, self.window)
        return Data(
            train=sequences["train"],
            validation=sequences["validation"],
            test=sequences["test"],
            baselines=baselines(codes[: bounds[0] + 1], codes[bounds[1] - 1 :], len(characters)),
            metric="bits-per-character",
            inputs=len(characters),
            outputs=len(characters),
            symbols=characters,
        )

    def load_file(self, file: str, seed: int) -> Data:
        """What `load` gives, but with the whole of another text to test, in the symbols of the text that trains.

        DataError, with the line, where the other text has a character that is not among them.
        """
        known = self.load(seed)
        place = {character: code for code, character in enumerate(known.symbols)}
        text = self._lowered(read_text(file))
        strange = next((index for index, character in enumerate(text) if character not in place), None)
        if strange is not None:
            raise DataError(
                f"the network knows no character {text[strange]!r}; it learned {len(place)} others",
                file=file,
                line=text.count("\n", 0, strange) + 1,
                remedy="Take it out, or train on a text that has it",
            )
        if len(text) < 3:
            raise DataError(f"the text has {len(text)} characters, and 3 are needed", file=file)
        codes = np.array([place[character] for character in text], np.int32)
        test = self._cut(codes, {"test": (0, len(codes) - 1)}, file, min(self.window, len(codes) - 1))["test"]
        trained = known.train.inputs.T.ravel()
        return replace(known, validation=None, test=test, baselines=baselines(trained, codes, len(place)))

    def _cut(
        self, codes: NDArray[np.int32], splits: dict[str, tuple[int, int]], file: str | None, window: int
    ) -> dict[str, Sequences]:
        try:
            return cut_series(codes[:-1], codes[1:], splits, window)[0]
        except DataError as error:
            raise error.with_place(file) from None

    def _parts(self) -> tuple[str, str, str]:
        """The texts that train, validate and test: of each play its first eight tenths, the ninth, and the tenth."""
        if self.file:
            texts = [read_text(self.file)]
        else:
            folder = resource_folder() / "data" / "shakespeare"
            chosen = PLAYS if self.play == "all" else (self.play,)
            texts = [read_text(str(folder / f"{play}.txt")) for play in chosen]
        parts: tuple[list[str], list[str], list[str]] = ([], [], [])
        for text in map(self._lowered, texts):
            held_out = len(text) // 10
            cuts = (0, len(text) - 2 * held_out, len(text) - held_out, len(text))
            for index, part in enumerate(parts):
                part.append(text[cuts[index] : cuts[index + 1]])
        return "".join(parts[0]), "".join(parts[1]), "".join(parts[2])

    def _lowered(self, text: str) -> str:
        return text.lower() if self.lowercase else text


def encoded(text: str) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """The characters that occur, in the order of Unicode, and the text as places among them, shape (characters,)."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    occurring = np.flatnonzero(np.bincount(points))
    place = np.zeros(occurring[-1] + 1, np.int32)
    place[occurring] = np.arange(len(occurring))
    return tuple(chr(point) for point in occurring), place[points]


def baselines(known: NDArray[np.int32], tested: NDArray[np.int32], count: int) -> dict[str, float]:
    """Bits per character of `tested`, from its third on, under the frequencies of 1, 2 and 3 characters in `known`.

    The estimate from a context that was seen n times mixes the frequencies after it, with weight n, and the estimate
    from the context shorter by one, with weight CONTINUATION; the shortest one mixes in the uniform distribution over
    `count` characters (Dirichlet smoothing: MacKay & Peto, 1995).
    """
    known = known[-COUNTED_CHARACTERS:]
    probability = np.full(len(tested) - 2, 1 / count)
    bits = {}
    for order, name in enumerate(("single characters", "pairs", "triples")):
        seen, asked = _grams(known, order + 1, count), _grams(tested, order + 1, count)[2 - order :]
        together = _frequency(seen, asked, count ** (order + 1))
        context = _frequency(seen // count, asked // count, count**order)
        probability = (together + CONTINUATION * probability) / (context + CONTINUATION)
        bits[name] = float(-np.mean(np.log2(probability)))
    return bits


def _grams(codes: NDArray[np.int32], length: int, count: int) -> NDArray[np.int64]:
    """Each run of `length` codes below `count` as one number, the last code as its last digit."""
    combined = np.zeros(len(codes) - length + 1, np.int64)
    for place in range(length):
        combined = combined * count + codes[place : place + len(combined)]
    return combined


def _frequency(seen: NDArray[np.int64], asked: NDArray[np.int64], possible: int) -> NDArray[np.int64]:
    """How often each of `asked` is in `seen`, which is not empty; all are below `possible`."""
    if possible <= TABLE:
        return np.bincount(seen, minlength=possible)[asked]
    values, counts = np.unique(seen, return_counts=True)
    place = np.minimum(np.searchsorted(values, asked), len(values) - 1)
    return np.where(values[place] == asked, counts[place], 0)


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [Characters]
