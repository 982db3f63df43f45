"""The text of an experiment file under change: comments, order and spacing stay as they are."""

from __future__ import annotations

import copy
from collections.abc import MutableMapping, MutableSequence
from itertools import pairwise
from typing import Any, final

import tomlkit
from tomlkit.items import Array, Table

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

    def move(self, array: KeyPath, index: int, to: int) -> None:
        """Take an element of an array of tables from one place to another. KeyError where there is none."""
        elements = self._elements(array, index)
        element = elements[index]
        del elements[index]
        elements.insert(to, element)
        self._space(elements)

    def repeat(self, array: KeyPath, index: int) -> None:
        """Put a copy of an element of an array of tables behind it. KeyError where there is none."""
        elements = self._elements(array, index)
        elements.insert(index + 1, copy.deepcopy(elements[index]))
        self._space(elements)

    def _elements(self, array: KeyPath, index: int) -> Any:
        container: Any = self._document
        for part in array:
            container = container[part]
        if not _has(container, index):
            raise KeyError(index)
        return container

    @staticmethod
    def _space(elements: Any) -> None:
        """An empty line behind each table that has its own header."""
        for table in elements:
            if isinstance(table, Table) and not table.as_string().endswith("\n\n"):
                table.add(tomlkit.nl())

    def _around(self, key: KeyPath) -> Any:
        container: Any = self._document
        for part, below in pairwise(key):
            if isinstance(container, MutableSequence) and part == len(container):
                container.append(tomlkit.inline_table() if isinstance(container, Array) else tomlkit.table())
            elif not _has(container, part) and isinstance(container, MutableSequence):
                raise ExperimentError(
                    f"there is no {key[0]} {part}; the experiment has {len(container)}, counted from 0",
                    remedy=f"Count from 0, or add one with {key[0]}.{len(container)}",
                )
            elif not _has(container, part):
                container[part] = tomlkit.aot() if isinstance(below, int) else tomlkit.table()
            container = container[part]
        return container


def _has(container: Any, part: str | int) -> bool:
    if isinstance(container, MutableSequence):
        return isinstance(part, int) and part < len(container)
    return isinstance(container, MutableMapping) and part in container
