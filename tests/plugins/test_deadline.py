"""Code that a plugin runs for too long is stopped, from any thread, and leaves no thread behind."""

import _thread
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, NoReturn

import pytest

from lab.registry.deadline import Outcome, within


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 5
    while (left := set(threading.enumerate()) - before) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left


def spin() -> NoReturn:
    while True:
        pass


def test_a_value_comes_back() -> None:
    assert within(5, lambda: 7, __file__) == Outcome(value=7)


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit, BaseException])
def test_whatever_it_raises_comes_back(kind: type[BaseException]) -> None:
    def fail() -> None:
        raise kind("why")

    outcome = within(5, fail, __file__)
    assert type(outcome.error) is kind
    assert not outcome.late


def test_a_loop_without_end_is_stopped_and_its_line_told() -> None:
    start = time.monotonic()
    outcome = within(0.1, spin, __file__)
    assert outcome.late
    assert outcome.stopped
    assert outcome.line in (spin.__code__.co_firstlineno + 1, spin.__code__.co_firstlineno + 2)
    assert time.monotonic() - start < 5  # far below the grace on any machine that is not stuck itself


def test_the_line_is_that_in_the_named_file() -> None:
    def outer() -> None:
        threading.Event().wait(0.3)  # the innermost frames are in another file

    outcome = within(0.1, outer, __file__)
    assert outcome.late
    assert outcome.line == outer.__code__.co_firstlineno + 1
    assert within(0.1, spin, "elsewhere.py").line is None


def test_code_that_catches_everything_for_a_while_is_stopped() -> None:
    caught = []

    def stubborn() -> None:
        while True:
            try:
                spin()
            except BaseException:
                caught.append(1)
                if len(caught) == 3:
                    raise

    outcome = within(0.1, stubborn, __file__)
    assert outcome.late
    assert outcome.stopped
    assert len(caught) == 3


def test_code_that_turns_the_end_into_another_is_late_all_the_same() -> None:
    def disguised() -> int:
        try:
            spin()
        except BaseException as error:
            raise ImportError("something else") from error

    assert within(0.1, disguised, __file__).late


def test_code_in_a_system_call_is_left_behind_and_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.registry.deadline._GRACE", 0.1)
    reached = []

    def sleep() -> None:
        time.sleep(1)
        reached.append(1)

    outcome = within(0.1, sleep, __file__)
    assert outcome.late
    assert not outcome.stopped
    time.sleep(1.2)
    assert not reached  # it was stopped as soon as the call returned


def test_it_works_outside_the_main_thread() -> None:
    outcomes: list[Outcome[Any]] = []
    thread = threading.Thread(target=lambda: outcomes.append(within(0.1, spin, __file__)))
    thread.start()
    thread.join()
    assert outcomes[0].stopped


def test_an_interrupt_of_the_waiting_thread_stops_the_code_and_goes_on() -> None:
    timer = threading.Timer(0.2, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        within(30, spin, __file__)
    timer.join()


def test_code_that_ends_just_in_time_is_never_torn() -> None:
    # The request to stop races the end of the code: whatever wins, nothing escapes from the thread (pytest would say).
    for _ in range(60):
        outcome = within(0.002, partial(time.sleep, 0.002), __file__)
        assert outcome.late or outcome.error is None
