"""Import a plugin file under a private name, always from its source."""

from __future__ import annotations

import ast
import hashlib
import linecache
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final, final

PREFIX: Final = "lab_plugins_"
"""Private packages of plugins begin with it: no plugin can stand in for a module that others import."""


def private_package(folder: Path) -> str:
    """The name of the package that has the plugins of a folder, the same in every process."""
    digest = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()
    return PREFIX + digest[:12]


def forget(package: str) -> None:
    """Remove a private package and its modules, so that the next import reads their files again."""
    for name in [name for name in sys.modules if name == package or name.startswith(package + ".")]:
        del sys.modules[name]


def discard(plugin: object) -> None:
    """Remove a plugin that is not used after all, if it was imported under a private name."""
    name = getattr(plugin, "__name__", "")
    if isinstance(name, str) and name.startswith(PREFIX):
        sys.modules.pop(name, None)


def import_file(file: Path, folder: Path, tree: ast.Module) -> ModuleType:
    """Run a plugin of a folder, given its syntax tree. It is not left in `sys.modules` where it fails.

    Files beside it can be imported by relative imports: `from ._shared import helper`.
    """
    # A dot in a file name would make it look like a package; no file name has this one in its place by chance.
    *packages, name = (part.replace(".", "·") for part in file.relative_to(folder).with_suffix("").parts)
    package = private_package(folder)
    _package(package, folder)
    for depth, part in enumerate(packages):
        package += "." + part
        _package(package, file.parents[len(packages) - depth - 1])
    full_name = f"{package}.{name}"
    spec = spec_from_file_location(full_name, file, loader=_SourceLoader(full_name, str(file), tree))
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported")
    module = module_from_spec(spec)
    linecache.checkcache(str(file))
    sys.modules[full_name] = module
    try:
        with _helpers_from_source():
            spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(full_name, None)
        raise
    return module


def _package(name: str, folder: Path) -> None:
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package


@final
class _SourceLoader(SourceFileLoader):
    """Compiles from source: a stale .pyc, of equal size and second, would bring back the code from before an edit."""

    def __init__(self, name: str, path: str, tree: ast.Module | None = None) -> None:
        super().__init__(name, path)
        self._tree = tree

    def get_code(self, fullname: str) -> CodeType:
        tree = self._tree or ast.parse(self.get_data(self.path), self.path)
        self._tree = None
        return compile(tree, self.path, "exec", dont_inherit=True)


@final
class _HelperFinder(MetaPathFinder):
    """Finds what plugins import from files beside them, so that these too are compiled from source."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(PREFIX) or not path:
            return None
        place = Path(path[0], fullname.rpartition(".")[2])
        for file, inside in ((place.with_name(place.name + ".py"), None), (place / "__init__.py", [str(place)])):
            if file.is_file():
                loader = _SourceLoader(fullname, str(file))
                return spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=inside)
        return None


@contextmanager
def _helpers_from_source() -> Iterator[None]:
    finder = _HelperFinder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
