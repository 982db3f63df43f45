"""Errors say what, where and what to do, and survive being copied, moved and sent."""

import pickle

import pytest

from lab import errors
from lab.errors import HyperparameterError, LabError, ShapeError, TraceError, nearest, unknown


@pytest.mark.parametrize(
    ("place", "remedy", "text"),
    [
        ({}, None, "it broke"),
        ({"file": "a.py"}, None, "a.py: it broke"),
        ({"line": 3}, None, "line 3: it broke"),
        ({"file": "a.py", "line": 3}, "Mend it", "a.py:3: it broke. Mend it."),
        ({"file": "a.py", "line": 3}, "Mend it!", "a.py:3: it broke. Mend it!"),
    ],
)
def test_text_has_place_message_and_remedy(place: dict, remedy: str | None, text: str) -> None:
    assert str(LabError("it broke", remedy=remedy, **place)) == text


@pytest.mark.parametrize("end", [".", "?", "!", ";", ":"])
def test_a_message_that_has_an_end_gets_no_other(end: str) -> None:
    assert str(LabError(f"it broke{end}", remedy="Mend it")) == f"it broke{end} Mend it."


def test_every_kind_is_a_lab_error_and_keeps_its_fields_when_pickled() -> None:
    kinds = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, LabError)]
    assert len(kinds) == 12
    for kind in kinds:
        sent = pickle.loads(pickle.dumps(kind("what", file="f", line=2, remedy="r")))  # noqa: S301 - made just here
        assert type(sent) is kind
        assert (sent.message, sent.file, sent.line, sent.remedy) == ("what", "f", 2, "r")


def test_a_moved_error_is_of_the_same_kind_with_its_cause_and_leaves_the_old_one_alone() -> None:
    try:
        try:
            raise KeyError("x")
        except KeyError as cause:
            raise ShapeError("3 is not 4", remedy="r") from cause
    except ShapeError as error:
        old = error
    moved = old.with_place("cell.py", 7)
    assert type(moved) is ShapeError
    assert isinstance(moved, TraceError)
    assert str(moved) == "cell.py:7: 3 is not 4. r."
    assert moved.__cause__ is old.__cause__ is not None
    assert moved.__traceback__ is old.__traceback__ is not None
    assert old.file is None


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("lsmt", "lstm"),
        ("LSTM", "lstm"),
        ("airline_passengers", "airline-passengers"),
        ("airline", "airline-passengers"),
        ("adding-problm", "adding-problem"),
        ("lstm", "lstm"),
        ("transformer", None),
        ("", None),
        ("a", None),
    ],
)
def test_the_nearest_name(name: str, guess: str | None) -> None:
    known = ["gru", "lstm", "airline-passengers", "adding-problem"]
    assert nearest(name, known) == guess
    assert nearest(name, reversed(known)) == guess


def test_equally_near_names_give_the_first_by_the_alphabet() -> None:
    assert nearest("gate-c", {"gate-b", "gate-a"}) == nearest("gate-c", ["gate-a", "gate-b"])
    assert nearest("gate", ["gate-b", "gate-a"]) is not None
    assert nearest("gated-recurrent", ["gated-recurrent-a-long-name", "gated-recurrent-b-long-name"]) is not None


def test_hyphens_and_underscores_are_alike() -> None:
    assert nearest("x_y_z", ["x-y-z", "x_y_q"]) == "x-y-z"


def test_unknown_lists_few_names_and_counts_many() -> None:
    assert unknown("cell", "lsmt", ["gru", "lstm"]) == "unknown cell 'lsmt'; did you mean 'lstm'?"
    assert unknown("cell", "zzz", ["lstm", "gru"]) == "unknown cell 'zzz'; known: gru, lstm"
    assert unknown("cell", "zzz", []) == "unknown cell 'zzz'; there is none"
    many = [f"cell-{number}" for number in range(40)]
    assert unknown("cell", "zzz", many) == "unknown cell 'zzz'; it is like none of the 40 known names"


def test_other_errors_take_a_message_alone() -> None:
    assert str(HyperparameterError("bad")) == "bad"
