"""From an exception to an entry of the channel for errors: what happened, in which plugin, what to do."""

import traceback
from collections.abc import Iterable
from dataclasses import replace
from types import FrameType
from typing import Final

from lab.errors import LabError, NotFiniteError, StoreError
from lab.registry.loader import PREFIX
from lab.runner.messages import Problem

_SMALLER: Final = "Make layers smaller, or set training.batch_size or the dataset's length lower"


def problem_of(error: BaseException) -> Problem:
    """The entry for what was raised; a LabError says all of it, for others the traceback is kept."""
    if isinstance(error, LabError):
        return Problem(
            level="error",
            message=error.message,
            remedy=error.remedy or "",
            file=error.file or "",
            line=error.line,
            details="" if error.__cause__ is None or isinstance(error, StoreError) else _traceback(error),
            not_finite=isinstance(error, NotFiniteError),
        )
    file, line = plugin_place(traceback.walk_tb(error.__traceback__))
    if isinstance(error, MemoryError):
        return Problem(
            level="error", message="memory ran out", remedy=_SMALLER, file=file, line=line, details=_traceback(error)
        )
    text = " ".join(str(error).split())[:300]
    return Problem(
        level="error",
        message=f"unexpected {type(error).__name__}" + (f": {text}" if text else ""),
        remedy="Correct the plugin" if file else "Look at the traceback",
        file=file,
        line=line,
        details=_traceback(error),
    )


def warning_of(error: LabError) -> Problem:
    """The entry for a store that cannot be used just now; what is stored is safe, and nothing has ended."""
    return replace(problem_of(error), level="warning")


def plugin_place(frames: Iterable[tuple[FrameType, int]]) -> tuple[str, int | None]:
    """The innermost line of a plugin among frames, outermost first: there a person can do something about it."""
    found: tuple[str, int | None] = ("", None)
    for frame, line in frames:
        if frame.f_globals.get("__name__", "").startswith(PREFIX):
            found = frame.f_code.co_filename, line
    return found


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
