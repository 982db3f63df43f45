"""What the plugins brought: every component by kind and name, and every plugin that could not be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from lab.components.hookspecs import KINDS, Kind
from lab.errors import PluginError, unknown


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One component. `origin` is the file it came from, or the distribution; `version` that of the distribution.

    `title` has the keys `en` and `zh`. `version` is empty where a file states none (as `__version__`).
    """

    kind: str
    name: str
    title: Mapping[str, str]
    origin: str
    version: str
    component: type[Any]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a plugin, or a component in it, is not there: the place in the plugin's own file, and what to do."""

    file: str
    line: int | None
    message: str
    remedy: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All there is to choose from. The same plugins give the same order: kinds as in `KINDS`, names by the alphabet.

    `failures` are in the order in which plugins are looked for; `window_only` are the files that were not imported
    because they import Qt.
    """

    components: tuple[Entry, ...]
    failures: tuple[Failure, ...] = ()
    window_only: tuple[str, ...] = ()
    kinds: Mapping[str, Kind] = field(default_factory=lambda: KINDS)

    def entry(self, kind: str, name: str) -> Entry:
        """The component and where it came from; PluginError with the nearest name where there is none."""
        if kind not in self.kinds:
            raise PluginError(unknown("kind of component", kind, self.kinds))
        for entry in self.components:
            if entry.kind == kind and entry.name == name:
                return entry
        raise PluginError(unknown(kind, name, self.names(kind)), remedy=self._perhaps_failed(name))

    def get(self, kind: str, name: str) -> type[Any]:
        """The class; PluginError with the nearest name where there is none."""
        return self.entry(kind, name).component

    def names(self, kind: str) -> tuple[str, ...]:
        """The names of all components of a kind, by the alphabet."""
        return tuple(entry.name for entry in self.components if entry.kind == kind)

    def _perhaps_failed(self, name: str) -> str | None:
        """A name may be unknown because its plugin failed: that is said, with the failure where it can be told."""
        for failure in self.failures:
            if repr(name) in failure.message or _stem(failure.file) == _stem(name):
                place = failure.file if failure.line is None else f"{failure.file}:{failure.line}"
                return f"A plugin that may have it was not loaded: {place}: {failure.message}"
        if not self.failures:
            return None
        count = len(self.failures)
        return f"{count} plugin{'s were' if count > 1 else ' was'} not loaded; the list of plugins says why"


def _stem(file: str) -> str:
    return file.replace("\\", "/").rpartition("/")[2].removesuffix(".py").replace("_", "-").casefold()
