"""What the window asks of the worker, and what the worker tells it beside the messages: small, picklable values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, final

from lab.runner.messages import Problem


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """Train an experiment, given as the text of its file; `file` is where that would be, for the files it names.

    `turn` numbers what is begun and resumed: frames carry it.
    """

    experiment: str
    file: str | None
    target: str
    device: str
    threads: int | None
    then_pause: bool
    turn: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """Tell what an experiment learns from, before it runs; text, file and turn as for `Begin`."""

    experiment: str
    file: str | None
    turn: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Go on with a run of the store from its last checkpoint."""

    run: str
    then_pause: bool
    turn: int


class Verb(StrEnum):
    """What needs no more words."""

    PAUSE = "pause"
    GO_ON = "go on"
    ONE_UPDATE = "one update"
    ONE_EPOCH = "one epoch"
    STOP = "stop"
    SNAPSHOT = "snapshot"
    CLOSE = "close"


@final
@dataclass(frozen=True, slots=True)
class SetValue:
    """Give a key of the experiment that may change now another value."""

    path: str
    value: object


@final
@dataclass(frozen=True, slots=True)
class SetWeight:
    """Set a parameter by its full name, while paused."""

    name: str
    value: object


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Measure probes with their settings on these samples: `rate` frames a second, `share` of the time at most."""

    probes: Mapping[str, Mapping[str, Any]]
    samples: Sequence[int]
    rate: float
    share: float


@final
@dataclass(frozen=True, slots=True)
class ProbeOnce:
    """Measure one probe now."""

    name: str
    settings: Mapping[str, Any]


@final
@dataclass(frozen=True, slots=True)
class Speed:
    """So many updates a second at most; None for all that can be made."""

    updates_per_second: float | None


Command = Begin | Prepare | Resume | Verb | SetValue | SetWeight | Watch | ProbeOnce | Speed


@final
@dataclass(frozen=True, slots=True)
class Ready:
    """The worker is warm."""


@final
@dataclass(frozen=True, slots=True)
class Alive:
    """The heartbeat."""


@final
@dataclass(frozen=True, slots=True)
class Stuck:
    """The worker waits for something that does not come."""

    problem: Problem
