"""Run a plugin's code, which may do anything, for a limited time."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar, final

T = TypeVar("T")

_GRACE: Final = 1.0
"""Seconds in which code that is over its time is asked again and again to stop."""

_PAUSE: Final = 0.02
"""Seconds between two such requests: code that caught the first may be outside its `try` at the next."""


_ATTENTION: Final = 0.1
"""Seconds between looks at whether the person has pressed Ctrl-C, which does not end a wait on every system."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[T]):
    """How the code ended: with a `value`, by an `error`, or not within its time, when `late` is true.

    Of late code, `line` is the line of its own file at which it was last seen; `stopped` says whether it ended.
    """

    value: T | None = None
    error: BaseException | None = None
    late: bool = False
    stopped: bool = True
    line: int | None = None


def within(seconds: float, function: Callable[[], T], file: str) -> Outcome[T]:
    """Call `function` in a thread, and stop it where it takes longer than `seconds`. Whatever it raises is returned.

    A thread rather than an alarm signal, so that it works outside the main thread, on every system, and so that code
    that hangs where Python cannot interrupt it (a system call) can be left behind: it then ends with the process, or as
    soon as the call returns. `file` is the file whose line is wanted of code that is late.
    """
    task = _Task(function)
    task.start()
    deadline = time.monotonic() + seconds
    try:
        while task.is_alive() and (left := deadline - time.monotonic()) > 0:
            task.join(min(left, _ATTENTION))
    except BaseException:
        task.stop()
        raise
    if not task.is_alive():
        return Outcome(value=task.value, error=task.error)
    line = _line_now(task, file)
    deadline = time.monotonic() + _GRACE
    while task.is_alive() and time.monotonic() < deadline:
        task.stop()
        task.join(_PAUSE)
    return Outcome(late=True, stopped=not task.is_alive(), line=line)


@final
class _Stop(BaseException):
    """Raised in the thread of code whose time is over."""


@final
class _Task(threading.Thread, Generic[T]):
    def __init__(self, function: Callable[[], T]) -> None:
        super().__init__(name="plugin", daemon=True)
        self.value: T | None = None
        self.error: BaseException | None = None
        self._function = function
        self._over = False
        self._ending = threading.Lock()

    def run(self) -> None:
        try:
            try:
                self.value = self._function()
            except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, SystemExit too; all is reported
                self.error = error
            with self._ending:
                self._over = True
        except _Stop:  # asked to stop just when it ended by itself
            self._over = True

    def stop(self) -> None:
        """Ask for the end: an exception is raised in the thread before its next Python instruction."""
        with self._ending:
            if not self._over and self.ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), ctypes.py_object(_Stop))


def _line_now(task: threading.Thread, file: str) -> int | None:
    frame = sys._current_frames().get(task.ident or 0)
    while frame is not None and frame.f_code.co_filename != file:
        frame = frame.f_back
    return None if frame is None else frame.f_lineno
