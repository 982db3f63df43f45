"""The recorder: what a trainer does, kept in the store, so that nothing but the last moments can be lost."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final, final

import numpy as np

from lab.errors import LabError, NotFiniteError, StoreError
from lab.experiment.checkpoint import prune, save
from lab.experiment.runs import Scalar
from lab.experiment.series import Forecast, save_forecast
from lab.experiment.store import Store
from lab.model.network import QUIET
from lab.runner.waiting import Hold, give_up, kept
from lab.training.labels import watched_split
from lab.training.look import NetworkLook
from lab.training.snapshot import take
from lab.training.trainer import Progress, Trainer

FLUSH_SECONDS: Final = 1.0
"""Curves go to the store this often; a transaction costs some milliseconds."""
FLUSH_ROWS: Final = 20_000
BEST_SHARE: Final = 0.05
"""A checkpoint of a new best validation loss waits until all of them take at most this share of the time."""


@final
class Recorder:
    """Keeps the curves, the plan and the checkpoints of one claimed run.

    The order is what makes a resume exact: curves, then the plan, then the checkpoint that depends on both. While
    nothing can be kept training waits, for as long as `hold` does; StoreError once that gives up.
    """

    def __init__(self, store: Store, run: str, trainer: Trainer, *, seconds: float = 0.0) -> None:
        """`seconds` is how long the run was trained before."""
        self.store = store
        self.run = run
        self.trainer = trainer
        self.hold: Hold = give_up
        self._before = seconds
        self._flushed_at = self._saved_at = time.perf_counter()
        self._started: float | None = self._flushed_at
        self._saved_update: int | None = None
        self._cost = 0.0
        self._pending: list[Scalar] = []
        self._plan: dict[str, Any] | None = None

    @property
    def seconds(self) -> float:
        """How long the run has been trained, all sessions together, pauses not counted."""
        return self._before + (0.0 if self._started is None else time.perf_counter() - self._started)

    def rest(self) -> None:
        """The run pauses: keep it as it is, in a checkpoint if there can be one here."""
        if self.trainer.can_save and self._saved_update != self.trainer.update:
            self.checkpoint()
        else:
            self.flush()
        self._before, self._started = self.seconds, None
        self._change(state="paused")

    def go_on(self) -> None:
        """The pause is over."""
        self._change(state="running")
        self._started = time.perf_counter()

    def note(self, progress: Progress) -> None:
        """Take note of what the trainer has just done, and write what is due."""
        self._pending += [
            Scalar(progress.update, progress.epoch, name, value) for name, value in progress.scalars.items()
        ]
        now = time.perf_counter()
        if self.trainer.can_save and self._due(progress, now):
            self.checkpoint()
        elif len(self._pending) >= FLUSH_ROWS or now - self._flushed_at >= FLUSH_SECONDS:
            self.flush()

    def _due(self, progress: Progress, now: float) -> bool:
        if self._saved_update is None:
            return True
        if progress.update == self._saved_update and progress.kind != "epoch":
            return False
        training = self.trainer.setup.spec.training
        elapsed = now - self._saved_at
        if (
            training.checkpoint_updates is not None
            and progress.update - self._saved_update >= training.checkpoint_updates
        ):
            return True
        if training.checkpoint_seconds is not None and elapsed >= training.checkpoint_seconds:
            return True
        history = self.trainer.history
        improved = progress.kind == "epoch" and bool(history) and history[-1][1] == self.trainer.best
        return improved and elapsed * BEST_SHARE >= self._cost

    def flush(self) -> None:
        """Write the curves, and the plan where it has changed (a switch to compiled code, product variants)."""
        self._kept(self._flush)

    def checkpoint(self) -> None:
        """Write a checkpoint, unless an update has made a parameter that is not finite: the last good one stays."""
        self._kept(self._checkpoint)

    def finish(self) -> None:
        """The end: a last checkpoint, the parameters to keep, and what they reach."""
        self.checkpoint()
        for name, array in self.trainer.network.named(take(self.trainer).arrays["parameters"]).items():
            if not np.isfinite(array).all():
                raise NotFiniteError(
                    f"the parameter {name} is not finite after the last update, {self.trainer.update}",
                    remedy="Lower training.learning_rate, or set training.clip_norm (1 is usual)",
                )
        self.trainer.keep_best()
        self._kept(self._forecast)
        self._change(state="finished", metrics=self.trainer.metrics())

    def interrupt(self) -> None:
        """The end for now: a checkpoint if there can be one here, else the last one stands."""
        if self.trainer.can_save:
            self.checkpoint()
            self._kept(self._forecast)
        self._change(state="interrupted")

    def leave(self, error: LabError | None = None) -> None:
        """The end for now, at once; what is stored stands."""
        with contextlib.suppress(StoreError):  # a run that says it is running and has no process is interrupted
            self.store.change(self.run, state="interrupted", error=None if error is None else str(error))

    def fail(self, error: LabError | str) -> None:
        """The end by an error. A store that cannot be written to any more does not hide that error."""
        with contextlib.suppress(StoreError):
            self._flush()
        with contextlib.suppress(StoreError):
            self.store.change(self.run, state="failed", error=str(error))

    def _change(self, **changes: Any) -> None:
        self._kept(partial(self.store.change, self.run, **changes))

    def _kept(self, write: Callable[[], None]) -> None:
        """Write, and wait where that cannot be; to wait is not to train."""
        ticks = self._started is not None

        def hold(error: StoreError, seconds: float) -> bool:
            self._before, self._started = self.seconds, None
            self._saved_update = None  # there is to be a checkpoint as soon as there can be one
            return self.hold(error, seconds)

        kept(write, hold)
        if ticks and self._started is None:
            self._started = time.perf_counter()

    def _flush(self) -> None:
        trainer = self.trainer
        self.store.record(self.run, self._pending, updates=trainer.update, epochs=trainer.epoch, seconds=self.seconds)
        self._pending = []
        self._flushed_at = time.perf_counter()
        plan = trainer.plan.as_json()
        if plan != self._plan:
            self.store.change(self.run, plan=plan)
            self._plan = plan

    @QUIET
    def _forecast(self) -> None:
        """Keep what the network makes of the whole series, where the dataset is one."""
        trainer = self.trainer
        series = NetworkLook(trainer, watched_split(trainer.setup.data), [0]).series()
        if series is not None:
            made = Forecast(position=series.position, truth=series.truth, forecast=series.forecast)
            save_forecast(self.store.run_folder(self.run), made)

    def _checkpoint(self) -> None:
        start = time.perf_counter()
        self._flush()
        state = take(self.trainer)
        if not np.isfinite(state.arrays["parameters"]).all():
            return
        state = replace(state, counters={**state.counters, "seconds": self.seconds})
        folder = self.store.run_folder(self.run)
        save(folder, state)
        prune(folder)
        self._saved_at = time.perf_counter()
        self._saved_update = self.trainer.update
        self._cost = self._saved_at - start
