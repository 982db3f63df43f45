"""What every kind of component has: a name, titles in both languages, hyperparameters, a check of its declaration."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from lab.errors import PluginError, nearest
from lab.hyperparameters import Hyperparameterized

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Registered:
    """Abstract: whatever a plugin can register.

    `name` is what files call it: small letters, digits and hyphens. `title` is what the window calls it, by language
    (`en`, `zh`); the name where it says nothing. A name that is not one is a PluginError where the class is defined;
    everything else is checked by `check_declaration` when the class is registered.
    """

    name: ClassVar[str]
    title: ClassVar[Mapping[str, str]] = {}
    _kind: ClassVar[str] = "component"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "name" in vars(cls):
            _check_name(cls)

    @classmethod
    def described(cls) -> str:
        """How messages call it: `cell 'lstm'`."""
        return f"{cls._kind} {cls.name!r}" if isinstance(getattr(cls, "name", None), str) else cls.__name__

    @classmethod
    def title_in(cls, language: str) -> str:
        """The title in `en` or `zh`; the English one where there is none in that language, else the name."""
        return cls.title.get(language) or cls.title.get("en") or cls.name

    @classmethod
    def check_declaration(cls) -> None:
        """PluginError, at the line where that is known, unless the class can be used as the component it says it is."""
        if not isinstance(getattr(cls, "name", None), str):
            example = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()
            raise PluginError(f"{cls._kind} {cls.__name__} has no name", remedy=f'Add name = "{example}" to the class')
        _check_name(cls)
        title: object = cls.title
        if not isinstance(title, Mapping) or not all(isinstance(text, str) for text in (*title, *title.values())):
            example = f'title = {{"en": "{cls.__name__}", "zh": "…"}}'
            raise PluginError(f"the title of {cls.described()} is not text by language", remedy=f"Write {example}")
        for method in sorted(name for name in dir(cls) if getattr(getattr(cls, name), "__isabstractmethod__", False)):
            # A method with nearly that name, if there is one, is what the author meant.
            guess = nearest(method, [name for name, value in vars(cls).items() if inspect.isfunction(value)])
            instead = f"; was {guess!r} meant to be it?" if guess else ""
            raise PluginError(
                f"{cls.described()} has no {method}{instead}",
                remedy=f"Define {method}{_asked(cls, method)} in the class",
            )


class Component(Registered, Hyperparameterized):
    """Abstract: a cell, dataset, algorithm, optimizer, schedule, loss, metric or probe."""


def check_arguments(cls: type[Registered], method: str, allowed: Iterable[str]) -> None:
    """PluginError where `method` of `cls` asks for an argument that is not among those offered to it by name."""
    function = _plain_function(cls, method)
    offered = tuple(allowed)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise _at(
                function,
                f"{method} of {cls.described()} hides what it asks for behind {str(parameter).split(':')[0]!r}",
                f"Name the arguments it needs; it may ask for {', '.join(offered)}",
            )
        if parameter.name not in offered and parameter.default is parameter.empty:
            guess = nearest(parameter.name, offered)
            raise _at(
                function,
                f"{method} of {cls.described()} asks for the unknown argument {parameter.name!r}"
                + (f"; did you mean {guess!r}?" if guess else ""),
                f"It may ask for {', '.join(offered)}",
            )


def check_signature(cls: type[Registered], base: type[Component], method: str) -> None:
    """PluginError where `method` of `cls` cannot be called with the arguments that `base` declares for it."""
    function = _plain_function(cls, method)
    names = list(inspect.signature(getattr(base, method)).parameters)
    try:
        inspect.signature(function).bind(**dict.fromkeys(names))
    except TypeError as error:
        message = f"{method} of {cls.described()} cannot be called as it will be: {error}"
        raise _at(function, message, f"Define it as {method}({', '.join(names)})") from None


def check_choice(cls: type[Registered], attribute: str, known: Iterable[str]) -> None:
    """PluginError where a class attribute is not one of the known texts; a property may say it later."""
    choices = tuple(known)
    value = getattr(cls, attribute, None)
    if isinstance(value, property) or value in choices:
        return
    listed = ", ".join(map(repr, choices))
    problem = f"does not say its {attribute}" if value is None else f"has the {attribute} {value!r}"
    guess = nearest(value, choices) if isinstance(value, str) else None
    question = f"; did you mean {guess!r}?" if guess else ""
    raise PluginError(f"{cls.described()} {problem}{question}", remedy=f"Set {attribute} to one of {listed}")


def check_names(cls: type[Registered], attribute: str) -> None:
    """PluginError unless a class attribute is a tuple of different Python names."""
    names: object = getattr(cls, attribute, None)
    if isinstance(names, str):
        remedy = f'Write {attribute} = ("{names}",), with the comma that makes it a tuple'
        raise PluginError(f"{attribute} of {cls.described()} is one text, not a tuple of names", remedy=remedy)
    if not isinstance(names, tuple) or not all(isinstance(name, str) and name.isidentifier() for name in names):
        remedy = f'Write names of letters and digits: {attribute} = ("h", "c")'
        raise PluginError(f"{attribute} of {cls.described()} is not a tuple of names", remedy=remedy)
    if len(set(names)) < len(names):
        raise PluginError(f"{attribute} of {cls.described()} names one thing twice", remedy="Use different names")


def _check_name(cls: type[Registered]) -> None:
    name: object = cls.name
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        better = "-".join(re.findall(r"[a-z0-9]+", name.lower())) if isinstance(name, str) else ""
        example = better or re.sub(r"[^a-z0-9]+", "-", cls.__name__.lower()).strip("-")
        raise PluginError(
            f"{name!r} cannot name {cls._kind} {cls.__name__}: small letters, digits and single hyphens make a name",
            remedy=f'Write name = "{example}"',
        )


def _plain_function(cls: type[Registered], method: str) -> Callable[..., Any]:
    """The function behind a method, with `self` as its first parameter."""
    found = inspect.getattr_static(cls, method)
    if not inspect.isfunction(found):
        raise PluginError(
            f"{method} of {cls.described()} is not a plain method", remedy=f"Define it with def {method}(self, ...)"
        )
    if not inspect.signature(found).parameters:
        raise _at(found, f"{method} of {cls.described()} takes no self", f"Define it as def {method}(self, ...)")
    return found


def _at(function: Callable[..., Any], message: str, remedy: str) -> PluginError:
    # A decorated function is reported where its author wrote it, as inspect.signature describes it.
    code = inspect.unwrap(function).__code__
    return PluginError(message, file=code.co_filename, line=code.co_firstlineno, remedy=remedy)


def _asked(cls: type[Registered], method: str) -> str:
    parameters = inspect.signature(getattr(cls, method)).parameters.values()
    plain = [one.name for one in parameters if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    return f"({', '.join(plain)})" if len(plain) > 1 else "(self, ...)"
