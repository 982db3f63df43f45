"""Hyperparameters are declared once; values outside the declaration are refused in one clear sentence."""
# ruff: noqa: E501 - a table reads best with one case a line

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import HyperparameterError
from lab.hyperparameters import Hyperparameter, Hyperparameterized, hyperparameter

Mode = Literal["sum", "mean"]


class Everything(Hyperparameterized):
    flag: bool = hyperparameter(True)
    count: int = hyperparameter(3, low=1, high=9, unit="steps", en="How many", zh="多少", live=True)
    rate: float = hyperparameter(1, low=-10, high=10)
    open: float = hyperparameter(0.0)
    endless: float = hyperparameter(0.0, high=math.inf)
    text: str = hyperparameter("x")
    activation: str = hyperparameter("tanh", choices=("tanh", "linear", "relu"))
    order: int = hyperparameter(1, choices=(1, 2))
    mode: Mode = hyperparameter("sum")
    sizes: list[int] = hyperparameter([1, 2], low=1)
    shares: tuple[float, ...] = hyperparameter((0.5,), low=0, high=1)
    columns: list[str] = hyperparameter([], choices=("a", "b"))
    noted: Annotated[float, "a note"] = hyperparameter(0.5)


def refusal(**values: object) -> str:
    with pytest.raises(HyperparameterError) as caught:
        Everything(**values)
    return str(caught.value)


def test_declarations_are_in_order_and_complete() -> None:
    declared = Everything.hyperparameters()
    assert " ".join(declared) == ("flag count rate open endless text activation order mode sizes shares columns noted")
    assert declared["count"] == Hyperparameter(
        name="count",
        type=int,
        default=3,
        low=1,
        high=9,
        unit="steps",
        doc={"en": "How many", "zh": "多少"},
        live=True,
    )
    assert declared["mode"].type is str
    assert declared["mode"].choices == ("sum", "mean")
    assert declared["sizes"].type == list[int]


def test_defaults_are_on_the_class_and_on_instances() -> None:
    assert Everything.rate == 1.0
    assert isinstance(Everything.rate, float)
    made = Everything()
    assert made.values() == {name: one.default for name, one in Everything.hyperparameters().items()}
    assert list(made.values()) == list(Everything.hyperparameters())


def test_values_replace_defaults_of_one_instance_only() -> None:
    made = Everything(count=5, sizes=(4, 5), shares=[1, 0])
    assert (made.count, made.sizes, made.shares) == (5, [4, 5], (1.0, 0.0))
    assert Everything().count == 3
    assert type(made)(**made.values()).values() == made.values()


def test_lists_are_never_shared() -> None:
    first = Everything()
    first.sizes.append(99)
    first.values()["sizes"].append(98)  # type: ignore[attr-defined]
    assert first.sizes == [1, 2, 99]
    assert Everything().sizes == [1, 2]
    given_list = [7]
    second = Everything(sizes=given_list)
    given_list.append(8)
    assert second.sizes == [7]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("flag", 1, "flag of Everything must be true or false, not 1"),
        ("flag", "true", "flag of Everything must be true or false, not 'true'"),
        ("count", True, "count of Everything must be a whole number from 1 to 9, not True"),
        ("count", 2.0, "count of Everything must be a whole number from 1 to 9, not 2.0"),
        ("count", "2", "count of Everything must be a whole number from 1 to 9, not '2'"),
        ("count", 0, "count of Everything must be a whole number from 1 to 9, not 0"),
        ("count", 10, "count of Everything must be a whole number from 1 to 9, not 10"),
        ("rate", 10.5, "rate of Everything must be a number from -10 to 10, not 10.5"),
        ("rate", False, "rate of Everything must be a number from -10 to 10, not False"),
        ("rate", math.nan, "rate of Everything must be a number from -10 to 10, not nan"),
        ("open", math.inf, "open of Everything must be a number, not inf"),
        ("open", math.nan, "open of Everything must be a number, not nan"),
        ("open", None, "open of Everything must be a number, not None"),
        ("endless", math.nan, "endless of Everything must be a number (infinity too), not nan"),
        ("endless", -math.inf, "endless of Everything must be a number (infinity too), not -inf"),
        ("text", 3, "text of Everything must be text, not 3"),
        ("activation", "rlu", "activation of Everything must be one of 'tanh', 'linear', 'relu', not 'rlu'; did you mean 'relu'?"),
        ("activation", "zzz", "activation of Everything must be one of 'tanh', 'linear', 'relu', not 'zzz'"),
        ("activation", 1, "activation of Everything must be one of 'tanh', 'linear', 'relu', not 1"),
        ("order", 3, "order of Everything must be one of 1, 2, not 3"),
        ("order", True, "order of Everything must be one of 1, 2, not True"),
        ("mode", "men", "mode of Everything must be one of 'sum', 'mean', not 'men'; did you mean 'mean'?"),
        ("sizes", [3, 0], "sizes of Everything must be a list of whole numbers, each of at least 1, not [3, 0] (item 2)"),
        ("sizes", 3, "sizes of Everything must be a list of whole numbers, each of at least 1, not 3"),
        ("sizes", "12", "sizes of Everything must be a list of whole numbers, each of at least 1, not '12'"),
        ("shares", [True], "shares of Everything must be a list of numbers, each from 0 to 1, not [True] (item 1)"),
        ("columns", ["a", "B"], "columns of Everything must be a list of items that are each one of 'a', 'b', not ['a', 'B'] (item 2); did you mean 'b'?"),
    ],
)  # fmt: skip
def test_a_value_outside_the_declaration_is_refused(name: str, value: object, message: str) -> None:
    assert refusal(**{name: value}) == message


def test_a_long_value_is_cut_in_the_message() -> None:
    assert len(refusal(sizes=[0] * 10_000)) < 200
    assert len(refusal(text=b"x" * 10_000)) < 200
    assert len(refusal(rate=10**400)) < 200


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    assert refusal(cout=3) == "unknown hyperparameter of Everything: 'cout'; did you mean 'count'?"


def test_values_come_in_the_declared_type() -> None:
    assert type(Everything(rate=3).rate) is float
    assert type(Everything(rate=np.float64(3)).rate) is float
    assert Everything(endless=math.inf).endless == math.inf


@given(st.floats(allow_nan=True, allow_infinity=True) | st.integers() | st.booleans() | st.text() | st.none())
def test_a_number_in_the_range_is_taken_and_nothing_else(value: object) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and -10 <= value <= 10:  # type: ignore[operator]
        assert Everything(rate=value).rate == value
    else:
        assert "rate of Everything must be a number from -10 to 10, not" in refusal(rate=value)


class Base(Hyperparameterized):
    first: int = hyperparameter(1, low=0, high=10, en="First")
    second: float = hyperparameter(2.0)


def test_a_subclass_adds_and_changes_defaults() -> None:
    class Changed(Base):
        third: int = hyperparameter(3)
        first = 5

    assert list(Changed.hyperparameters()) == ["first", "second", "third"]
    assert Changed().values() == {"first": 5, "second": 2.0, "third": 3}
    assert Changed.hyperparameters()["first"].high == 10
    assert Changed.hyperparameters()["first"].doc["en"] == "First"
    assert Base().first == 1
    with pytest.raises(HyperparameterError, match="first of Changed must be a whole number from 0 to 10, not 11"):
        Changed(first=11)


def test_a_subclass_of_a_subclass_has_the_nearest_default() -> None:
    class Middle(Base):
        first = 5

    class Last(Middle):
        second = 7

    assert Last().values() == {"first": 5, "second": 7.0}


def test_in_a_diamond_the_method_resolution_order_decides() -> None:
    class Left(Base):
        first = 5

    class Right(Base):
        second = 3.0

    class Both(Right, Left):
        pass

    assert Both().values() == {"first": 5, "second": 3.0}
    assert (Both.first, Both.second) == (5, 3.0)


def test_a_subclass_can_declare_again() -> None:
    class Wider(Base):
        first: float = hyperparameter(0.5, low=-1)
        second = hyperparameter(3, low=0)

    assert list(Wider.hyperparameters()) == ["first", "second"]
    assert Wider(first=-0.5).first == -0.5
    assert Wider.hyperparameters()["second"].type is float
    with pytest.raises(HyperparameterError, match="second of Wider must be a number of at least 0, not -1"):
        Wider(second=-1)


def test_an_overriding_default_is_checked() -> None:
    with pytest.raises(
        HyperparameterError, match=r"first of Wrong \(its default\) must be a whole number from 0 to 10"
    ):

        class Wrong(Base):
            first = 11


def declare(default: object = 1, annotation: object = int, name: str = "x", **limits: Any) -> type[Hyperparameterized]:
    body: dict[str, Any] = {name: hyperparameter(default, **limits), "__module__": __name__}
    if annotation is not None:
        body["__annotations__"] = {name: annotation}
    return type("Declared", (Base,), body)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"annotation": None},
            "hyperparameter 'x' of Declared has no type. Write it as x: int = hyperparameter(1, ...)",
        ),
        ({"annotation": dict}, "cannot be of type <class 'dict'>. Use bool, int, float, str, a Literal of one"),
        ({"annotation": "int | None"}, "hyperparameter 'x' of Declared cannot be of type 'int | None'"),
        ({"annotation": "Elsewhere"}, "the type 'Elsewhere' of hyperparameter 'x' of Declared cannot be found"),
        ({"annotation": "int["}, "the type 'int[' of hyperparameter 'x' of Declared cannot be found"),
        ({"annotation": "list"}, "cannot be of type 'list'"),
        ({"annotation": "list[list[int]]"}, "cannot be of type 'list[list[int]]'"),
        ({"annotation": "Literal[1, 'a']"}, "cannot be of type"),
        ({"default": 1.5}, "x of Declared (its default) must be a whole number, not 1.5"),
        ({"low": 2}, "x of Declared (its default) must be a whole number of at least 2, not 1"),
        ({"low": 3, "high": 2}, "low of hyperparameter 'x' is 3, above its high 2"),
        ({"choices": ()}, "hyperparameter 'x' has no choices"),
        ({"choices": (2, 3)}, "x of Declared (its default) must be one of 2, 3, not 1"),
        ({"choices": (1, 2), "low": 0}, "only a number without choices can have low and high"),
        ({"default": "a", "annotation": "str", "high": 3}, "only a number without choices can have low and high"),
        ({"name": "_x"}, "'_x' cannot name a hyperparameter"),
        ({"name": "größe"}, "'größe' cannot name a hyperparameter"),
        ({"name": "values"}, "hyperparameter 'values' of Declared hides something that every such class has"),
    ],
)
def test_a_wrong_declaration_is_told_at_its_line(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(HyperparameterError) as caught:
        declare(**arguments)
    assert message in str(caught.value)
    assert caught.value.file == __file__
    assert caught.value.line == declare.__code__.co_firstlineno + 1


def test_a_name_that_a_base_leaves_to_its_subclasses_cannot_be_declared() -> None:
    class Named(Hyperparameterized):
        name: ClassVar[str]

    with pytest.raises(HyperparameterError, match="hides something"):

        class Wrong(Named):
            name: str = hyperparameter("x")


def test_chinese_falls_back_to_english() -> None:
    class Half(Hyperparameterized):
        x: int = hyperparameter(1, en="Only English")

    assert Half.hyperparameters()["x"].doc == {"en": "Only English", "zh": "Only English"}


def test_an_unresolved_annotation_of_something_else_does_no_harm() -> None:
    class Careless(Hyperparameterized):
        x: int = hyperparameter(1)
        helper: SomethingOnlyForTypeCheckers  # type: ignore[name-defined] # noqa: F821

    assert Careless(x=2).x == 2
