"""Refresh: one timer that takes in what the worker says and draws what can be seen."""

import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol, final

from PySide6.QtCore import QObject, QTimer

from lab.ui.session import Session

FASTEST: Final = 1 / 30
"""Seconds between two ticks, at least."""
SLOWEST: Final = 0.5
SHARE: Final = 0.10
"""The share of one processor that drawing may take while a network learns on all of them."""


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
    """Polls the session and refreshes visible views; ticks come less often where drawing takes too much of the time."""

    def __init__(self, session: Session, views: Callable[[], Iterable[Drawn]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._views = views
        self.durations: list[float] = []
        """Seconds of the latest ticks, for measurements."""
        self._timer = QTimer(self)
        self._timer.setInterval(round(1e3 * FASTEST))
        self._timer.timeout.connect(self.tick)
        session.state_changed.connect(self._settle)
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
        start = time.perf_counter()
        shown = [view for view in self._views() if view.shown()]
        self.session.need(list(dict.fromkeys(name for view in shown for name in view.needs)))
        if self.session.poll() or self._stale:
            self._stale = False
            for view in shown:
                view.refresh()
        took = time.perf_counter() - start
        self.durations = [*self.durations[-255:], took]
        self._adapt(took)

    def draw(self) -> None:
        """Draw all of it at the next tick, whether there is something new or not."""
        self._stale = True

    def _settle(self) -> None:
        self._stale = True

    def _adapt(self, took: float) -> None:
        now = self._timer.interval() / 1e3
        wanted = min(max(took / SHARE, FASTEST), SLOWEST) if self.session.stage.live else FASTEST
        # Slowly, so that one long tick does not make the picture stutter.
        self._timer.setInterval(round(1e3 * (0.9 * now + 0.1 * wanted)))
