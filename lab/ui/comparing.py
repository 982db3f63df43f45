"""Runs of the store in the window: opened again, compared with the one on the stage, run anew one after another."""

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, final

import numpy as np
from PySide6.QtCore import QObject

from lab.errors import LabError
from lab.experiment.runs import Scalar
from lab.experiment.store import Store
from lab.runner.messages import Problem, WorkerState
from lab.ui.filing import Filing, problem_of
from lab.ui.main_window import MainWindow
from lab.ui.panels.differences import Compared, DifferencesPanel
from lab.ui.panels.run_words import name as name_of
from lab.ui.panels.runs import RunsPanel
from lab.ui.running import Running
from lab.ui.session import ENDED, Session, by_name
from lab.ui.stage import Curve, Overlay

CURVES: Final = ("train.loss", "train.epoch_loss", "validation.loss")
"""What is drawn of a run that is compared."""


@final
class Comparing(QObject):
    """Wires the panel of runs with the stage. `report` is the channel for problems."""

    def __init__(
        self,
        window: MainWindow,
        runs: RunsPanel,
        differences: DifferencesPanel,
        session: Session,
        filing: Filing,
        running: Running,
        folder: Path,
        report: Callable[[Problem], None],
    ) -> None:
        super().__init__(window)
        self._window, self._runs, self._differences = window, runs, differences
        self._session, self._filing, self._running = session, filing, running
        self._folder = folder
        self._report = report
        self._queue: deque[str] = deque()
        runs.reopened.connect(self.reopen)
        runs.compared.connect(self.compare)
        runs.queued.connect(self.queue)
        runs.differences_asked.connect(lambda: window.show_panel(2))
        runs.failed.connect(report)
        session.began.connect(self._began)
        session.state_changed.connect(self._entered)

    def reopen(self, run: str) -> None:
        """Open the experiment of a run, and show the run where it stands: paused, or at its end."""
        try:
            with Store(self._folder, create=False) as store:
                text, name = store.experiment(run), store.find(run).name
        except LabError as error:
            self._report(problem_of(error))
            return
        if self._filing.open_text(text, name):
            self._running.reopen(run, then_pause=True)

    def compare(self, runs: Sequence[str]) -> None:
        """Lay the curves of these runs over those on the stage, and list how their experiments differ."""
        stage = self._session.stage
        overlays: list[Overlay] = []
        compared: list[Compared] = []
        try:
            with Store(self._folder, create=False) as store:
                for run in runs:
                    found = store.find(run)
                    series = self._runs.model.series_of(run)
                    compared.append(Compared(found, store.experiment(run), series))
                    if run != stage.run:
                        curves = curves_of(store.scalars(run, CURVES))
                        overlays.append(Overlay(run, str(name_of(found)), curves, series))
                if stage.run is not None and stage.run not in runs:
                    compared.insert(0, Compared(store.find(stage.run), store.experiment(stage.run), 0))
        except LabError as error:
            self._report(problem_of(error))
            return
        stage.overlays = overlays
        self._differences.show_runs(compared)
        stage.state_changed.emit()

    def queue(self, runs: Sequence[str]) -> None:
        """Run the experiments of these runs anew, one after another, when the present one has ended."""
        self._queue.extend(runs)
        self._next()

    def _began(self) -> None:
        self._runs.set_current(self._session.stage.run)
        self._runs.refresh()
        self.compare(self._runs.compared_runs())

    def _entered(self) -> None:
        if self._session.state in ENDED:
            self._runs.refresh()
            # Idle is the stage that another experiment is being put on: no run has ended, and none may push in.
            if self._session.state is not WorkerState.IDLE:
                self._next()

    def _next(self) -> None:
        busy = self._session.state not in ENDED or self._session.state is WorkerState.LOST
        if self._queue and not busy:
            run = self._queue.popleft()
            try:
                with Store(self._folder, create=False) as store:
                    text, name = store.experiment(run), store.find(run).name
            except LabError as error:
                self._report(problem_of(error))
                return
            if self._filing.open_text(text, name):
                self._running.begin()
        self._runs.set_queue(len(self._queue))


def curves_of(scalars: Sequence[Scalar]) -> dict[str, Curve]:
    """Curves by name, from the rows of the store."""
    return {
        name: Curve(np.array([one.update for one in rows], np.int64), np.array([one.value for one in rows]))
        for name, rows in by_name(scalars).items()
    }
