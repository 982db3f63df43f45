"""The text of an experiment file under change: comments, order and spacing stay as they are."""

from __future__ import annotations

from collections.abc import MutableMapping, MutableSequence
from typing import Any, final

import tomlkit
from tomlkit.items import Array

from lab.errors import ExperimentError
from lab.experiment.lines import KeyPath
from lab.experiment.write import item


@final
class Draft:
    """Valid TOML text that is changed key by key. What the keys mean is not known here."""

    def __init__(self, text: str) -> None:
        self._document = tomlkit.parse(text)

    @property
    def text(self) -> str:
        """The text with all changes."""
        return self._document.as_string()

    def put(self, key: KeyPath, value: object) -> None:
        """Give a key a value; a table that is not there is added, and so is the element after the last of an array.

        Raises ExperimentError for any other element that is not there.
        """
        self._around(key)[key[-1]] = item(value)

    def drop(self, key: KeyPath) -> bool:
        """Take a key, or an element of an array, out; whether there was one."""
        container: Any = self._document
        for part in key[:-1]:
            if not _has(container, part):
                return False
            container = container[part]
        if not _has(container, key[-1]):
            return False
        del container[key[-1]]
        return True

    def rename(self, key: KeyPath, name: str) -> None:
        """Call a key, if it is there, by another name in the same table."""
        container = self._around(key)
        if key[-1] in container:
            container[name] = container.pop(key[-1])

    def _around(self, key: KeyPath) -> Any:
        container: Any = self._document
        for part in key[:-1]:
            if isinstance(container, MutableSequence) and part == len(container):
                container.append(tomlkit.inline_table() if isinstance(container, Array) else tomlkit.table())
            elif not _has(container, part) and isinstance(container, MutableSequence):
                raise ExperimentError(
                    f"there is no {key[0]} {part}; the experiment has {len(container)}, counted from 0",
                    remedy=f"Count from 0, or add one with {key[0]}.{len(container)}",
                )
            elif not _has(container, part):
                container[part] = tomlkit.table()
            container = container[part]
        return container


def _has(container: Any, part: str | int) -> bool:
    if isinstance(container, MutableSequence):
        return isinstance(part, int) and part < len(container)
    return isinstance(container, MutableMapping) and part in container
