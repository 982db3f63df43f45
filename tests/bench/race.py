"""Races: contestants take short turns, round after round, so that whatever slows the machine slows all alike."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

import numpy as np

from tests.bench.load import LoadMeter
from tests.bench.worker import Worker

QUIET: Final = 0.15
"""Processors that others may take in a round that counts."""
OUT_OF_THE_RACE: Final = 2.0
"""Times the fastest of its group, measured before the race, from which on a contestant need not run."""

SLOW: Final = 0.25
"""Seconds of a run from which on it need not be warmed up."""


@final
@dataclass(frozen=True, slots=True)
class Pace:
    """How long a race is: rounds that count, seconds of a turn, and how often a disturbed round is repeated."""

    rounds: int = 9
    turn: float = 0.06
    patience: int = 2

    @classmethod
    def quick(cls) -> "Pace":
        """Enough to see that everything works."""
        return cls(rounds=2, turn=0.01, patience=1)


@final
@dataclass(frozen=True, slots=True)
class Contestant:
    """A case in a worker; the fastest of a `group` stands for it."""

    name: str
    group: str
    worker: Worker
    case: str


@final
@dataclass(slots=True)
class Timing:
    """Seconds by round, each the median of a turn; `raced` is false where the estimate before the race was enough."""

    seconds: list[float]
    raced: bool = True

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, as a share of the median."""
        low, high = np.quantile(self.seconds, [0.25, 0.75])
        return float(high - low) / 2 / self.median

    def as_json(self) -> dict[str, Any]:
        """Milliseconds and spread."""
        return {"ms": 1e3 * self.median, "spread": self.spread, "raced": self.raced}


@final
@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times faster one is than another: the median over rounds, and the quartiles."""

    median: float
    low: float
    high: float

    def as_json(self) -> dict[str, float]:
        """Plain numbers."""
        return {"median": self.median, "low": self.low, "high": self.high}


@final
@dataclass(slots=True)
class Race:
    """What came of a race. `foreign` are the processors that others took, the median over the rounds that count."""

    groups: dict[str, str]
    timings: dict[str, Timing] = field(default_factory=dict)
    foreign: float | None = None
    repeated: int = 0

    def best(self, group: str) -> str | None:
        """The fastest contestant of a group."""
        mine = [name for name, timing in self.timings.items() if self.groups[name] == group and timing.raced]
        return min(mine, key=lambda name: self.timings[name].median, default=None)

    def ratio(self, slower: str, faster: str) -> Ratio:
        """Seconds of one over seconds of the other, round by round."""
        pairs = zip(self.timings[slower].seconds, self.timings[faster].seconds, strict=True)
        low, median, high = np.quantile([one / other for one, other in pairs], [0.25, 0.5, 0.75])
        return Ratio(float(median), float(low), float(high))


def race(contestants: Sequence[Contestant], pace: Pace) -> Race:
    """Time all contestants. Rounds in which others took the machine are repeated; the quietest count."""
    result = Race({one.name: one.group for one in contestants})
    estimates = _estimates(contestants)
    fastest = {
        group: min(estimates[n] for n, g in result.groups.items() if g == group) for group in result.groups.values()
    }
    runners = [one for one in contestants if estimates[one.name] <= OUT_OF_THE_RACE * fastest[one.group]]
    counts = {one.name: max(1, min(1000, round(pace.turn / estimates[one.name]))) for one in runners}
    meter = LoadMeter()
    rounds: list[tuple[float, dict[str, float]]] = []
    while len(rounds) < pace.patience * pace.rounds:
        # Whoever is before or after whom changes from round to round.
        shift = len(rounds) % len(runners)
        meter.begin({one.worker.pid for one in runners})
        seconds = {}
        for one in [*runners[shift:], *runners[:shift]]:
            seconds[one.name] = statistics.median(
                one.worker.burst(one.case, counts[one.name], _warm(estimates[one.name]))
            )
            # Idle threads of the last one spin a little before they sleep.
            time.sleep(0.02)
        share = meter.share()
        rounds.append((share or 0.0, seconds))
        if sum(share <= QUIET for share, _ in rounds) >= pace.rounds:
            break
    kept = sorted(rounds, key=lambda one: one[0])[: pace.rounds]
    result.repeated = len(rounds) - len(kept)
    result.foreign = statistics.median(share for share, _ in kept) if meter.share() is not None else None
    for one in contestants:
        seconds_of = [seconds[one.name] for _, seconds in kept if one.name in seconds]
        result.timings[one.name] = Timing(seconds_of or [estimates[one.name]], raced=bool(seconds_of))
    return result


def _estimates(contestants: Sequence[Contestant]) -> dict[str, float]:
    """Seconds of a run, the best of a few that lie apart, for whatever disturbs one need not disturb the next."""
    found = {one.name: min(one.worker.burst(one.case, 1, 0)) for one in contestants}
    for one in contestants:
        count = max(1, min(20, round(0.02 / found[one.name])))
        found[one.name] = min(found[one.name], *one.worker.burst(one.case, count, _warm(found[one.name])))
    return found


def _warm(seconds: float) -> int:
    """Runs before those that are timed: what takes long brings its own data into the caches."""
    return int(seconds < SLOW)
