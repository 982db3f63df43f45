"""What the window and the worker say to each other over the pipe: small, picklable, plain values.

Pictures do not come this way: their arrays go through shared memory, where the latest wins. Nothing here is dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, final

from lab.experiment.runs import Scalar


class WorkerState(StrEnum):
    """What the worker does, as the window shows it."""

    IDLE = "idle"
    """Started and warm, with nothing to do."""
    STARTING = "starting"
    """Loads the data and builds the network."""
    COMPILING = "compiling"
    """Trains on the target numpy while compiled code is being made."""
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    """Left before its end, with a checkpoint to go on from."""
    FAILED = "failed"
    LOST = "lost"
    """The process is gone or says nothing any more."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One entry of the channel for errors: what happened, where, what to do; `details` is the traceback, if any.

    `level` is `error`, `warning` or `note`. `not_finite` says that a loss, a gradient or a weight was no number.
    """

    level: str
    message: str
    remedy: str = ""
    file: str = ""
    line: int | None = None
    details: str = ""
    not_finite: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The worker is in another state. `run` is the id in the store once there is one."""

    state: WorkerState
    run: str | None = None
    problem: Problem | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """A run has begun or gone on: what does not change while it lasts.

    `about` has plain values: `updates` and `epochs` (planned in all, at the beginning), `metric`, `better` (whether a
    `lower` or a `higher` value of it is), `unit`, `baselines` (by name, in the metric), `splits` (steps and count of
    each), `task`, `parameters` (shape by full name), `layers` (cell, states, gates, hidden of each block by its name,
    `layers.0`), `samples` (labels of those that can be watched), `plan`.
    """

    run: str
    experiment: str
    about: Mapping[str, Any] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is known of an experiment that has not begun: `about` as in `Began`, or why it could not run, `problem`."""

    turn: int
    about: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """New values of curves, all of them, in order; `seconds` trained so far and updates a second over the last one.

    `columns` has the updates, epochs and values of each curve by its name, which costs training less than `scalars`.
    `epochs` (None where updates are counted) and `updates` are how many are planned in all, as of now.
    """

    columns: Mapping[str, tuple[list[int], list[int], list[float]]]
    update: int
    epoch: int
    seconds: float
    rate: float
    epochs: int | None
    updates: int
    watching: float = 0.0
    """The share of the time that probes took of late."""
    allowed: float = 0.0
    busy: float = 0.0
    """How many processors the worker kept busy of late."""

    @property
    def scalars(self) -> list[Scalar]:
        """The values one by one."""
        return [
            Scalar(update, epoch, name, value)
            for name, columns in self.columns.items()
            for update, epoch, value in zip(*columns, strict=True)
        ]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something that was changed while running took effect before the update after `update`: for a mark on curves."""

    update: int
    text: Mapping[str, str]
    """By language, `en` and `zh`: "lr 0.01 → 0.003"."""


Message = Changed | Began | Prepared | Curves | Noted | Problem
