"""The meter: when each probe is due again, so that all of them together take no more than their share of the time."""

from collections import deque
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Final, final

WINDOW: Final = 10.0
"""Seconds over which the share that is shown is taken."""
FREE: Final = 0.01
"""Of the first measurement of a probe, which builds what later ones use, so many seconds count; all would still what
is watched for half a minute."""
LEAST: Final = 1e-6
"""The smallest share that is told from none."""
CREDIT: Final = 0.25
"""Seconds that may be spent ahead of the share, so that everything can be seen once at the beginning."""
PAYING: Final = 0.5
"""While more was spent, probes get this part of the share: what is cheap goes on, and the debt is paid all the same."""


@final
@dataclass(slots=True)
class _Account:
    """One probe: when it is due, and the seconds that it took."""

    ready: float
    cost: float | None = None


@final
class Meter:
    """Shares out the time among probes. All times are seconds of one clock, given from outside.

    At most `rate` measurements a second of each probe, and at most `share` of the time for all. Probes that need less
    than their even part of the share leave the rest to those that need more; a probe then waits after each measurement
    until what it took is its part of the time that has gone by. While more was spent than the share of the time since
    the first measurement, and CREDIT, all parts are smaller, and nothing is due for being looked at anew.
    """

    def __init__(self, share: float, rate: float) -> None:
        self.limit, self.rate = share, rate
        self.next = float("inf")
        """No probe is due before this time."""
        self._accounts: dict[str, _Account] = {}
        self._log: deque[tuple[float, float]] = deque()
        self._since: float | None = None
        self._spent = 0.0
        self._started: float | None = None

    def set(self, share: float, rate: float) -> None:
        """Other limits from now on; waiting probes are due as soon as these let them. The same ones change nothing."""
        if (share, rate) == (self.limit, self.rate):
            return
        self.limit, self.rate = share, rate
        self._since, self._spent = None, 0.0
        for account in self._accounts.values():
            account.ready = 0.0
        self._plan()

    def watch(self, probes: Iterable[str], now: float, anew: Container[str] = ()) -> None:
        """Measure these probes; those that were watched before keep their times, new ones and those `anew` are due."""
        self._accounts = {name: self._accounts.get(name, _Account(now)) for name in probes}
        owing = self._owing(now)
        for name, account in self._accounts.items():
            if name in anew and not owing:
                account.ready = now
        self._plan()

    def due(self, now: float) -> list[str]:
        """The probes to be measured now, those that cost least first."""
        if now < self.next:
            return []
        ready = [name for name, account in self._accounts.items() if account.ready <= now]
        return sorted(ready, key=lambda name: self._accounts[name].cost or 0.0)

    def took(self, probe: str, start: float, end: float) -> None:
        """A probe was measured between two times."""
        if self._started is None:
            self._started = start
        if self._since is None:
            self._since = start
        self._log.append((end, end - start))
        account = self._accounts.get(probe)
        first = account is not None and account.cost is None
        counted = min(end - start, FREE) if first else end - start
        self._spent += counted
        if account is None:
            return
        account.cost = end - start
        part = self._part(probe) * (PAYING if self._owing(end) else 1.0)
        account.ready = end + max(1.0 / self.rate, counted / part)
        self._plan()

    def share(self, now: float) -> float:
        """The share of the last seconds that was spent on measuring, 0 to 1."""
        while self._log and self._log[0][0] < now - WINDOW:
            self._log.popleft()
        if not self._log or self._started is None:
            return 0.0
        return min(1.0, sum(seconds for _, seconds in self._log) / max(min(now - self._started, WINDOW), 1e-9))

    def _plan(self) -> None:
        self.next = min((account.ready for account in self._accounts.values()), default=float("inf"))

    def _owing(self, now: float) -> bool:
        return self._since is not None and self._spent - CREDIT > self.limit * (now - self._since)

    def _part(self, probe: str) -> float:
        """The part of the time that a probe may take: the smallest needs are met in full, the rest share what is left.

        What a probe needs is its cost at the full rate.
        """
        left = self.limit
        needs = sorted((account.cost or 0.0, name) for name, account in self._accounts.items())
        for place, (cost, name) in enumerate(needs):
            part = min(cost * self.rate, left / (len(needs) - place))
            if name == probe:
                return max(part, LEAST)
            left -= part
        return self.limit
