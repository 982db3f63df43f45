"""The lookout: measures the chosen probes of a trainer between two updates, no more often than their share allows."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, cast, final

import numpy as np
from numpy.typing import NDArray

from lab.components.probe import Probe
from lab.errors import ExperimentError, LabError, PluginError
from lab.model.network import QUIET
from lab.registry.catalog import Catalog
from lab.telemetry.frames import Frame
from lab.telemetry.meter import Meter
from lab.training.labels import MOST_SAMPLES, watched_split
from lab.training.look import NetworkLook
from lab.training.trainer import Trainer

Array = NDArray[Any]

COSTLY: Final = 5.0
"""Costly probes together may take so many times the share of all others: whoever watches one of them wants it."""
PATIENCE: Final = 0.02
"""Seconds after which `measure` leaves what is still due for the next time, so that training is not held up."""


@final
class Lookout:
    """Watches one trainer. Ask `due` after each update, and take the frames of `measure` where it says so.

    A probe that raises is not measured again until it is chosen anew; what it raised is in `problems`, for the caller
    to take out. Probes look at networks of their own, so that training is the same to the last bit with and without.
    """

    def __init__(
        self, trainer: Trainer, catalog: Catalog, *, begun: bool = True, share: float = 0.02, rate: float = 30.0
    ) -> None:
        """Where training has not `begun` frames have what is given alone, see `Probe.given`."""
        self.trainer = trainer
        self.begun = begun
        self.catalog = catalog
        self.problems: list[LabError] = []
        self._meter, self._costly = Meter(share, rate), Meter(COSTLY * share, rate)
        self._probes: dict[str, Probe] = {}
        self._look = NetworkLook(trainer, self._split(None), [0], catalog)
        self._armed_at: int | None = None

    def choose(
        self, probes: Mapping[str, Mapping[str, Any]], samples: Sequence[int] = (0,), split: str | None = None
    ) -> None:
        """Watch these probes with these settings on these samples of a split, by number.

        Without a split it is the first there is of test, validation and train. LabError where something is unknown;
        what was watched before is then watched on.
        """
        chosen = self._split(split)
        count = self.trainer.setup.data.splits()[chosen].count
        columns = list(dict.fromkeys(samples)) or [0]
        strange = [number for number in columns if not 0 <= number < count]
        if strange or len(columns) > MOST_SAMPLES:
            raise ExperimentError(
                f"sample {strange[0]} cannot be watched" if strange else f"{len(columns)} samples cannot be watched",
                remedy=f"Choose up to {MOST_SAMPLES} of the {count} samples of the {chosen} split, counted from 0",
            )
        made = {name: self._made(name, settings) for name, settings in probes.items()}
        before = {name: probe.values() for name, probe in self._probes.items()}
        if (chosen, columns) != (self._look.split, self._look.columns.tolist()):
            self._look = NetworkLook(self.trainer, chosen, columns, self.catalog)
            before = {}
        self._probes = {name: probe for name, probe in made.items() if probe.tier != "demand"}
        self._watch([name for name, probe in self._probes.items() if before.get(name) != probe.values()])

    def limit(self, *, rate: float, share: float) -> None:
        """At most `rate` frames a second of each probe, and at most `share` of the time for all."""
        self._meter.set(share, rate)
        self._costly.set(COSTLY * share, rate)

    @property
    def share(self) -> float:
        """The share of the last seconds that was spent on looking, 0 to 1."""
        now = time.perf_counter()
        return min(1.0, self._meter.share(now) + self._costly.share(now))

    @property
    def allowed(self) -> float:
        """The share that looking may take, 0 to 1: more where costly probes are watched."""
        costly = any(probe.tier == "costly" for probe in self._probes.values())
        return min(1.0, self._meter.limit + (self._costly.limit if costly else 0.0))

    def due(self, now: float) -> bool:
        """Whether to measure, at `now` of `time.perf_counter`.

        When the time has come, the next update is told to keep its gradient; the one after it is the one to look at.
        """
        if now < min(self._meter.next, self._costly.next):
            return False
        if self._armed_at is None:
            self.arm()
            return False
        return self.trainer.update > self._armed_at

    def arm(self) -> None:
        """Have the next update keep its gradient: to be called before an update that is to be looked at for sure."""
        self.trainer.keep = True
        self._armed_at = self.trainer.update

    def measure(self) -> Iterator[Frame]:
        """The frames of the probes that are due, those that cost least first."""
        self._disarm()
        start = time.perf_counter()
        self._look.take()
        before = start
        for name in (*self._meter.due(start), *self._costly.due(start)):
            if before - start > PATIENCE:
                return
            try:
                frame = self._frame(self._probes[name])
            except LabError as error:
                self._give_up(name, error)
                continue
            before, began = time.perf_counter(), before
            self._meter_of(name).took(name, began, before)
            if frame is not None:
                yield frame
                before = time.perf_counter()

    def once(self, probe: str, settings: Mapping[str, Any] | None = None) -> Frame:
        """Measure a probe now, whatever it costs. LabError where it cannot be measured."""
        made = self._made(probe, settings or {})
        self._look.take()
        frame = self._frame(made)
        if frame is None:
            look = self._look
            return Frame(probe=probe, update=look.update, epoch=look.epoch, arrays={})
        return frame

    def every(self) -> Iterator[Frame]:
        """Measure all chosen probes now, whatever they cost: for a trainer that waits or has ended."""
        self._disarm()
        self._look.take()
        for name in list(self._probes):
            try:
                frame = self._frame(self._probes[name])
            except LabError as error:
                self._give_up(name, error)
                continue
            if frame is not None:
                yield frame

    def _watch(self, anew: Collection[str]) -> None:
        """Share out the time anew among the probes there are."""
        for meter in (self._meter, self._costly):
            names = [name for name in self._probes if self._meter_of(name) is meter]
            meter.watch(names, time.perf_counter(), anew)

    def _meter_of(self, name: str) -> Meter:
        return self._costly if self._probes[name].tier == "costly" else self._meter

    def _disarm(self) -> None:
        self.trainer.keep = False
        self._armed_at = None

    def _give_up(self, name: str, error: LabError) -> None:
        self.problems.append(error)
        del self._probes[name]
        self._watch(())

    @QUIET
    def _frame(self, probe: Probe) -> Frame | None:
        """One frame, or None where there is nothing to see yet. Whatever a probe raises is a LabError with its file."""
        look = self._look
        try:
            measured = probe.measure(look) if self.begun else probe.given(look)
            arrays = {name: _stored(array) for name, array in measured.items()}
            notes = dict(probe.notes(look)) if arrays else {}
        except LabError:
            raise
        except Exception as error:
            origin = self.catalog.entry("probe", probe.name).origin
            message = f"the {probe.described()} failed: {type(error).__name__}: {error}"
            raise PluginError(message, file=origin, remedy="Correct the plugin, then choose the view again") from error
        if not arrays:
            return None
        return Frame(probe=probe.name, update=look.update, epoch=look.epoch, arrays=arrays, notes=notes)

    def _made(self, name: str, settings: Mapping[str, Any]) -> Probe:
        return cast(Probe, cast(Any, self.catalog.get("probe", name))(**dict(settings)))

    def _split(self, name: str | None) -> str:
        splits = self.trainer.setup.data.splits()
        if name is None:
            return watched_split(self.trainer.setup.data)
        if name not in splits:
            raise ExperimentError(f"there is no {name} split", remedy=f"Choose one of {', '.join(splits)}")
        return name


def _stored(array: Any) -> Array:
    """A copy as it is sent: real numbers as float32, whole numbers and truth values as they are."""
    array = np.asarray(array)
    return np.array(array, np.float32 if array.dtype.kind == "f" else array.dtype, order="C")
