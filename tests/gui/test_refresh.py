"""How often the window draws: its own share of a processor, and a smaller one where training has all cores."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from pytestqt.qtbot import QtBot

from lab.runner.messages import WorkerState
from lab.ui import refresh
from lab.ui.desk import Desk
from lab.ui.refresh import CROWDED, FASTEST, SHARE, SLOWEST

TICKS = 200


def interval(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, cost: float, busy: float, state: WorkerState = WorkerState.RUNNING
) -> float:
    """Seconds between ticks after many that took `cost` seconds of a processor each."""
    spent = iter(range(10**6))
    monkeypatch.setattr(refresh, "time", _Clock(lambda: next(spent) * cost))
    monkeypatch.setattr(refresh, "processors", lambda: 4)  # which may be two cores
    refresher = refresh.Refresher(desk.session, list)
    desk.stage.state, desk.session.busy = state, busy
    for _ in range(TICKS):
        refresher.tick()
    desk.stage.state = WorkerState.IDLE
    return refresher.interval


class _Clock:
    def __init__(self, process_time: Callable[[], float]) -> None:
        self.process_time = process_time

    def perf_counter(self) -> float:
        return 0.0


@pytest.mark.parametrize(("busy", "share"), [(1.0, SHARE), (2.0, CROWDED), (3.9, CROWDED)])
def test_the_window_takes_its_share_and_less_where_no_core_is_left(
    qtbot: QtBot, make_desk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, busy: float, share: float
) -> None:
    desk = cast(Desk, make_desk())
    found = interval(desk, monkeypatch, cost=0.008, busy=busy)
    assert found == pytest.approx(0.008 / share, rel=0.02)


def test_ticks_are_never_too_fast_nor_too_slow(
    qtbot: QtBot, make_desk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = cast(Desk, make_desk())
    assert interval(desk, monkeypatch, cost=1e-4, busy=1.0) == pytest.approx(FASTEST, abs=1e-3)
    assert interval(desk, monkeypatch, cost=0.3, busy=1.0) == SLOWEST
    assert interval(desk, monkeypatch, cost=0.3, busy=1.0, state=WorkerState.PAUSED) == pytest.approx(FASTEST, abs=1e-3)
