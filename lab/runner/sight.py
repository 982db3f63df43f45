"""What the worker shows of its network: frames of the chosen probes, put into shared memory."""

import time
from collections.abc import Callable, Iterator
from typing import Final, final

from lab.errors import LabError
from lab.registry.catalog import Catalog
from lab.runner.channel import Channel
from lab.runner.commands import ProbeOnce, Watch
from lab.runner.messages import Problem
from lab.runner.pulse import Pulse
from lab.runner.trouble import problem_of
from lab.telemetry.frames import Frame
from lab.telemetry.ring import RingWriter
from lab.training.labels import watched_split
from lab.training.looking import Lookout
from lab.training.trainer import Trainer

SHARE_SECONDS: Final = 0.5
"""How often the share of the time that looking takes is told anew."""


@final
class Sight:
    """Measures what was chosen on the trainer that is open. Whatever goes wrong is told, and training goes on."""

    def __init__(self, channel: Channel, pulse: Pulse, ring: RingWriter, catalog: Catalog) -> None:
        self._channel = channel
        self._pulse = pulse
        self._ring = ring
        self._catalog = catalog
        self._wanted: Watch | None = None
        self._lookout: Lookout | None = None
        self._told: set[str] = set()
        self._told_share = 0.0

    def open(self, trainer: Trainer, turn: int, *, begun: bool = True) -> None:
        """Look at this trainer from now on, or at its data where it has not `begun`; its frames belong to this turn."""
        self._ring.turn = turn
        self._told.clear()
        self._lookout = Lookout(trainer, self._catalog, begun=begun)
        self._choose()

    def close(self) -> None:
        """Look at nothing."""
        self._lookout = None
        self._pulse.watching = 0.0

    def choose(self, wanted: Watch) -> None:
        """Measure other probes or samples, now or once there is a trainer."""
        self._wanted = wanted
        self._told.clear()
        self._choose()

    def arm(self) -> None:
        """The next update will be looked at."""
        if self._lookout is not None:
            self._lookout.arm()

    def look(self) -> None:
        """Measure what is due."""
        if self._lookout is None:
            return
        now = time.perf_counter()
        if self._lookout.due(now):
            self._show(self._lookout.measure)
            self._told_share = 0.0
        if now - self._told_share > SHARE_SECONDS:
            self._told_share = now
            self._pulse.watching, self._pulse.allowed = self._lookout.share, self._lookout.allowed

    def every(self) -> None:
        """Measure all that is chosen: the trainer waits."""
        if self._lookout is not None:
            self._show(self._lookout.every)

    def once(self, asked: ProbeOnce) -> None:
        """Measure one probe."""
        lookout = self._lookout
        if lookout is None or not lookout.begun:
            self._tell(LabError("there is no network to look at", remedy="Run an experiment first"))
        else:
            self._show(lambda: iter([lookout.once(asked.name, asked.settings)]))

    def _choose(self) -> None:
        if self._lookout is None or self._wanted is None:
            return
        wanted = self._wanted
        known = self._catalog.names("probe")
        data = self._lookout.trainer.setup.data
        split = watched_split(data)
        count = data.splits()[split].count
        samples = [number for number in wanted.samples if 0 <= number < count] or [0]
        self._lookout.limit(rate=wanted.rate, share=wanted.share)
        for name in wanted.probes:
            if name not in known:
                self._attempt(lambda name=name: self._catalog.get("probe", name))  # type: ignore[misc]
        probes = {name: settings for name, settings in wanted.probes.items() if name in known}
        lookout = self._lookout
        self._attempt(lambda: lookout.choose(probes, samples, split))

    def _show(self, measure: Callable[[], Iterator[Frame]]) -> None:
        def shown() -> None:
            for frame in measure():
                moved = self._ring.put(frame)
                if moved is not None:
                    self._channel.send(moved)

        self._attempt(shown)
        if self._lookout is not None:
            while self._lookout.problems:
                self._tell(self._lookout.problems.pop(0))

    def _attempt(self, action: Callable[[], object]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - what is only watched must not end the training
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        """Once, not with every frame."""
        problem: Problem = problem_of(error)
        if problem.message not in self._told:
            self._told.add(problem.message)
            self._channel.send(problem)
