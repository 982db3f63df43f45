"""The other problems of memory: counting, order, parity, echo and recall, each checked string by string."""

import itertools
import re

import numpy as np
import pytest

from lab.api import DataError
from tests.datasets.helpers import Make, sequences

SPLITS = ("train", "validation", "test")
SMALL = {"train_size": 300, "validation_size": 100, "test_size": 200}
DRAWN = ("temporal-order", "parity", "delayed-echo", "associative-recall")


@pytest.mark.parametrize("name", DRAWN)
def test_same_seed_same_data_and_every_split_its_own(make: Make, name: str) -> None:
    first, again, other = (make(name, **SMALL).load(seed) for seed in (3, 3, 4))
    for split in SPLITS:
        np.testing.assert_array_equal(sequences(first, split).inputs, sequences(again, split).inputs)
        np.testing.assert_array_equal(sequences(first, split).targets, sequences(again, split).targets)
        assert not np.array_equal(sequences(first, split).inputs, sequences(other, split).inputs)
    fewer = make(name, **SMALL | {"train_size": 50}).load(3)
    np.testing.assert_array_equal(sequences(fewer, "test").inputs, sequences(first, "test").inputs)
    assert make(name, **SMALL | {"validation_size": 0}).load(3).validation is None
    whole = [{column.tobytes() for column in sequences(first, split).inputs.swapaxes(0, 1)} for split in SPLITS]
    assert not any(one & two for one, two in itertools.combinations(whole, 2))


@pytest.mark.parametrize(
    ("name", "size"),
    [("temporal-order", "T"), ("parity", "length"), ("delayed-echo", "length"), ("counting", "test_until")],
)
def test_too_much_for_memory_is_refused_before_it_is_made(make: Make, name: str, size: str) -> None:
    more = {"train_until": 1000, "train_size": 100_000} if name == "counting" else {"train_size": 1_000_000}
    with pytest.raises(DataError, match="GiB"):
        make(name, **{size: 2_000 if name == "counting" else 10_000} | more).load(0)


@pytest.mark.parametrize("T", [10, 50, 100])
def test_temporal_order_is_that_of_the_two_symbols(make: Make, T: int) -> None:
    data = make("temporal-order", T=T, **SMALL).load(1)
    for split in SPLITS:
        part = sequences(data, split)
        assert part.lengths is not None
        assert not part.per_step
        for column, length, label in zip(part.inputs.T, part.lengths, part.targets, strict=True):
            text = "".join(data.symbols[code] for code in column[:length])
            assert T <= length <= T + T // 10
            assert re.fullmatch("E[abcd]*[XY][abcd]*[XY][abcd]*B", text)
            (first, one), (second, two) = ((match.start(), match[0]) for match in re.finditer("[XY]", text))
            assert T // 10 <= first <= 2 * (T // 10)
            assert 5 * (T // 10) <= second <= 6 * (T // 10)
            assert ("XX", "XY", "YX", "YY")[label] == one + two
    test = sequences(data, "test")
    assert data.baselines["memoryless"] == np.mean(test.targets == 0)
    # Who knows the second symbol, and takes the first for an X, says 0 or 1.
    assert data.baselines["first symbol forgotten"] == np.mean(test.targets % 2 == test.targets)


@pytest.mark.parametrize("asked", ["every-step", "last"])
def test_parity_is_the_count_of_ones(make: Make, asked: str) -> None:
    data = make("parity", length=9, asked=asked, train_size=40, validation_size=10, test_size=2_000).load(2)
    for split in SPLITS:
        part = sequences(data, split)
        for column, bits in enumerate(part.inputs[:, :, 0].T):
            odd = [sum(bit > 0 for bit in bits[: step + 1]) % 2 for step in range(9)]
            assert part.targets[..., column].tolist() == (odd if asked == "every-step" else odd[-1])
    assert data.baselines["always even"] == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("delay", [0, 1, 20])
def test_echo_is_the_number_some_steps_ago(make: Make, delay: int) -> None:
    data = make("delayed-echo", delay=delay, length=30, **SMALL).load(2)
    test = sequences(data, "test")
    assert test.counted is not None
    assert test.counted.sum() == 30 * 200
    for step in range(delay, delay + 30):
        np.testing.assert_array_equal(test.targets[step], test.inputs[step - delay])
        assert test.counted[step].all()
    assert np.abs(test.inputs).max() <= 0.5
    counted = test.targets[test.counted]
    assert data.baselines["memoryless"] == pytest.approx(np.sqrt(np.mean((0 - counted) ** 2)) / counted.std(), rel=1e-6)


@pytest.mark.parametrize("pairs", [1, 4, 26])
def test_recall_asks_for_the_digit_behind_the_letter(make: Make, pairs: int) -> None:
    data = make("associative-recall", pairs=pairs, train_size=50, validation_size=20, test_size=2_000).load(2)
    test = sequences(data, "test")
    hits = 0
    for column, label in zip(test.inputs.T, test.targets, strict=True):
        text = "".join(data.symbols[code] for code in column)
        assert re.fullmatch(f"(?:[a-z][0-9]){{{pairs}}}\\?\\?[a-z]", text)
        table = dict(re.findall("([a-z])([0-9])", text))
        assert len(table) == pairs
        assert table[text[-1]] == str(label)
        hits += text[2 * pairs - 1] == str(label)
    assert data.baselines["last digit"] == hits / 2_000
    assert data.baselines["last digit"] == pytest.approx(1 / pairs + (1 - 1 / pairs) / 10, abs=0.05)
    assert data.baselines["memoryless"] == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize(("language", "letters"), [("a^n b^n", "ab"), ("a^n b^n c^n", "abc")])
def test_counting_asks_for_the_set_of_what_may_come(make: Make, language: str, letters: str) -> None:
    data = make("counting", language=language, train_until=6, test_until=20, train_size=100).load(2)
    assert data.symbols == ("S", *letters)
    asked = (*letters, "T")
    for part, numbers in ((data.train, None), (sequences(data, "test"), range(1, 21))):
        assert part.lengths is not None
        seen = []
        for column, length in enumerate(part.lengths):
            text = "".join(data.symbols[code] for code in part.inputs[:length, column]) + "T"
            number = text.count("a")
            seen.append(number)
            assert text == "S" + "".join(letter * number for letter in letters) + "T"
            for step in range(length):
                # Within the language: after an a there may be another, whatever comes in this string.
                may = {"a", "b"} if text[step] == "a" else {text[step + 1]}
                targets = part.targets[step, column]
                assert {name for name, yes in zip(asked, targets, strict=True) if yes} == may
        if numbers is None:
            assert set(seen) == set(range(1, 7))
        else:
            assert seen == list(numbers)
    assert data.baselines == {"memoryless": 0.0, "learned by heart": 6.0}
    again = make("counting", language=language, train_until=6, test_until=20, train_size=100).load(2)
    np.testing.assert_array_equal(data.train.inputs, again.train.inputs)
