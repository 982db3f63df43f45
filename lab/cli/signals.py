"""Ctrl-C and the request to end: at once before there is a run, at the next checkpoint once there is one."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import final

from lab.cli.output import note


@final
class Interruption:
    """Whether someone asked to stop. A second time, or before `defer`, it is a KeyboardInterrupt."""

    def __init__(self) -> None:
        self.asked = False
        self.deferring = False

    def defer(self) -> None:
        """From now on there is a run: the first request is only remembered."""
        self.deferring = True

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        if self.asked or not self.deferring:
            raise KeyboardInterrupt
        self.asked = True
        note("Stopping at the next checkpoint; press Ctrl-C again to stop at once.")


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Watches for SIGINT and SIGTERM while the block runs."""
    found = Interruption()
    before = {number: signal.signal(number, found.handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield found
    except KeyboardInterrupt:
        note("Interrupted." if found.deferring else "Interrupted before there was a run; nothing was written.")
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
