"""Where plugins are looked for: the built-in folder, the user's, those in LAB_PLUGIN_PATH, and entry points."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Final, final

import platformdirs

import lab
from lab.errors import PluginError
from lab.resources import plugin_folder

PATH_VARIABLE: Final = "LAB_PLUGIN_PATH"
"""The environment variable that names more folders, separated as in PATH."""

ENTRY_POINTS: Final = "lab.plugins"
"""The group of entry points under which a distribution names its plugin modules."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder of plugins. `expected` is false where nothing is wrong if there is none; `version` is its plugins'."""

    path: Path
    expected: bool = True
    version: str = ""
    remedy: str = "Correct the name of the folder"


def user_plugin_folder() -> Path:
    """The folder into which a person puts plugins."""
    return platformdirs.user_data_path("rnn-lab", appauthor=False) / "plugins"


def default_folders() -> list[Folder]:
    """The built-in folder, the user's, and those that LAB_PLUGIN_PATH names, in this order."""
    named = [name for name in os.environ.get(PATH_VARIABLE, "").split(os.pathsep) if name.strip()]
    return [
        Folder(path=plugin_folder(), version=lab.__version__, remedy="Install RNN Lab again"),
        Folder(path=user_plugin_folder(), expected=False),
        *(Folder(path=Path(name).expanduser(), remedy=f"Correct {PATH_VARIABLE}") for name in named),
    ]


def plugin_files(folder: Folder) -> Iterator[Path | PluginError]:
    """The plugins in a folder and all folders in it, in the order of their names, with what could not be looked into.

    What begins with `_` or `.` is no plugin. A folder is looked into once, however many links lead to it.
    """
    if not folder.path.is_dir():
        if folder.expected or folder.path.exists():
            what = "is not a folder" if folder.path.exists() else "does not exist"
            yield PluginError(f"the folder of plugins {what}", file=str(folder.path), remedy=folder.remedy)
        return
    yield from _files(Path(os.path.abspath(folder.path)), set())


def _files(folder: Path, seen: set[str]) -> Iterator[Path | PluginError]:
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
        for entry in entries:
            if entry.name.startswith(("_", ".")):
                continue
            if entry.is_dir():
                yield from _files(entry, seen)
            elif entry.suffix == ".py":
                yield entry
    except OSError as error:
        reason = error.strerror or type(error).__name__
        yield PluginError(
            f"the folder cannot be looked into: {reason}", file=str(folder), remedy="Check its permissions"
        )


def entry_points() -> list[importlib.metadata.EntryPoint]:
    """The entry points of installed distributions, ordered by distribution and name."""
    found = importlib.metadata.entry_points(group=ENTRY_POINTS)
    return sorted(found, key=lambda one: (one.dist.name if one.dist else "", one.name, one.value))


def source_of(module: str) -> Path | None:
    """The file of a module that can be imported, found without running its packages; None where there is none."""
    places = None
    spec = None
    name = ""
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        spec = _spec(name, places)
        if spec is None:
            return None
        places = None if spec.submodule_search_locations is None else list(spec.submodule_search_locations)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


def _spec(name: str, places: list[str] | None) -> ModuleSpec | None:
    for finder in sys.meta_path:
        # Finders from before Python 3.4 may lack it.
        find_spec = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find_spec(name, places) if find_spec else None
        if spec is not None:
            return spec
    return None
