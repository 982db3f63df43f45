"""The recorder: what a trainer does, kept in the store, so that nothing but the last moments can be lost."""

import contextlib
import time
from dataclasses import replace
from typing import Any, Final, final

import numpy as np

from lab.errors import LabError, NotFiniteError, StoreError
from lab.experiment.checkpoint import prune, save
from lab.experiment.runs import Scalar
from lab.experiment.store import Store
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

    The order is what makes a resume exact: curves, then the plan, then the checkpoint that depends on both.
    """

    def __init__(self, store: Store, run: str, trainer: Trainer, *, seconds: float = 0.0) -> None:
        """`seconds` is how long the run was trained before."""
        self.store = store
        self.run = run
        self.trainer = trainer
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
        self.store.change(self.run, state="paused")

    def go_on(self) -> None:
        """The pause is over."""
        self._started = time.perf_counter()
        self.store.change(self.run, state="running")

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
        trainer = self.trainer
        self.store.record(self.run, self._pending, updates=trainer.update, epochs=trainer.epoch, seconds=self.seconds)
        self._pending = []
        self._flushed_at = time.perf_counter()
        plan = trainer.plan.as_json()
        if plan != self._plan:
            self.store.change(self.run, plan=plan)
            self._plan = plan

    def checkpoint(self) -> None:
        """Write a checkpoint, unless an update has made a parameter that is not finite: the last good one stays."""
        start = time.perf_counter()
        self.flush()
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
        self.store.change(self.run, state="finished", metrics=self.trainer.metrics())

    def interrupt(self) -> None:
        """The end for now: a checkpoint if there can be one here, else the last one stands."""
        if self.trainer.can_save:
            self.checkpoint()
        self.store.change(self.run, state="interrupted")

    def fail(self, error: LabError | str) -> None:
        """The end by an error. A store that cannot be written to any more does not hide that error."""
        with contextlib.suppress(StoreError):
            self.flush()
        with contextlib.suppress(StoreError):
            self.store.change(self.run, state="failed", error=str(error))
