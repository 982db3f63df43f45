"""The application from start to end: what is offered of a crash, and what comes of exceptions that nobody catches."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lab.errors import LabError
from lab.runner.messages import Problem
from lab.ui.crash import CrashLog, crash_folder
from lab.ui.unforeseen import Unforeseen
from tests.cli.support import ROOT

WATCHED: Final = """
import faulthandler, sys
from pathlib import Path
from lab.ui.crash import CrashLog

log = CrashLog(Path(sys.argv[1]))
log.begin()
print("begun", flush=True)
if sys.stdin.readline().strip() == "die":
    faulthandler._sigsegv()
log.end()
"""
WINDOW: Final = """
import json, sys, threading
from pathlib import Path
from PySide6.QtCore import QTimer
from lab.ui import app

make = app.make_desk

def fail(what):
    raise ValueError(what)  # here

def made(settings, runs=None):
    desk = make(settings, Path(sys.argv[1]))

    def look():
        problems = desk.problems_panel.problems()
        if len(problems) == 3 and desk.problems_panel.isVisible():
            print(json.dumps([[one.level, one.message, one.file, one.line, one.details] for one in problems]))
            desk.leave()

    timer = QTimer(desk)
    timer.timeout.connect(look)
    timer.start(20)
    QTimer.singleShot(0, lambda: fail("in a timer"))
    QTimer.singleShot(0, threading.Thread(target=fail, args=["in a thread"]).start)
    return desk

app.make_desk = made
before = sys.excepthook, threading.excepthook, sys.unraisablehook
code = app.open_window()
assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before
sys.exit(code)
"""


def started(folder: Path) -> "subprocess.Popen[str]":
    words = [sys.executable, "-c", WATCHED, str(folder)]
    made = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert made.stdout is not None
    assert made.stdout.readline() == "begun\n"
    return made


def told(process: "subprocess.Popen[str]", what: str) -> int:
    process.communicate(what, timeout=60)
    return process.returncode


def test_windows_do_not_disturb_the_crash_log_of_each_other(tmp_path: Path) -> None:
    first, second, third = (started(tmp_path) for _ in range(3))
    assert told(second, "end") == 0
    assert CrashLog(tmp_path).left_behind() == []
    assert told(first, "die") != 0
    assert told(third, "die") != 0
    left = CrashLog(tmp_path).left_behind()
    assert len(left) == 2
    assert all("Fatal Python error" in problem.details or "fatal exception" in problem.details for problem in left)
    assert CrashLog(tmp_path).left_behind() == [], "each is told once"
    assert list(tmp_path.iterdir()) == []


def test_a_crash_is_offered_where_it_is_seen_and_nothing_that_is_raised_is_lost(tmp_path: Path) -> None:
    dead = started(crash_folder())
    told(dead, "die")
    done = subprocess.run(
        [sys.executable, "-c", WINDOW, str(tmp_path / "runs")],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    problems = [Problem(level=a, message=b, file=c, line=d, details=e) for a, b, c, d, e in json.loads(done.stdout)]
    crash = next(one for one in problems if one.level == "warning")
    assert "fatal error" in crash.message
    assert crash.details
    line = next(n for n, text in enumerate(WINDOW.splitlines(), 1) if text.endswith("# here"))
    for where in ("in a timer", "in a thread"):
        (problem,) = (one for one in problems if where in one.message)
        assert problem.message == f"unexpected ValueError: {where}"
        assert (problem.level, problem.file, problem.line) == ("error", "<string>", line)
        assert "Traceback" in problem.details
        assert done.stderr.count(f"ValueError: {where}") == 1, "it is printed too"


@pytest.fixture
def problems() -> list[Problem]:
    return []


@pytest.fixture
def hooks(qapp: QApplication, problems: list[Problem], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """What the hooks that were there before are given."""
    printed: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: printed.append(error))
    monkeypatch.setattr(threading, "excepthook", lambda what: printed.append(what.exc_value))
    monkeypatch.setattr(sys, "unraisablehook", lambda what: printed.append(what.exc_value))
    made = Unforeseen(problems.append)
    made.begin()
    yield printed
    made.end()


class Slots(QObject):
    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__()
        self._act = act

    @Slot()
    def act(self) -> None:
        self._act()


def raising(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def test_what_slots_threads_and_finalizers_raise_is_told(
    qtbot: QtBot, hooks: list[object], problems: list[Problem]
) -> None:
    class Lost:
        def __del__(self) -> None:
            raise KeyError("gone")

    slots = Slots(raising(LabError("no such thing", remedy="Make one")))
    QTimer.singleShot(0, slots.act)
    thread = threading.Thread(target=raising(OSError("no disk")))
    thread.start()
    thread.join()
    del_me = Lost()
    del del_me
    assert problems == [], "what a thread raises is told in the thread of the window"
    qtbot.waitUntil(lambda: len(problems) == 3)
    assert {one.message for one in problems} == {
        "no such thing", "unexpected OSError: no disk", "unexpected KeyError: 'gone'",
    }  # fmt: skip
    assert all(one.level == "error" and one.file == __file__ and one.line for one in problems)
    assert all("Traceback" in one.details for one in problems)
    assert len(hooks) == 3


def test_an_interrupt_is_no_error(qtbot: QtBot, hooks: list[object], problems: list[Problem]) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert len(hooks) == 1
    sys.excepthook(ValueError, ValueError("no"), None)
    qtbot.waitUntil(lambda: bool(problems))
    assert [one.message for one in problems] == ["unexpected ValueError: no"]
