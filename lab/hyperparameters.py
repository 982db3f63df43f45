"""Declared hyperparameters: the type, range, default and meaning of each number a person may choose.

The component that has a hyperparameter declares it once; the reader of experiment files, the command line's `--set` and
the window's forms are all made from that declaration. Pydantic does the validation.
"""

from __future__ import annotations

import copy
import inspect
import math
import reprlib
import sys
from abc import ABC
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar, Literal, final, get_args, get_origin, get_type_hints

from pydantic import AfterValidator, Field, Strict, TypeAdapter, ValidationError

from lab.errors import HyperparameterError, nearest, unknown

Activation = str
"""The type of a hyperparameter that names an activation function; its `choices` say which."""

Scalar = bool | int | float | str
"""What a hyperparameter, or each item of a list of them, can be."""

_NOUNS: Mapping[type, tuple[str, str]] = {
    bool: ("true or false", "of true and false"),
    int: ("a whole number", "of whole numbers"),
    float: ("a number", "of numbers"),
    str: ("text", "of texts"),
}


@final
@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """One declared hyperparameter of a component.

    `type` is `bool`, `int`, `float`, `str`, or `list[...]` or `tuple[..., ...]` of one of them. `low` and `high` are
    inclusive and, for a list, hold for each item; so do `choices`. `doc` has the keys `en` and `zh`. `live` says that
    it may change while a network trains.
    """

    name: str
    type: Any
    default: Any
    low: float | None = None
    high: float | None = None
    choices: tuple[Scalar, ...] | None = None
    unit: str = ""
    doc: Mapping[str, str]
    live: bool = False

    def check(self, value: object, *, of: str = "") -> object:
        """`value` in the declared type (a whole number becomes a `float` where one is declared).

        `of` names the owner in the message of the HyperparameterError that a value outside the declaration raises.
        """
        try:
            return _validator(self.type, self.low, self.high, self.choices).validate_python(value)
        except ValidationError as error:
            raise self._refusal(value, error, of) from None

    @property
    def allowed(self) -> str:
        """What a value must be, in words: `a number from -10 to 10`."""
        item, many = _item_type(self.type)
        if self.choices is not None:
            listed = ", ".join(map(repr, self.choices))
            return f"a list of items that are each one of {listed}" if many else f"one of {listed}"
        one, several = _NOUNS[item]
        text = f"a list {several}" if many else one
        limits = _range_text(self.low, self.high)
        return text + (", each" if many and limits else "") + limits

    def _refusal(self, value: object, error: ValidationError, of: str) -> HyperparameterError:
        subject = f"{self.name} of {of}" if of else self.name
        location = error.errors(include_url=False)[0]["loc"]
        given = reprlib.repr(value)
        at_fault = value
        if location and isinstance(location[0], int) and isinstance(value, Sequence):
            at_fault = value[location[0]]
            given = f"{given} (item {location[0] + 1})"
        message = f"{subject} must be {self.allowed}, not {given}"
        if self.choices is not None and isinstance(at_fault, str):
            guess = nearest(at_fault, [choice for choice in self.choices if isinstance(choice, str)])
            if guess is not None:
                message += f"; did you mean {guess!r}?"
        return HyperparameterError(message)


@final
@dataclass(frozen=True, kw_only=True)
class _Declaration:
    """What `hyperparameter(...)` leaves in a class body until the class is made, when its name and type are known."""

    default: object
    low: float | None
    high: float | None
    choices: tuple[Scalar, ...] | None
    unit: str
    doc: Mapping[str, str]
    live: bool
    namespace: Mapping[str, Any]
    file: str
    line: int


def hyperparameter(
    default: object,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[Scalar] | None = None,
    unit: str = "",
    en: str = "",
    zh: str = "",
    live: bool = False,
) -> Any:
    """Declare a hyperparameter in the body of a component: `rate: float = hyperparameter(0.9, low=0, high=1, en="…")`.

    The annotation is its type: `bool`, `int`, `float`, `str`, a `Literal`, or a `list` of one of them. `low` and `high`
    are inclusive; a `float` may be infinite only where a limit is. `en` and `zh` say what it means in one short phrase.
    A subclass changes a default by plain assignment. An instance has the value, the class the default, as an attribute.
    """
    frame = sys._getframe(1)
    return _Declaration(
        default=default,
        low=low,
        high=high,
        choices=None if choices is None else tuple(choices),
        unit=unit,
        doc={"en": en, "zh": zh or en},
        live=live,
        namespace=frame.f_globals,
        file=frame.f_code.co_filename,
        line=frame.f_lineno,
    )


class Hyperparameterized(ABC):  # noqa: B024 - its subclasses have the abstract methods
    """Has hyperparameters: collects those its class and bases declare, and validates the values it is made with."""

    _own_hyperparameters: ClassVar[Mapping[str, Hyperparameter]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._own_hyperparameters = dict(_own(cls))
        for name, declared in cls._own_hyperparameters.items():
            setattr(cls, name, declared.default)

    def __init__(self, **values: object) -> None:
        """One keyword for each hyperparameter that is not at its default; HyperparameterError for any other."""
        declared = self.hyperparameters()
        owner = self.described()
        for name in values:
            if name not in declared:
                raise HyperparameterError(unknown(f"hyperparameter of {owner}:", name, declared))
        for name, one in declared.items():
            value = one.check(values[name], of=owner) if name in values else copy.copy(one.default)
            setattr(self, name, value)

    @classmethod
    def described(cls) -> str:
        """How messages call it."""
        return cls.__name__

    @classmethod
    def hyperparameters(cls) -> dict[str, Hyperparameter]:
        """The declared hyperparameters by name, in the order of declaration, those of base classes first."""
        return _collected(cls.__mro__)

    def values(self) -> dict[str, object]:
        """The value of each hyperparameter by name, in the order of declaration."""
        return {name: copy.copy(getattr(self, name)) for name in self.hyperparameters()}


def _collected(classes: Sequence[type]) -> dict[str, Hyperparameter]:
    collected: dict[str, Hyperparameter] = {}
    for base in reversed(classes):
        collected.update(vars(base).get("_own_hyperparameters", {}))
    return collected


def _own(cls: type[Hyperparameterized]) -> Iterable[tuple[str, Hyperparameter]]:
    inherited = _collected(cls.__mro__[1:])
    for name, value in list(vars(cls).items()):
        if isinstance(value, _Declaration):
            try:
                yield name, _declared(cls, name, value, inherited)
            except HyperparameterError as error:
                raise error.with_place(value.file, value.line) from None
        elif name in inherited:
            default = inherited[name].check(value, of=f"{cls.__name__} (its default)")
            yield name, replace(inherited[name], default=default)


def _declared(
    cls: type[Hyperparameterized], name: str, declaration: _Declaration, inherited: Mapping[str, Hyperparameter]
) -> Hyperparameter:
    if name.startswith("_") or not name.isascii():
        raise HyperparameterError(f"{name!r} cannot name a hyperparameter; use ASCII letters, digits and _")
    if name not in inherited and (hasattr(super(cls, cls), name) or _is_class_variable(cls, name)):
        raise HyperparameterError(
            f"hyperparameter {name!r} of {cls.__name__} hides something that every such class has",
            remedy="Give it another name",
        )
    kind, choices = _type_of(cls, name, declaration, inherited)
    _check_limits(name, kind, declaration, choices)
    found = Hyperparameter(
        name=name,
        type=kind,
        default=None,
        low=declaration.low,
        high=declaration.high,
        choices=choices,
        unit=declaration.unit,
        doc=declaration.doc,
        live=declaration.live,
    )
    return replace(found, default=found.check(declaration.default, of=f"{cls.__name__} (its default)"))


def _is_class_variable(cls: type, name: str) -> bool:
    """Whether a base declares `name` for its subclasses to set, without giving it a value."""
    annotations = (str(inspect.get_annotations(base).get(name, "")) for base in cls.__mro__[1:])
    return any(annotation.removeprefix("typing.").startswith("ClassVar") for annotation in annotations)


def _type_of(
    cls: type[Hyperparameterized], name: str, declaration: _Declaration, inherited: Mapping[str, Hyperparameter]
) -> tuple[Any, tuple[Scalar, ...] | None]:
    """The type and the choices, from the annotation; the inherited type where a subclass declares again without one."""
    annotation = inspect.get_annotations(cls).get(name)
    if annotation is None and name in inherited:
        return inherited[name].type, declaration.choices
    if annotation is None:
        kind = type(declaration.default).__name__
        raise HyperparameterError(
            f"hyperparameter {name!r} of {cls.__name__} has no type",
            remedy=f"Write it as {name}: {kind} = hyperparameter({declaration.default!r}, ...)",
        )
    holder = SimpleNamespace(__annotations__={name: annotation})
    try:
        kind = get_type_hints(holder, dict(declaration.namespace), dict(vars(cls)))[name]
    except (NameError, AttributeError, SyntaxError, TypeError) as error:
        raise HyperparameterError(
            f"the type {annotation!r} of hyperparameter {name!r} of {cls.__name__} cannot be found: {error}",
            remedy="Import or define the type at the top of the file, above the class",
        ) from error
    if get_origin(kind) is Literal:
        listed = get_args(kind)
        kinds = {type(choice) for choice in listed}
        if len(kinds) == 1 and declaration.choices is None:
            return kinds.pop(), listed
    if _item_type(kind)[0] is None:
        raise HyperparameterError(
            f"hyperparameter {name!r} of {cls.__name__} cannot be of type {annotation!r}",
            remedy="Use bool, int, float, str, a Literal of one of them, or a list of one of them",
        )
    return kind, declaration.choices


def _check_limits(name: str, kind: Any, declaration: _Declaration, choices: tuple[Scalar, ...] | None) -> None:
    low, high = declaration.low, declaration.high
    if (low is not None or high is not None) and (_item_type(kind)[0] not in (int, float) or choices is not None):
        raise HyperparameterError(f"only a number without choices can have low and high; {name!r} is none")
    if low is not None and high is not None and not low <= high:
        raise HyperparameterError(f"low of hyperparameter {name!r} is {low:g}, above its high {high:g}")
    if choices is not None and not choices:
        raise HyperparameterError(f"hyperparameter {name!r} has no choices to choose from")


def _item_type(kind: Any) -> tuple[Any, bool]:
    """The scalar type and whether there are many of it; None in place of a type that is not supported."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is list or (origin is tuple and arguments[1:] == (Ellipsis,)):
        return (arguments[0] if arguments[0] in _NOUNS else None), True
    return (kind if isinstance(kind, type) and kind in _NOUNS else None), False


@cache
def _validator(
    kind: Any, low: float | None, high: float | None, choices: tuple[Scalar, ...] | None
) -> TypeAdapter[Any]:
    """Strict in each item, so that true is no number and "1" is none either; a tuple passes for a list."""
    item, many = _item_type(kind)
    one: Any
    if item is float:
        least = -sys.float_info.max if low is None else low
        most = sys.float_info.max if high is None else high
        one = Annotated[float, Strict(), Field(ge=least, le=most)]  # NaN is in no range
    elif item is int:
        one = Annotated[int, Strict(), Field(ge=low, le=high)]
    else:
        one = Annotated[item, Strict()]
    if choices is not None:
        one = Annotated[one, AfterValidator(partial(_chosen, choices))]
    if not many:
        return TypeAdapter(one)
    return TypeAdapter(list[one] if get_origin(kind) is list else tuple[one, ...])


def _chosen(choices: tuple[Scalar, ...], value: Scalar) -> Scalar:
    if value not in choices:
        raise ValueError("not among the choices")
    return value


def _range_text(low: float | None, high: float | None) -> str:
    below, above = low is not None and math.isfinite(low), high is not None and math.isfinite(high)
    infinite = " (infinity too)" if math.inf in (low, high) or -math.inf in (low, high) else ""
    if below and above:
        return f" from {low:g} to {high:g}"
    if below:
        return f" of at least {low:g}{infinite}"
    return f" of at most {high:g}{infinite}" if above else infinite
