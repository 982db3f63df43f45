"""Refresh: one timer that takes in what the worker says and draws what can be seen."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Protocol, final

from PySide6.QtCore import QObject, QTimer

from lab.training.plan import processors
from lab.ui.session import Session

FASTEST: Final = 1 / 30
"""Seconds between two ticks, at least."""
SLOWEST: Final = 0.5
SHARE: Final = 0.08
"""The share of one processor that the window may take while a network learns."""
CROWDED: Final = 0.04
"""The same while no core is free: training waits for what the window takes. Two processors may be one core."""
PATIENCE: Final = 0.001
"""Seconds of refreshing after which views that are still to be drawn wait: to paint them takes some times as long."""


class Drawn(Protocol):
    """What stands around a view."""

    @property
    def needs(self) -> tuple[str, ...]: ...
    def shown(self) -> bool:
        """Whether any of it can be seen."""

    def refresh(self) -> None:
        """Draw what is new."""


@final
class Refresher(QObject):
    """Polls the session and refreshes visible views.

    While a network learns, ticks come as often as the window's own share of a processor lets them: all that it does is
    counted, painting included, and the share is smaller where training leaves no core free. Views that one tick
    does not get to are the first in the next.
    """

    def __init__(self, session: Session, views: Callable[[], Iterable[Drawn]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._views = views
        self._waiting: deque[Drawn] = deque()
        self._spent = time.process_time()
        self._cost = 0.0
        self._processors = processors()
        self._timer = QTimer(self)
        self._timer.setInterval(round(1e3 * FASTEST))
        self._timer.timeout.connect(self.tick)
        session.state_changed.connect(self.draw)
        self._stale = True

    @property
    def interval(self) -> float:
        """Seconds from tick to tick, as things are."""
        return self._timer.interval() / 1e3

    def start(self) -> None:
        """Begin to tick."""
        self._timer.start()

    def stop(self) -> None:
        """No more ticks."""
        self._timer.stop()

    def tick(self) -> None:
        """One round: messages, frames, drawing."""
        shown = [view for view in self._views() if view.shown()]
        self.session.need(list(dict.fromkeys(name for view in shown for name in view.needs)))
        if self.session.poll() or self._stale:
            self._stale = False
            self._waiting.extend(view for view in shown if view not in self._waiting)
        start = time.perf_counter()
        while self._waiting and time.perf_counter() - start < PATIENCE:
            self._waiting.popleft().refresh()
        self._adapt()

    def draw(self) -> None:
        """Draw all of it at the next tick, whether there is something new or not."""
        self._stale = True

    def _adapt(self) -> None:
        before, self._spent = self._spent, time.process_time()
        # Slowly, so that one long tick does not make the picture stutter.
        self._cost += 0.1 * (self._spent - before - self._cost)
        share = SHARE if self.session.busy < self._processors / 2 - 0.5 else CROWDED
        wanted = min(max(self._cost / share, FASTEST), SLOWEST) if self.session.stage.live else FASTEST
        if round(1e3 * wanted) != self._timer.interval():
            self._timer.setInterval(round(1e3 * wanted))
