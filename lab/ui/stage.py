"""The stage: what a view is given to draw from. It is read only, but for the cursor that views share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from lab.experiment.spec import Spec
from lab.runner.messages import Problem, WorkerState
from lab.telemetry.frames import Frame
from lab.ui.words import Text

Array = NDArray[Any]


@final
@dataclass(slots=True, eq=False)
class Curve:
    """The values of one scalar over updates; both arrays grow at the end and never change elsewhere."""

    updates: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    values: Array = field(default_factory=lambda: np.zeros(0))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """Another run that is compared: what it is called, its curves, and the number (1-8) of its series colour.

    Of a series it has the `forecast` over the steps too, and the `truth` that it is of.
    """

    run: str
    name: Text
    """With its number, which no other run has."""
    curves: Mapping[str, Curve]
    series: int

    @property
    def dash(self) -> int:
        """The pattern of its lines, which no other has: the run on the stage has the first, baselines the second."""
        return self.series - 1


@final
class Cursor(QObject):
    """The step in time and the sample that views look at together. `step` is None while none is chosen."""

    moved = Signal()
    """At once, for a mark and what is as quickly drawn."""
    settled = Signal()
    """When that has been drawn, for what takes longer: moves that follow one another soon are told once."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.timeout.connect(self.settled)
        self.step: int | None = None
        self.sample = 0

    def look_at(self, step: int | None = None, sample: int | None = None) -> None:
        """Move to a step, a sample, or both; None leaves what is."""
        step = self.step if step is None else step
        sample = self.sample if sample is None else sample
        if (step, sample) != (self.step, self.sample):
            self.step, self.sample = step, sample
            self.moved.emit()
            self._settling.start(0)


@final
class Stage(QObject):
    """All that can be seen of the current run.

    `curves` are by name (`train.loss`, `validation.loss`, `learning_rate`, `gradient.norm`), `frames` the latest by
    probe, `finite` the last one of each in which every array had something finite. `about` is that of `Began`; `marks`
    are changes while running, (update, words by language). `asked` are requests of views: (probe, settings). Before a
    run there are `about` of the open experiment and frames of what its data alone give, or the `hindrance`.
    """

    reset = Signal()
    """Another run, or none: draw anew from the beginning."""
    state_changed = Signal()
    asked = Signal(str, dict)
    weight_set = Signal(str, object)
    """A view asks for a parameter to be changed: full name and array; only while paused."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = WorkerState.IDLE
        self.spec: Spec | None = None
        self.run: str | None = None
        self.about: Mapping[str, Any] = {}
        self.curves: dict[str, Curve] = {}
        self.frames: dict[str, Frame] = {}
        self.finite: dict[str, Frame] = {}
        self.marks: list[tuple[int, Mapping[str, str]]] = []
        self.overlays: list[Overlay] = []
        self.update = 0
        self.checkpoint: int | None = None
        self.hindrance: Problem | None = None
        """Why the open experiment could not run."""
        self.cursor = Cursor(self)

    def curve(self, name: str) -> Curve:
        """A curve, empty where nothing is known yet."""
        return self.curves.setdefault(name, Curve())

    @property
    def live(self) -> bool:
        """True while updates follow one another."""
        return self.state in (WorkerState.RUNNING, WorkerState.COMPILING)
