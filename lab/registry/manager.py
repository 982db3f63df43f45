"""Load plugins, each in isolation from the others, into a catalog."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import final

import pluggy

from lab.components import hookspecs
from lab.components.base import Registered
from lab.components.hookspecs import KINDS, PROJECT, Kind
from lab.errors import PluginError
from lab.registry.catalog import Catalog, Entry, Failure
from lab.registry.deadline import within
from lab.registry.discovery import Folder, default_folders, entry_points, plugin_files, source_of
from lab.registry.hooks import HookManager, hook_line, hook_problems, registered
from lab.registry.loader import discard, forget, import_file, private_package
from lab.registry.problems import explained, failure
from lab.registry.syntax import Source, check_version, class_line, needs_window


@final
@dataclass(frozen=True, slots=True)
class More:
    """Kinds of components beyond those of `lab.components.hookspecs`, and the module with the specs of their hooks."""

    specs: ModuleType
    kinds: Mapping[str, Kind]


def load_catalog(
    folders: Sequence[Path] | None = None,
    *,
    entry_points: bool = True,
    timeout: float = 10.0,
    window: More | None = None,
    also: Sequence[Path] = (),
) -> Catalog:
    """Load all plugins: those in `folders`, or in the default ones, `also` others, then those of distributions.

    Nothing that a plugin does keeps the others from being loaded; each has `timeout` seconds. Files that import Qt are
    loaded only for a `window`, which says what kinds of components they may bring besides.
    """
    manager = load_headless(folders, entry_points=entry_points, timeout=timeout, also=also)
    if window is not None:
        manager.open_window(window)
    return manager.catalog()


def load_headless(
    folders: Sequence[Path] | None = None,
    *,
    entry_points: bool = True,
    timeout: float = 10.0,
    also: Sequence[Path] = (),
) -> Manager:
    """The manager of all plugins, with those loaded that need no window; `open_window` loads the others."""
    manager = Manager(timeout=timeout)
    for folder in default_folders() if folders is None else [Folder(path=path) for path in folders]:
        manager.add_folder(folder)
    for path in also:
        manager.add_folder(Folder(path=path))
    if entry_points:
        manager.add_entry_points()
    return manager


@final
class Manager:
    """Loads plugins one after the other and keeps what came of it."""

    def __init__(self, *, timeout: float = 10.0) -> None:
        self._timeout = timeout
        self._window = False
        self._kinds = dict(KINDS)
        self._pluggy = HookManager(PROJECT)
        self._pluggy.add_hookspecs(hookspecs)
        self._entries: dict[tuple[str, str], Entry] = {}
        self._failures: list[Failure] = []
        self._window_only: list[_Loading] = []
        self._files: set[str] = set()

    def add_folder(self, folder: Folder) -> None:
        """Load the plugins in a folder. A file that another folder led to already is passed over."""
        root = Path(os.path.abspath(folder.path))
        forget(private_package(root))
        for found in plugin_files(folder):
            if isinstance(found, PluginError):
                self._failures.append(failure(found, file=str(folder.path)))
            elif (real := os.path.realpath(found)) not in self._files:
                self._files.add(real)
                self._add_file(found, root, folder.version)

    def add_entry_points(self) -> None:
        """Load the plugins of installed distributions."""
        for point in entry_points():
            self._add_entry_point(point)

    def open_window(self, window: More) -> None:
        """Load the plugins that were passed over because they import Qt, now that there is a window."""
        self._window = True
        self._kinds |= window.kinds
        self._pluggy.add_hookspecs(window.specs)
        waiting, self._window_only = self._window_only, []
        for loading in waiting:
            self._add(loading)

    def catalog(self) -> Catalog:
        """What has been loaded so far."""
        kinds = list(self._kinds)
        entries = sorted(self._entries.values(), key=lambda entry: (kinds.index(entry.kind), entry.name))
        return Catalog(
            components=tuple(entries),
            failures=tuple(self._failures),
            window_only=tuple(loading.file for loading in self._window_only),
            kinds=dict(self._kinds),
        )

    def _add_file(self, file: Path, root: Path, version: str) -> None:
        try:
            source = Source(file)
        except PluginError as error:
            self._failures.append(failure(error, file=str(file)))
            return
        load = partial(import_file, file, root)
        self._add(_Loading(file=str(file), source=source, origin=str(file), version=version, load=load))

    def _add_entry_point(self, point: importlib.metadata.EntryPoint) -> None:
        origin = point.dist.name if point.dist else point.value
        version = point.dist.version if point.dist else ""
        label = f"entry point {point.name} = {point.value} of {origin}"
        try:
            file = source_of(point.module)
            source = None if file is None else Source(file)
        except Exception as error:  # noqa: BLE001 - finders of modules and metadata are foreign code
            self._failures.append(
                failure(explained(error, doing="looking for it", file=label, source=None), file=label)
            )
            return
        self._add(_Loading(file=str(file or label), source=source, origin=origin, version=version, load=point.load))

    def _add(self, loading: _Loading) -> None:
        if loading.source is not None:
            if not self._window and needs_window(loading.source):
                self._window_only.append(loading)
                return
            try:
                check_version(loading.source)
            except PluginError as error:
                self._failures.append(failure(error, file=loading.file))
                return
        outcome = within(self._timeout, partial(loading.run, self._pluggy, self._kinds), loading.file)
        if outcome.late:
            loading.take_back(self._pluggy)
            self._failures.append(self._late(loading, outcome.line, outcome.stopped))
            return
        if outcome.error is not None:
            loading.take_back(self._pluggy)
            problem = explained(outcome.error, doing=loading.doing, file=loading.file, source=loading.source)
            self._failures.append(failure(problem, file=loading.file))
            return
        self._failures += loading.failures
        for entry in loading.entries:
            self._add_entry(entry, loading)

    def _add_entry(self, entry: Entry, loading: _Loading) -> None:
        first = self._entries.setdefault((entry.kind, entry.name), entry)
        if first is not entry:
            where = "this file" if first.origin == entry.origin else first.origin
            self._failures.append(
                Failure(
                    file=loading.file,
                    line=loading.class_line(entry.component),
                    message=f"there is a {entry.kind} {entry.name!r} already, from {where}",
                    remedy="Give this one a name of its own",
                )
            )

    def _late(self, loading: _Loading, line: int | None, stopped: bool) -> Failure:
        left = "" if stopped else ", and could not be stopped"
        return Failure(
            file=loading.file,
            line=line,
            message=f"{loading.doing} did not end within {self._timeout:g} s{left}",
            remedy="Correct this line" + ("" if stopped else ", and start RNN Lab again"),
        )


@final
@dataclass(kw_only=True)
class _Loading:
    """One plugin while it is loaded. All that can run its code happens in `run`, within the time limit."""

    file: str
    source: Source | None
    origin: str
    version: str
    load: Callable[[], object]
    plugin: object = None
    doing: str = "the import"
    entries: list[Entry] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def run(self, manager: pluggy.PluginManager, kinds: Mapping[str, Kind]) -> None:
        plugin = self.plugin = self.load()
        self.version = self.version or str(getattr(plugin, "__version__", ""))
        self.doing = "looking at its hooks"
        problems = list(hook_problems(manager, plugin, kinds))
        if manager.is_registered(plugin):
            problems.append(PluginError("the plugin is loaded already", remedy="Name it in one entry point only"))
        if problems:
            self.failures += [failure(problem, file=self.file) for problem in problems]
            discard(plugin)
            return
        manager.register(plugin)
        for name, kind in kinds.items():
            caller = getattr(manager.hook, kind.hook)
            for implementation in caller.get_hookimpls():
                if implementation.plugin is plugin:
                    self._call(name, kind, implementation.function)

    def take_back(self, manager: pluggy.PluginManager) -> None:
        """Leave nothing behind of a plugin that was not loaded to its end."""
        if manager.is_registered(self.plugin):
            manager.unregister(self.plugin)
        discard(self.plugin)

    def class_line(self, component: type) -> int | None:
        """The line of the plugin's own file on which a class is defined, if it is defined there."""
        return None if self.source is None else class_line(self.source.tree, component.__qualname__)

    def _call(self, name: str, kind: Kind, hook: Callable[[], object]) -> None:
        self.doing = hook.__name__
        line = hook_line(hook)
        try:
            results = list(registered(name, kind, hook(), self.class_line))
        except Exception as error:  # noqa: BLE001 - one hook that raises leaves the plugin's others
            problem = explained(error, doing=self.doing, file=self.file, source=self.source)
            self.failures.append(failure(problem, file=self.file, line=line))
            return
        for result in results:
            if isinstance(result, PluginError):
                self.failures.append(failure(result, file=self.file, line=line))
            else:
                self.entries.append(self._entry(name, result))

    def _entry(self, kind: str, component: type[Registered]) -> Entry:
        title = {language: component.title_in(language) for language in ("en", "zh")}
        return Entry(
            kind=kind, name=component.name, title=title, origin=self.origin, version=self.version, component=component
        )
