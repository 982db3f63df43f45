"""Import a plugin file under a private name, always as its source is now."""

from __future__ import annotations

import hashlib
import linecache
import marshal
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, module_from_spec, source_hash, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final, final

from lab.registry.syntax import understood

PREFIX: Final = "lab_plugins_"
"""Private packages of plugins begin with it: no plugin can stand in for a module that others import."""

_CHECKED: Final = 0b11
"""The flags of bytecode that is checked against the hash of its source."""


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


def import_file(file: Path, folder: Path) -> ModuleType:
    """Run a plugin of a folder. It is not left in `sys.modules` where it fails.

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
    spec = spec_from_file_location(full_name, file, loader=_SourceLoader(full_name, str(file)))
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
    """Takes the bytecode of a file only where it was made from these very bytes (PEP 552).

    Python's own check, by size and second, would bring back the code from before an edit.
    """

    def get_code(self, fullname: str) -> CodeType:
        source = self.get_data(self.path)
        header = MAGIC_NUMBER + _CHECKED.to_bytes(4, "little") + source_hash(source)
        kept = cache_from_source(self.path)
        code = self._kept(kept, header)
        if code is None:
            code = understood(lambda: compile(source, self.path, "exec", dont_inherit=True), self.path)
            if not sys.dont_write_bytecode:
                self.set_data(kept, header + marshal.dumps(code))
        return code

    def _kept(self, path: str, header: bytes) -> CodeType | None:
        try:
            data = self.get_data(path)
            code = marshal.loads(data[len(header) :]) if data.startswith(header) else None
        except (OSError, EOFError, ValueError, TypeError):
            return None  # there is none yet, or it was cut off
        # Tracebacks name the place where the file is now.
        return code if isinstance(code, CodeType) and code.co_filename == self.path else None


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
