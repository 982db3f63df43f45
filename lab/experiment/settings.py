"""The hyperparameters a component was given in an experiment file, as a value that cannot change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, final


@final
class Settings(Mapping[str, Any]):
    """An immutable, hashable mapping of names to TOML values, in the order they were given.

    A list in it comes out as a new list each time, so that `component(**settings)` gets what its declaration asks for
    and nobody can change an experiment through it.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, object] | None = None) -> None:
        self._values = {name: _frozen(value) for name, value in (values or {}).items()}

    def __getitem__(self, name: str) -> Any:
        return _thawed(self._values[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __reduce__(self) -> tuple[type[Settings], tuple[dict[str, Any]]]:
        return Settings, (dict(self),)

    def __repr__(self) -> str:
        return f"Settings({dict(self)!r})"


def _frozen(value: object) -> object:
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def _thawed(value: object) -> object:
    return [_thawed(item) for item in value] if isinstance(value, tuple) else value
