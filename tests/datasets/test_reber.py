"""The Reber grammar, judged by an automaton that is written another way: as a regular expression."""

import itertools
import re

import numpy as np
import pytest

from tests.datasets.helpers import Make, sequences

# The graph of Reber (1967), solved for its strings: below, the loop T* at the second node on the lower side, and the
# way from it back to itself through V P X.
LOWER = "(?:T|VPX)*V(?:PS|V)"
REBER = re.compile(f"B(?:TS*X(?:S|X{LOWER})|P{LOWER})E")
EMBEDDED = re.compile(f"B(?:T{REBER.pattern}T|P{REBER.pattern}P)E")
SPLITS = ("train", "validation", "test")
SMALL = {"train_size": 300, "validation_size": 100, "test_size": 200}
STREAM = {"window": 20, "train_size": 100, "streams": 3, "validation_length": 200, "test_length": 400}


def texts(make: Make, seed: int = 1, **sizes: int) -> dict[str, list[str]]:
    """The strings of each split, from the inputs and the last target."""
    data = make("embedded-reber", **SMALL | sizes).load(seed)
    found = {}
    for split in SPLITS:
        part = sequences(data, split)
        assert part.lengths is not None
        columns = zip(part.inputs.T, part.targets.T, part.lengths, strict=True)
        found[split] = [
            "".join(data.symbols[code] for code in (*symbols[:length], asked[length - 1]))
            for symbols, asked, length in columns
        ]
    return found


def test_the_expression_knows_the_grammar() -> None:
    for right in ("BTXSE", "BPVVE", "BTSSXXTVVE", "BPTVPXVPSE", "BPTTTVPSE", "BTXXVPXTTVVE"):
        assert REBER.fullmatch(right)
    for wrong in ("BTE", "BTXE", "BPSE", "BTSXPE", "BPVXVVE", "BTXXSE", "BPVPVVE"):
        assert not REBER.fullmatch(wrong)


def test_every_string_is_of_the_grammar_and_no_string_is_in_two_splits(make: Make) -> None:
    found = texts(make)
    for split, strings in found.items():
        assert len(strings) == SMALL[f"{split}_size"]
        assert all(EMBEDDED.fullmatch(text) for text in strings)
        assert {text[1] for text in strings} == {"T", "P"}
    # Not even what stands within one is in another split, between the other symbols.
    inner = [{text[2:-2] for text in found[split]} for split in SPLITS]
    assert sum(map(len, inner)) == len(set.union(*inner))
    assert min(map(len, inner)) > 50


def test_the_same_seed_gives_the_same_strings(make: Make) -> None:
    assert texts(make) == texts(make)
    assert texts(make)["test"] != texts(make, seed=2)["test"]
    assert texts(make, test_size=50)["train"] == texts(make)["train"]
    assert make("embedded-reber", **SMALL | {"validation_size": 0}).load(0).validation is None


def test_what_is_allowed_is_what_some_string_goes_on_with(make: Make) -> None:
    # All inner strings of up to ten symbols, found by trying. From every place an end is four symbols away at most, so
    # what they say of the first six is complete.
    middles = ("".join(letters) for count in range(1, 9) for letters in itertools.product("TSXPV", repeat=count))
    inner = [text for text in (f"B{middle}E" for middle in middles) if REBER.fullmatch(text)]
    assert len(inner) > 40
    following: dict[str, set[str]] = {}
    for text in inner:
        for step in range(1, len(text)):
            following.setdefault(text[:step], set()).add(text[step])
    data = make("embedded-reber", **SMALL).load(5)
    part = sequences(data, "test")
    assert part.allowed is not None
    assert part.lengths is not None
    for column, length in enumerate(part.lengths):
        text = "".join(data.symbols[code] for code in part.inputs[:length, column])
        sets = [
            {symbol for symbol, yes in zip(data.symbols, row, strict=True) if yes}
            for row in part.allowed[:length, column]
        ]
        assert sets[:2] == [{"T", "P"}, {"B"}]
        assert sets[-2:] == [{text[1]}, {"E"}]
        for step in range(2, min(8, length - 2)):
            assert sets[step] == following[text[2 : step + 1]], text


def test_who_forgets_the_second_symbol_has_the_strings_right_that_begin_with_t(make: Make) -> None:
    data = make("embedded-reber", **SMALL).load(1)
    strings = texts(make)["test"]
    assert data.baselines["second symbol forgotten"] == np.mean([text[1] == "T" for text in strings])
    assert 0.3 < data.baselines["second symbol forgotten"] < 0.7


def test_the_stream_is_strings_in_a_row_and_windows_go_on(make: Make) -> None:
    data = make("continual-reber", **STREAM).load(3)
    train = data.train
    assert train.continuous
    assert train.inputs.shape == (20, 100)
    whole = "".join(data.symbols[code] for code in train.inputs.T.ravel())
    assert "".join(data.symbols[code] for code in train.targets.T.ravel())[:-1] == whole[1:]
    strings = re.findall("B[TP]B[TSXPV]+E[TP]E", whole)
    assert whole.startswith("".join(strings))
    assert len(whole) - len("".join(strings)) < 60
    assert all(EMBEDDED.fullmatch(one) for one in strings)
    assert len(strings) > 100
    for split in SPLITS:
        part = sequences(data, split)
        assert part.allowed is not None
        assert np.take_along_axis(part.allowed, part.targets[..., None], axis=2).all()
        assert set(part.allowed.sum(axis=2).ravel()) == {1, 2}
    ends = np.flatnonzero(train.inputs.T.ravel()[1:] == data.symbols.index("E"))
    assert len(ends) > 200


def test_streams_are_made_from_the_seed_and_all_different(make: Make) -> None:
    first, again, other = (make("continual-reber", **STREAM).load(seed) for seed in (3, 3, 4))
    for split in SPLITS:
        np.testing.assert_array_equal(sequences(first, split).inputs, sequences(again, split).inputs)
        assert not np.array_equal(sequences(first, split).inputs, sequences(other, split).inputs)
    test, validation = sequences(first, "test").inputs, sequences(first, "validation").inputs
    columns = [test[:200, 0], test[:200, 1], test[:200, 2], *validation.T, first.train.inputs.T.ravel()[:200]]
    assert len({tuple(column) for column in columns}) == len(columns)


def test_who_forgets_in_a_stream_is_wrong_at_the_first_p_that_is_asked_again(make: Make) -> None:
    data = make("continual-reber", **STREAM).load(3)
    test = sequences(data, "test")
    firsts = []
    for column in test.inputs.T:
        text = "".join(data.symbols[code] for code in column)
        firsts.append(next(match.start() for match in re.finditer("(?<=E)P(?=E)", text)) - 1)
    assert data.baselines["second symbol forgotten"] == pytest.approx(np.mean(firsts))
