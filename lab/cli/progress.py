"""How far a run is: a live line on a terminal, now and then a line elsewhere."""

import math
import sys
import time
from abc import ABC, abstractmethod
from collections import deque
from typing import Final, final

from lab.cli.output import console, duration, note, number
from lab.training.trainer import Progress, Trainer

_WINDOW: Final = 10.0
"""Seconds over which the speed is measured."""


class Display(ABC):
    """Abstract: shows the progress of a trainer. Call `close` at the end."""

    @abstractmethod
    def show(self, progress: Progress) -> None:
        """Take note of what the trainer has just done."""

    @abstractmethod
    def close(self) -> None:
        """Leave the terminal as it was."""


@final
class Silent(Display):
    """Shows nothing."""

    def show(self, progress: Progress) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


@final
class Measured:
    """The figures of a run: epoch, losses, speed and time left."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.total = trainer.total_updates
        self.losses: dict[str, float] = {}
        self._points: deque[tuple[float, int]] = deque([(time.perf_counter(), trainer.update)])

    def take(self, progress: Progress) -> None:
        """Take note of the losses."""
        names = {"train.epoch_loss": "train", "validation.loss": "validation"}
        if self.trainer.epoch == 0:
            names["train.loss"] = "train"  # there is no mean over an epoch yet
        self.losses |= {names[name]: value for name, value in progress.scalars.items() if name in names}

    def text(self, *, ended: bool = False) -> str:
        """`epoch 12/500 · train 0.0702 · validation 0.0472 · 83 updates/s · 0:05 left`; no time once it has ended."""
        training = self.trainer.setup.spec.training
        done, epochs = self.trainer.update, training.epochs
        where = f"update {done}/{training.updates}" if epochs is None else f"epoch {self.trainer.epoch}/{epochs}"
        speed = self._speed()
        parts = [where, *(f"{name} {number(loss)}" for name, loss in self.losses.items() if not math.isnan(loss))]
        if speed > 0:
            left = duration((self.total - done) / speed) if self.total >= done else "?"
            limit = "at most " if training.early_stopping else ""
            parts += [f"{number(speed)} updates/s", *([] if ended else [f"{limit}{left} left"])]
        return " · ".join(parts)

    def _speed(self) -> float:
        now, update = time.perf_counter(), self.trainer.update
        self._points.append((now, update))
        while now - self._points[0][0] > _WINDOW and len(self._points) > 2:
            self._points.popleft()
        start, first = self._points[0]
        return (update - first) / (now - start) if now > start else 0.0


@final
class Lines(Display):
    """A line at first every five seconds, then less and less often."""

    def __init__(self, trainer: Trainer) -> None:
        self._measured = Measured(trainer)
        self._started = self._shown = time.perf_counter()

    def show(self, progress: Progress) -> None:
        """Print a line where it is time for one."""
        self._measured.take(progress)
        now = time.perf_counter()
        if now - self._shown >= max(5.0, (now - self._started) / 20):
            self._shown = now
            note(self._measured.text())

    def close(self) -> None:
        """A last line."""
        note(self._measured.text(ended=True))


@final
class Live(Display):
    """A bar that fills, with the figures behind it."""

    def __init__(self, trainer: Trainer) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        self._measured = Measured(trainer)
        self._shown = 0.0
        self._bar = Progress(
            BarColumn(bar_width=24),
            TextColumn("{task.description}", markup=False),
            console=console(sys.stderr),
            auto_refresh=False,  # no thread of its own beside those that compute
        )
        self._task = self._bar.add_task("", total=max(self._measured.total, 1))
        self._bar.start()

    def show(self, progress: Progress) -> None:
        """Draw, at most ten times a second."""
        self._measured.take(progress)
        now = time.perf_counter()
        if now - self._shown >= 0.1:
            self._shown = now
            self._draw()

    def _draw(self, *, ended: bool = False) -> None:
        text = self._measured.text(ended=ended)
        self._bar.update(self._task, completed=self._measured.trainer.update, description=text, refresh=True)

    def close(self) -> None:
        """Draw the end, and give the cursor back."""
        self._draw(ended=True)
        self._bar.stop()


def display_for(trainer: Trainer, *, silent: bool) -> Display:
    """What fits stderr."""
    if silent:
        return Silent()
    return Live(trainer) if sys.stderr.isatty() else Lines(trainer)
