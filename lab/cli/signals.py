"""Ctrl-C and the request to end: at once before there is a run, at the next checkpoint once there is one."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, final

from lab.cli.output import note
from lab.errors import StoreError

PATIENCE: Final = 600.0
"""Seconds for which a command waits until its run can be kept: nobody may be there to make room."""


@final
class Interruption:
    """Whether someone asked to stop. A second time, or before `defer`, it is a KeyboardInterrupt."""

    def __init__(self) -> None:
        self.asked = False
        self.deferring = False
        self._told = ""

    def defer(self) -> None:
        """From now on there is a run: the first request is only remembered."""
        self.deferring = True

    def hold(self, error: StoreError, seconds: float) -> bool:
        """Wait until the store can be written to, and say so; until someone asks to stop, or ten minutes at most."""
        from lab.runner.waiting import RETRY, worth_telling

        if worth_telling(error, seconds) and str(error) != self._told:
            self._told = str(error)
            note(f"Training waits, and goes on by itself. {error}")
        if not self.asked:
            time.sleep(RETRY)
        return not self.asked and seconds < PATIENCE

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
