"""What can be read of a plugin from its syntax tree, before any of it runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar, final

from lab.components.hookspecs import API_VERSION
from lab.errors import PluginError

T = TypeVar("T")

_WINDOW: Final = ("PySide6", "pyqtgraph", "lab.ui")
_HINT: Final = re.compile(rb"PySide6|pyqtgraph|\bui\b")
"""What a text has in it that imports the window."""
_RELATIVE: Final = re.compile(rb"from[\s\\]*(\.+)[\s\\]*([\w.]*)[\s\\]*import[\s\\]*(\([^)]*\)|[^\n]*)")
"""What looks like a relative import: its dots, its module, its names."""
_NAME: Final = re.compile(r"\w+")
_VERSION: Final = re.compile(r"(\d+)\.(\d+)")


@final
class Source:
    """The text of a plugin file. Its syntax tree is made only where one is asked for: most plugins need none."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            self.text = file.read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise PluginError(
                f"the file cannot be read: {reason}", file=str(file), remedy="Check its permissions"
            ) from error

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree; PluginError with the line where the file is no Python."""
        return understood(lambda: ast.parse(self.text, str(self.file)), str(self.file))


def understood(read: Callable[[], T], file: str) -> T:
    """What `read` makes of the text of a file; PluginError with the line where that is no Python."""
    try:
        return read()
    except SyntaxError as error:
        raise syntax_problem(error, file) from error
    except (ValueError, RecursionError, MemoryError) as error:
        reason = str(error) or "it is nested too deeply"
        raise PluginError(f"the file is not Python: {reason}", file=file, remedy="Save it as plain text") from error


def syntax_problem(error: SyntaxError, file: str) -> PluginError:
    """A syntax error as a PluginError at its line."""
    text = (error.text or "").strip()
    return PluginError(
        f"this is not valid Python: {error.msg}" + (f", in {text!r}" if text else ""),
        file=error.filename or file,
        line=error.lineno,
        remedy="Correct this line",
    )


def check_version(source: Source) -> None:
    """PluginError where the plugin says, as `LAB_API = "1.0"`, that it needs another version of `lab.api`."""
    if b"LAB_API" not in source.text:
        return
    file = str(source.file)
    for statement in source.tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if not any(isinstance(target, ast.Name) and target.id == "LAB_API" for target in targets):
            continue
        value = getattr(statement, "value", None)
        stated = value.value if isinstance(value, ast.Constant) else None
        match = _VERSION.fullmatch(stated) if isinstance(stated, str) else None
        if match is None:
            raise PluginError(
                "LAB_API does not state a version",
                file=file,
                line=statement.lineno,
                remedy=f'Write it out: LAB_API = "{API_VERSION}"',
            )
        wanted = (int(match[1]), int(match[2]))
        major, minor = map(int, API_VERSION.split("."))
        if wanted[0] != major or wanted[1] > minor:
            newer = wanted > (major, minor)
            raise PluginError(
                f"the plugin was written for version {match[0]} of lab.api, and this is version {API_VERSION}",
                file=file,
                line=statement.lineno,
                remedy="Update RNN Lab" if newer else "Get a newer version of the plugin",
            )


def needs_window(source: Source) -> bool:
    """Whether the file, or a file beside it that it imports by a relative import, imports Qt or the window."""
    # To parse all plugins took a quarter of the time of loading them: only those are that may import a window.
    return any(_HINT.search(one.text) for one in _reached(source, _perhaps_beside)) and any(
        module == name or module.startswith(name + ".")
        for one in _reached(source, _beside)
        for module in _imported(one)
        for name in _WINDOW
    )


def _reached(source: Source, beside: Callable[[Source], Iterable[Path]]) -> Iterator[Source]:
    """The source, and the files `beside` it that it leads to."""
    seen: set[Path] = set()
    waiting = [source]
    while waiting:
        one = waiting.pop()
        yield one
        for file in beside(one):
            if file not in seen and file.is_file():
                seen.add(file)
                with suppress(PluginError):  # as in `_nodes`
                    waiting.append(Source(file))


def class_line(tree: ast.Module, name: str) -> int | None:
    """The line on which the class with this (qualified) name is defined."""
    body: list[ast.stmt] = tree.body
    found: ast.ClassDef | None = None
    for part in name.split("."):
        # A name can be defined twice; the last definition is the one that holds.
        same = [one for one in body if isinstance(one, ast.ClassDef) and one.name == part]
        if not same:
            return None
        found = same[-1]
        body = found.body
    return None if found is None else found.lineno


def imported_names(tree: ast.Module, module: str, line: int) -> list[str]:
    """The names that the statement at `line` imports from `module`."""
    return [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == module
        and node.lineno <= line <= (node.end_lineno or line)
        for alias in node.names
    ]


def _nodes(source: Source) -> Iterator[ast.AST]:
    try:
        yield from ast.walk(source.tree)
    except PluginError:
        return  # it is reported, with its line, when the import of it fails


def _imported(source: Source) -> Iterator[str]:
    for node in _nodes(source):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _beside(source: Source) -> Iterator[Path]:
    """The files that relative imports may mean."""
    for node in _nodes(source):
        if isinstance(node, ast.ImportFrom) and node.level > 0:
            yield from _places(source.file, node.level, node.module or "", [alias.name for alias in node.names])


def _perhaps_beside(source: Source) -> Iterator[Path]:
    """The files that what looks like a relative import may mean, also where it is in a comment or a string."""
    for match in _RELATIVE.finditer(source.text):
        dots, module, names = (part.decode(errors="replace") for part in match.groups())
        yield from _places(source.file, len(dots), module, _NAME.findall(names))


def _places(file: Path, level: int, module: str, names: Iterable[str]) -> Iterator[Path]:
    base = file.parents[min(level, len(file.parents)) - 1]
    folder = base.joinpath(*module.split("."))
    for candidate in (folder, *(folder / name for name in names)):
        yield candidate.with_name(candidate.name + ".py")
        yield candidate / "__init__.py"
