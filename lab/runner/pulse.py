"""The pulse of the worker: a thread that sends curves and a heartbeat, and sees when nothing comes back any more."""

import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, final

from lab.runner.channel import Channel
from lab.runner.commands import Alive, Stuck
from lab.runner.messages import Curves, Problem
from lab.runner.trouble import plugin_place
from lab.training.trainer import Progress

INTERVAL: Final = 1 / 30
"""Seconds between two packets of curves."""
HEARTBEAT: Final = 0.25
IDLE: Final = 0.03
"""Who works uses more than this share of a processor, even where many want one."""
BUSY: Final = 30.0
"""Seconds after which it is said that a step takes long."""
_WAIT: Final = "Wait, or stop; stop again to end it at once"
RATE_OVER: Final = 1.0
"""Seconds over which the speed is measured."""


@final
class Pulse:
    """Runs from `start` until the process ends. All other methods are for the thread that works.

    Work that gets no further and uses no processor for `patience` seconds is stuck: it sleeps, or waits for something
    that does not come. What is long but works (a compilation) is not.
    """

    def __init__(self, channel: Channel, patience: float) -> None:
        self._channel = channel
        self._patience = patience
        self._worker = threading.get_ident()
        self._made: deque[tuple[Progress, float]] = deque()
        self._sending = threading.Lock()
        self._speed: deque[tuple[float, int]] = deque()
        self._planned: tuple[int | None, int] = (None, 0)
        self._beats = 0
        self._resting = 0
        self._idle = 0.0
        self._busy = 0.0
        self.watching = 0.0
        """The share of the time that probes take."""
        self.allowed = 0.0
        """The share that they may take."""
        self._processors = 0.0
        self._thread = threading.Thread(target=self._run, name="lab-pulse", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def beat(self) -> None:
        """Something got further."""
        self._beats += 1

    @contextmanager
    def rest(self) -> Iterator[None]:
        """Waiting for a command is not being stuck."""
        self._resting += 1
        try:
            yield
        finally:
            self._resting -= 1
            self._beats += 1

    def record(self, progress: Progress, seconds: float, planned: tuple[int | None, int]) -> None:
        """Send the scalars of a step, soon, `seconds` into the training of a run of `planned` epochs and updates."""
        self._beats += 1
        self._planned = planned
        self._made.append((progress, seconds))

    def restart(self) -> None:
        """Another run: its speed is its own."""
        self._speed.clear()

    def flush(self) -> None:
        """Send all scalars now."""
        with self._sending:
            made = [self._made.popleft() for _ in range(len(self._made))]
            if not made:
                return
            curves: dict[str, tuple[list[int], list[int], list[float]]] = {}
            for progress, _ in made:
                for name, value in progress.scalars.items():
                    updates, epochs, values = curves.setdefault(name, ([], [], []))
                    updates.append(progress.update)
                    epochs.append(progress.epoch)
                    values.append(value)
            last, seconds = made[-1]
            self._channel.send(
                Curves(
                    columns=curves,
                    update=last.update,
                    epoch=last.epoch,
                    seconds=seconds,
                    rate=self._rate(seconds, last.update),
                    epochs=self._planned[0],
                    updates=self._planned[1],
                    watching=self.watching,
                    allowed=self.allowed,
                    busy=self._processors,
                )
            )

    def _rate(self, seconds: float, update: int) -> float:
        """Updates a second of training: pauses do not count."""
        self._speed.append((seconds, update))
        while len(self._speed) > 2 and seconds - self._speed[1][0] >= RATE_OVER:
            self._speed.popleft()
        start, first = self._speed[0]
        return (update - first) / (seconds - start) if seconds > start else 0.0

    def _run(self) -> None:
        looked, used, beats = time.monotonic(), time.process_time(), -1
        while not self._channel.gone:
            self.flush()
            time.sleep(INTERVAL)
            now = time.monotonic()
            if now - looked < HEARTBEAT:
                continue
            self._channel.send(Alive())
            spent = time.process_time()
            self._processors = (spent - used) / (now - looked)
            further = self._resting or self._beats != beats
            works = further or spent - used > IDLE * (now - looked)
            self._idle = 0.0 if works else self._idle + now - looked
            before, self._busy = self._busy, 0.0 if further else self._busy + now - looked
            looked, used, beats = now, spent, self._beats
            if before < BUSY <= self._busy:
                self._channel.send(Problem(level="note", message=f"one step has taken {BUSY:g} s so far", remedy=_WAIT))
            if self._idle > self._patience:
                self._channel.send(Stuck(self._problem()))
                return

    def _problem(self) -> Problem:
        frame = sys._current_frames().get(self._worker)
        stack = list(traceback.walk_stack(frame))[::-1]
        file, line = plugin_place(stack)
        who = "a plugin" if file else "the worker"
        return Problem(
            level="error",
            message=f"{who} has not come back for {self._patience:g} s, and computes nothing",
            remedy="Correct the plugin at this line" if file else "Resume from the last checkpoint",
            file=file,
            line=line,
            details="".join(traceback.StackSummary.extract(iter(stack)).format()),
        )
