"""Characters: symbols and their successors, splits of a text, and what counting alone achieves."""

import math
from collections import Counter

import numpy as np
import pytest

from lab.api import DataError
from tests.datasets.helpers import Make, Write, sequences, that_count

TEXT = "the cat sat on the mat; " * 40


def test_targets_are_the_next_symbols(make: Make) -> None:
    data = make("characters", play="macbeth").load(0)
    assert (data.inputs, data.outputs) == (len(data.symbols), len(data.symbols))
    for split in ("train", "validation", "test"):
        found = sequences(data, split)
        assert found.steps == 100
        np.testing.assert_array_equal(found.inputs[1:], found.targets[:-1])


def test_training_windows_go_on_where_the_one_before_ends(make: Make) -> None:
    train = make("characters", play="hamlet").load(0).train
    assert train.continuous
    np.testing.assert_array_equal(train.inputs[0, 1:], train.targets[-1, :-1])


def test_last_tenth_tests_and_the_one_before_validates(make: Make, write: Write) -> None:
    data = make("characters", file=write(TEXT), window=7).load(0)
    for split, asked in (
        ("validation", TEXT[-len(TEXT) // 5 : -len(TEXT) // 10]),
        ("test", TEXT[-len(TEXT) // 10 :]),
    ):
        codes = that_count(data, split, sequences(data, split).targets)
        assert "".join(data.symbols[code] for code in codes) == asked
    trained = "".join(data.symbols[code] for code in data.train.targets.T.ravel())
    assert TEXT[: -len(TEXT) // 5].endswith(trained)
    assert len(trained) > 4 * len(TEXT) // 5 - 2 * 7


def test_all_plays_and_lowercase(make: Make) -> None:
    every, small = make("characters").load(0), make("characters", lowercase=True).load(0)
    assert len(every.symbols) == 63
    assert set(small.symbols) == {character.lower() for character in every.symbols}
    assert every.train.count > 8000


def test_symbols_beyond_ascii(make: Make, write: Write) -> None:
    text = "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。🌕\r\n" * 8
    data = make("characters", file=write("\ufeff" + text), window=10).load(0)
    assert set(data.symbols) == set(text) - {"\r"}


def test_single_character_baseline_is_their_cross_entropy(make: Make, write: Write) -> None:
    data = make("characters", file=write(TEXT), window=7).load(0)
    known, asked = TEXT[: -len(TEXT) // 5], TEXT[-len(TEXT) // 10 :]
    counts, symbols = Counter(known), len(set(TEXT))
    # The uniform distribution is worth five observations.
    expected = [(counts[one] + 5 / symbols) / (len(known) + 5) for one in asked]
    assert data.baselines["single characters"] == pytest.approx(-np.mean(np.log2(expected)), rel=1e-9)
    assert data.metric == "bits-per-character"


@pytest.mark.parametrize("symbols", [5, 150])  # the triples of so many fit into a table, or do not
def test_baselines_are_those_of_counting_one_by_one(make: Make, write: Write, symbols: int) -> None:
    draw = np.random.default_rng(0)
    text = "".join(chr(0x4E00 + code) for code in (symbols * draw.random(4000) ** 2).astype(int))
    assert len(set(text)) == symbols
    data = make("characters", file=write(text), window=10).load(0)
    known, first = text[: -len(text) // 5], len(text) - len(text) // 10
    counts = Counter(known[at : at + size] for size in range(4) for at in range(len(known) - size + 1))

    def probability(gram: str) -> float:
        if not gram:
            return 1 / len(set(text))
        context = sum(counts[gram[:-1] + one] for one in set(text))
        return (counts[gram] + 5 * probability(gram[1:])) / (context + 5)

    for size, name in enumerate(("single characters", "pairs", "triples"), 1):
        each = [probability(text[at - size + 1 : at + 1]) for at in range(first, len(text))]
        assert data.baselines[name] == pytest.approx(-np.mean(np.log2(each)), rel=1e-9)


def test_longer_contexts_tell_more(make: Make) -> None:
    bits = make("characters").load(0).baselines
    assert math.log2(63) > bits["single characters"] > bits["pairs"] > bits["triples"]
    # English text with capitals and punctuation: entropies near 4.8, 3.6 and 2.8 bits.
    assert list(bits.values()) == pytest.approx([4.8, 3.6, 2.8], abs=0.2)


def test_counting_learns_a_text_that_repeats(make: Make, write: Write) -> None:
    assert make("characters", file=write("abcd" * 500), window=7).load(0).baselines["pairs"] < 0.1


def test_another_text_is_tested_whole_in_the_symbols_of_the_first(make: Make, write: Write) -> None:
    dataset = make("characters", file=write(TEXT), window=7, lowercase=True)
    other = dataset.load_file(write("THE MAT SAT; THE CAT;", "other.txt"), 0)
    codes = that_count(other, "test", sequences(other, "test").targets)
    assert "".join(other.symbols[code] for code in codes) == "he mat sat; the cat;"
    assert other.symbols == dataset.load(0).symbols
    with pytest.raises(DataError, match="no character 'z'") as caught:
        dataset.load_file(write("the cat; z", "strange.txt"), 0)
    assert caught.value.line == 1


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        (b"", "empty", None),
        (b"abc", "too few", None),
        (b"one\ntwo\n\xff\xfe", "not UTF-8", 3),
        ("text".encode("utf-16"), "UTF-16", 1),
        (b"one\ntw\x00o", "NUL", 2),
        (b"a short text of a few words", "window of 100", None),
    ],
)
def test_bad_text(make: Make, write: Write, content: bytes, message: str, line: int | None) -> None:
    path = write(content, "text.txt")
    with pytest.raises(DataError, match=message) as caught:
        make("characters", file=path).load(0)
    assert (caught.value.file, caught.value.line) == (path, line)
    assert caught.value.remedy


def test_of_each_play_the_last_tenth_is_held_out(make: Make) -> None:
    """The last words of Hamlet are tested, not only the end of the last play."""
    data = make("characters").load(0)
    tested = sequences(data, "test")
    assert tested.counted is not None
    seen = "".join(data.symbols[code] for code in tested.inputs.T.ravel())
    assert "rest is silence" in seen
    trained = "".join(data.symbols[code] for code in data.train.inputs.T.ravel())
    assert "rest is silence" not in trained
