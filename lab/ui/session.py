"""The session: one document, one worker, and the stage on which views see what the worker does."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QObject, Signal

from lab.errors import LabError
from lab.experiment.spec import Spec
from lab.runner.messages import Began, Changed, Curves, Message, Noted, Prepared, Problem, WorkerState
from lab.runner.worker import Worker
from lab.telemetry.frames import Frame
from lab.training.labels import HANDFUL
from lab.ui.stage import Curve, Stage

MakeWorker = Callable[[], Worker]
Points = Mapping[str, tuple[NDArray[Any], NDArray[Any]]]
"""The updates and the values of curves, by name."""

ENDED = frozenset({WorkerState.IDLE, WorkerState.FINISHED, WorkerState.STOPPED, WorkerState.FAILED, WorkerState.LOST})
"""States from which Run begins a new run."""


class Experiment(Protocol):
    """What a session needs of the open document."""

    @property
    def text(self) -> str: ...
    @property
    def spec(self) -> Spec | None: ...
    @property
    def place(self) -> str | None: ...


@final
class Watch:
    """What is asked of the probes: those of the visible views, the samples, and how often."""

    def __init__(self) -> None:
        self.probes: dict[str, dict[str, Any]] = {}
        self.settings: dict[str, dict[str, Any]] = {}
        self.samples: tuple[int, ...] = tuple(range(HANDFUL))
        self.rate = 30.0
        self.share = 0.02

    def need(self, names: Sequence[str]) -> bool:
        """Ask for these probes and no others; True where that is a change."""
        wanted = {name: self.settings.get(name, {}) for name in names}
        changed = wanted != self.probes
        self.probes = wanted
        return changed


@final
class Session(QObject):
    """Runs experiments in a worker and keeps the stage up to date. All calls return at once; `poll` does the rest.

    A worker that is lost begins anew, in another process, when something is to be run again.
    """

    state_changed = Signal()
    began = Signal()
    """A run is on the stage, from its first update or from a checkpoint on."""
    prepared = Signal()
    """What an experiment learns from is on the stage before it runs, or why it cannot run."""
    measured = Signal()
    """Figures of the status bar have changed: once for all that a poll took in."""
    problem = Signal(object)
    held = Signal(object)
    """A Problem because of which nothing can be kept: a run waits, or is only shown."""
    lost = Signal(object)
    """A run failed or was lost: its Problem. The store has its last good checkpoint."""

    def __init__(self, stage: Stage, make_worker: MakeWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stage = stage
        self.watch = Watch()
        self._make_worker = make_worker
        self._worker: Worker | None = None
        self._growing: dict[str, _Growing] = {}
        self._expected = False
        """Whether what the worker says is of the run on the stage, not of one that was left."""
        self._preparing: Spec | None = None
        """The experiment that is, or is to be, on the stage before it runs."""
        self._prepared = False
        """Whether what is known of it has come."""
        self._early: list[Frame] = []
        """Frames of it that came before: they take another way."""
        self._news = False
        """Whether there are new figures, which one poll tells once."""
        self.target = "auto"
        self.threads: int | None = None
        """Threads of the runs that begin from now on; None for all processors."""
        self.epoch = 0
        self.epochs: int | None = None
        """How many are planned; None where updates are counted, and where nothing runs."""
        self.updates: int | None = None
        """How many are planned."""
        self.seconds = 0.0
        self.rate = 0.0
        self.watching = 0.0
        self.allowed = 0.0
        """The share of the time that watching may take."""
        self.busy = 0.0
        """How many processors the worker keeps busy."""
        stage.asked.connect(self._ask)
        stage.weight_set.connect(self._set_weight)

    @property
    def state(self) -> WorkerState:
        """What the worker does."""
        return self.stage.state

    @property
    def worker_pid(self) -> int | None:
        """The process of the worker."""
        return None if self._worker is None else self._worker.pid

    def warm(self) -> None:
        """Have a worker ready, so that the next run begins at once."""
        if self._worker is None:
            self._worker = self._make_worker()

    def prepare(self, experiment: Experiment) -> None:
        """Show what an experiment learns from, before it runs; nothing where a run is on the stage."""
        if self.state is not WorkerState.IDLE or self.stage.run is not None:
            return
        self.warm()
        assert self._worker is not None
        self._preparing, self._prepared = experiment.spec, False
        self._early.clear()
        self._look()
        self._worker.prepare(experiment.text, experiment.place)

    def begin(self, experiment: Experiment, *, then_pause: bool = False) -> None:
        """Run an experiment from its first update on."""
        self.warm()
        assert self._worker is not None
        self._clear(experiment.spec)
        self._enter(WorkerState.STARTING, None)
        self._look()
        self._worker.begin(
            experiment.text, experiment.place, target=self.target, threads=self.threads, then_pause=then_pause
        )

    def resume(self, run: str, spec: Spec | None, curves: Points, *, then_pause: bool = False) -> None:
        """Go on with a run of the store from its last checkpoint; `curves` are what it has so far."""
        self.warm()
        assert self._worker is not None
        self._clear(spec)
        for name, (updates, values) in curves.items():
            self._extend(name, updates, values)
        self._enter(WorkerState.STARTING, run)
        self._look()
        self._worker.resume(run, then_pause=then_pause)

    def pause(self) -> None:
        """Stop after the update that is being made."""
        self._tell(Worker.pause)

    def go_on(self) -> None:
        """Go on after a pause."""
        self._tell(Worker.go_on)

    def one_update(self) -> None:
        """Make one update, and pause."""
        self._tell(Worker.one_update)

    def one_epoch(self) -> None:
        """Go on to the end of the epoch, and pause."""
        self._tell(Worker.one_epoch)

    def stop(self) -> None:
        """End the run here, with a checkpoint to go on from."""
        self._tell(Worker.stop)

    def snapshot(self) -> None:
        """Write a checkpoint as soon as there can be one."""
        self._tell(Worker.snapshot)

    def leave(self) -> None:
        """Another experiment takes the stage: a run that goes on is stopped, and what is seen of it goes."""
        if self.state not in ENDED:
            self._tell(Worker.stop)
        self._clear(None)
        self._enter(WorkerState.IDLE, None)

    def speed(self, updates_per_second: float | None) -> None:
        """So many updates a second at most; None for as many as can be made."""
        self._tell(lambda worker: worker.speed(updates_per_second))

    def set_value(self, path: str, value: object) -> None:
        """Change what may change while a network learns; ignored where nothing runs."""
        if self.state not in ENDED:
            self._tell(lambda worker: worker.set_value(path, value))

    def need(self, probes: Sequence[str]) -> None:
        """The probes that visible views draw."""
        if self.watch.need(probes):
            self._look()

    def look_at(self, samples: Sequence[int] | None = None, rate: float | None = None) -> None:
        """Choose the watched samples, and how many frames a second are wanted.

        Other samples leave a mark on the curves of a run, which is the window's alone: training is not changed by them.
        """
        before = self._watched()
        self.watch.samples = self.watch.samples if samples is None else tuple(samples)
        if self._watched() != before and self.state not in ENDED:
            listed = ", ".join(str(sample + 1) for sample in self._watched())
            self.stage.marks.append((self.stage.update, {"en": f"watched: {listed}", "zh": f"观测样本 {listed}"}))
        self.watch.rate = self.watch.rate if rate is None else rate
        self._look()

    def poll(self) -> bool:
        """Take in what the worker has said and measured since; True where there is something new to draw."""
        if self._worker is None:
            return False
        messages = self._worker.poll()
        for message in messages:
            self._take(message)
        if self._news:
            self._news = False
            self.measured.emit()
        frames = [] if self._worker is None else self._worker.frames()
        if self._expected or self._prepared:
            for frame in frames:
                self._show(frame)
        elif self._preparing is not None:
            self._early += frames
        return bool(messages or frames)

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _tell(self, command: Callable[[Worker], None]) -> None:
        if self._worker is not None:
            try:
                command(self._worker)
            except LabError as error:
                self.problem.emit(Problem(level="error", message=error.message, remedy=error.remedy or ""))

    def _look(self) -> None:
        watch = self.watch
        self._tell(lambda worker: worker.look(watch.probes, watch.samples, watch.rate, watch.share))

    def _ask(self, probe: str, settings: dict[str, Any]) -> None:
        self.watch.settings[probe] = settings
        if probe in self.watch.probes:
            self.watch.probes[probe] = settings
            self._look()
        if self.stage.run is not None:  # else there is no network to look at
            self._tell(lambda worker: worker.probe(probe, settings))

    def _watched(self) -> list[int]:
        """The watched samples that the run has."""
        count = len(self.stage.about.get("samples", ()))
        return [sample for sample in self.watch.samples if sample < count]

    def _set_weight(self, name: str, value: Any) -> None:
        self._tell(lambda worker: worker.set_weight(name, value))

    def _clear(self, spec: Spec | None) -> None:
        stage = self.stage
        self._expected = False
        self._growing = {}
        stage.curves, stage.marks = {}, []
        if not self._prepared or stage.spec is not spec:  # else it stays to be seen until the run has more
            stage.about, stage.frames, stage.finite = {}, {}, {}
        self._preparing, self._prepared, stage.hindrance = None, False, None
        stage.spec, stage.run = spec, None
        stage.update, stage.checkpoint = 0, None
        self.epochs, self.updates = None, None
        self.epoch, self.seconds, self.rate, self.watching, self.busy = 0, 0.0, 0.0, 0.0, 0.0
        stage.reset.emit()

    def _enter(self, state: WorkerState, run: str | None) -> None:
        self.stage.state = state
        self.stage.run = run or self.stage.run
        self.state_changed.emit()
        self.stage.state_changed.emit()

    def _take(self, message: Message) -> None:
        if isinstance(message, Prepared):
            self._show_prepared(message.about, message.problem)
            return
        if isinstance(message, Changed) and message.state is WorkerState.LOST and self._preparing is not None:
            what = "the worker is lost" if message.problem is None else message.problem.message
            remedy = "Change the dataset, or press Run: that starts another worker"
            self._show_prepared({}, Problem(level="error", message=what, remedy=remedy))
            return
        if not self._expected and not isinstance(message, Problem):
            starting = self.state is WorkerState.STARTING
            news = (WorkerState.STARTING, WorkerState.LOST)
            if not (starting and isinstance(message, Changed) and message.state in news):
                return
            self._expected = True
        match message:
            case Changed():
                self._enter(message.state, message.run)
                if message.problem is not None:
                    self.problem.emit(message.problem)
                if message.state in (WorkerState.FAILED, WorkerState.LOST):
                    self.lost.emit(message.problem)
                elif message.problem is not None:
                    self.held.emit(message.problem)
            case Began():
                self.stage.run, self.stage.about = message.run, message.about
                self.stage.update, self.epoch = message.about["update"], message.about["epoch"]
                self.epochs, self.updates = message.about["epochs"], message.about["updates"]
                self._cut(self.stage.update)
                self.stage.reset.emit()
                self.began.emit()
                self._news = True
            case Curves():
                for name, (updates, _, values) in message.columns.items():
                    self._extend(name, updates, values)
                self.stage.update, self.epoch = message.update, message.epoch
                self.epochs, self.updates = message.epochs, message.updates
                self.seconds, self.rate, self.watching = message.seconds, message.rate, message.watching
                self.allowed = message.allowed
                self.busy = message.busy
                self._news = True
            case Noted():
                self.stage.marks.append((message.update, message.text))
            case Problem():
                self.problem.emit(message)

    def _show_prepared(self, about: Mapping[str, Any], problem: Problem | None) -> None:
        """Put what is known of the experiment that was last asked for on the stage, unless that was left."""
        if self._preparing is None:
            return
        stage = self.stage
        stage.spec, stage.about, stage.hindrance = self._preparing, about, problem
        stage.frames, stage.finite = {}, {}
        for frame in self._early:
            self._show(frame)
        self._early.clear()
        self._prepared = True
        stage.reset.emit()
        self.prepared.emit()

    def _extend(self, name: str, updates: ArrayLike, values: ArrayLike) -> None:
        if name not in self._growing:
            self._growing[name] = _Growing(self.stage.curve(name))
        self._growing[name].extend(np.asarray(updates, np.int64), np.asarray(values, float))

    def _cut(self, update: int) -> None:
        """A run that goes on from a checkpoint has no curves behind it any more."""
        for growing in self._growing.values():
            growing.cut(update)

    def _show(self, frame: Frame) -> None:
        self.stage.frames[frame.probe] = frame
        if _can_be_drawn(frame.arrays):
            self.stage.finite[frame.probe] = frame


def _can_be_drawn(arrays: Mapping[str, Any]) -> bool:
    """Whether every array has something finite; NaN among it is drawn as what it is, and a triangle is half empty."""
    return all(np.isfinite(array).any() or not array.size for array in arrays.values() if array.dtype.kind == "f")


class _Growing:
    """Makes a curve longer without copying all of it each time."""

    def __init__(self, curve: Curve) -> None:
        self._curve = curve
        self._updates = np.zeros(1024, np.int64)
        self._values = np.zeros(1024)
        self._count = 0

    def extend(self, updates: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        end = self._count + len(updates)
        if end > len(self._values):
            size = max(end, 2 * len(self._values))
            self._updates = np.resize(self._updates, size)
            self._values = np.resize(self._values, size)
        self._updates[self._count : end] = updates
        self._values[self._count : end] = values
        self._count = end
        self._show()

    def cut(self, update: int) -> None:
        self._count = int(np.searchsorted(self._updates[: self._count], update, side="right"))
        self._show()

    def _show(self) -> None:
        end = self._count
        self._curve.updates, self._curve.values = self._updates[:end], self._values[:end]
