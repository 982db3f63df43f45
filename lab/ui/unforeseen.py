"""Exceptions that nobody caught, brought into the one channel for errors."""

import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import final

from PySide6.QtCore import QObject, Qt, Signal, Slot

from lab.runner.messages import Problem
from lab.runner.trouble import problem_of


@final
class Unforeseen(QObject):
    """Reports what slots, timers and threads raise, and what is raised where nobody can catch it.

    From `begin` to `end`, from any thread. Everything is still printed as before; what is meant to end the program, as
    KeyboardInterrupt is, is not an error.
    """

    _told = Signal(object)

    def __init__(self, report: Callable[[Problem], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._report = report
        self._before = sys.excepthook, threading.excepthook, sys.unraisablehook
        self._told.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def begin(self) -> None:
        """Take the place of the hooks that were there, which are still called."""
        self._before = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._raised, self._ended, self._lost

    def end(self) -> None:
        """Put the hooks back."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before

    def _raised(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._before[0](kind, error, trace)
        self._note(error)

    def _ended(self, what: threading.ExceptHookArgs) -> None:
        self._before[1](what)
        self._note(what.exc_value)

    def _lost(self, what: "sys.UnraisableHookArgs") -> None:
        self._before[2](what)
        self._note(what.exc_value)

    def _note(self, error: BaseException | None) -> None:
        if isinstance(error, Exception):
            self._told.emit(_problem(error))

    @Slot(object)
    def _tell(self, problem: Problem) -> None:
        try:
            self._report(problem)
        except Exception:  # noqa: BLE001 - told again, it would be raised again, without an end
            traceback.print_exc()


def _problem(error: Exception) -> Problem:
    """With its traceback, and the innermost line where none is of a plugin."""
    problem = problem_of(error)
    details = problem.details or "".join(traceback.format_exception(error))
    frames = traceback.extract_tb(error.__traceback__)
    if problem.file or not frames:
        return replace(problem, details=details)
    return replace(problem, details=details, file=frames[-1].filename, line=frames[-1].lineno)
