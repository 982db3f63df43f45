"""From whatever a plugin raised to a failure with a place in the plugin's own file and a remedy."""

from __future__ import annotations

import sys
import traceback

from lab.errors import LabError, PluginError, unknown
from lab.registry.catalog import Failure
from lab.registry.loader import PREFIX
from lab.registry.syntax import Source, imported_names, syntax_problem

_LONGEST = 300
"""Characters of a foreign error's text; more would hide what else went wrong."""


def failure(error: PluginError, *, file: str, line: int | None = None) -> Failure:
    """The failure to list. `file` and `line` are the place where the error itself names none."""
    return Failure(
        file=error.file or file,
        line=error.line if error.line is not None else line if error.file in (None, file) else None,
        message=error.message,
        remedy=error.remedy or "Correct the plugin",
    )


def explained(error: BaseException, *, doing: str, file: str, source: Source | None) -> PluginError:
    """What a plugin raised while `doing` (importing it, calling a hook), with the line of its own file.

    That is the innermost line of `file` in the traceback: where it called what failed, if it did not fail itself.
    """
    line = _own_line(error, file)
    if isinstance(error, SyntaxError):
        return syntax_problem(error, file)
    if isinstance(error, LabError):
        place = (error.file, error.line) if error.file is not None else (file, line)
        return PluginError(error.message, file=place[0], line=place[1], remedy=error.remedy or "Correct this line")
    message, remedy = _told(error, line, source)
    return PluginError(f"{doing} {message}", file=file, line=line, remedy=remedy)


def _told(error: BaseException, line: int | None, source: Source | None) -> tuple[str, str]:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _missing_module(error.name)
    if isinstance(error, ImportError) and error.name in sys.modules and source is not None and line is not None:
        known = [name for name in dir(sys.modules[error.name]) if not name.startswith("_")]
        wrong = [name for name in imported_names(source.tree, error.name, line) if name not in known]
        if wrong:
            return f"failed: {unknown(f'name in {error.name}:', wrong[0], known)}", "Correct this line"
    if isinstance(error, SystemExit):
        return "called sys.exit, which would end the program", "Remove the call"
    # A plugin that knows lab.api has imported it; nothing else here depends on it.
    if isinstance(error, NameError) and hasattr(sys.modules.get("lab.api"), error.name or ""):
        return f"failed: {error.name} is not defined", f"Import it: from lab.api import {error.name}"
    return f"raised {_text(error)}", "Correct this line"


def _missing_module(name: str) -> tuple[str, str]:
    if name == "lab" or name.startswith("lab."):
        return f"failed: RNN Lab has no module {name!r}", "Import what a plugin needs from lab.api"
    if name.startswith(PREFIX):
        return f"failed: there is no file {name.rpartition('.')[2]}.py beside it", "Add the file, or remove the import"
    package = name.partition(".")[0]
    return (
        f"failed: there is no module {name!r}",
        f"Install the package that has {package}, for the Python that runs RNN Lab, or remove the import",
    )


def _text(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception as broken:  # noqa: BLE001 - the text of a plugin's own exception may itself fail
        text = f"(its text cannot be had: {type(broken).__name__})"
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _own_line(error: BaseException, file: str) -> int | None:
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == file]
    return lines[-1] if lines else None
