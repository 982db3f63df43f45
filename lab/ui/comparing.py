"""Runs of the store in the window: opened again, compared with the one on the stage, run anew one after another."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from PySide6.QtCore import QObject, QTimer

from lab.errors import ExperimentError, LabError
from lab.experiment.file import read_text
from lab.experiment.runs import Run
from lab.experiment.series import load_forecast
from lab.experiment.store import Store
from lab.registry.catalog import Catalog
from lab.runner.messages import Problem, WorkerState
from lab.ui.filing import Filing, problem_of
from lab.ui.main_window import MainWindow
from lab.ui.panels.differences import Compared, DifferencesPanel
from lab.ui.panels.run_model import PATIENCE
from lab.ui.panels.run_words import numbered
from lab.ui.panels.runs import RunsPanel
from lab.ui.running import Running
from lab.ui.session import ENDED, Session
from lab.ui.stage import Curve, Overlay
from lab.ui.words import Text

CURVES: Final = ("train.loss", "train.epoch_loss", "validation.loss")
"""What is drawn of a run that is compared."""
_OVER: Final = ENDED - {WorkerState.LOST}
"""States from which the next queued run begins: where a worker was lost a person has to look first."""
_ELSEWHERE: Final = Text(
    "Run {number} is being trained by another process, {pid}", "运行 {number} 正由另一进程（{pid}）训练"
)
_STOP_IT: Final = Text(
    "Stop it there (Stop in its window, Ctrl-C in its terminal) or wait for its end, then open it here.",
    "请先在那里停止（窗口中按“停止”，终端中按 Ctrl-C），或等它结束，然后再在此打开。",
)


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
        catalog: Catalog,
        folder: Path,
        report: Callable[[Problem], None],
    ) -> None:
        super().__init__(window)
        self._window, self._runs, self._differences = window, runs, differences
        self._session, self._filing, self._running = session, filing, running
        self._catalog, self._folder = catalog, folder
        self._report = report
        self._read: dict[str, tuple[Run, dict[str, Curve]]] = {}
        """The curves of runs that are compared, and what was known of each when they were read."""
        self._queue: deque[str] = deque()
        self._opening = False
        """Whether the experiment of a queued run is being opened."""
        self._begun: str | None = None
        """The queued run whose experiment was given to the worker, until that has begun with it."""
        # When all have heard that a run ended, and not while they are told.
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._next)
        runs.reopened.connect(self.reopen)
        runs.compared.connect(self.compare)
        runs.queued.connect(self.queue)
        runs.queue_cleared.connect(self.clear_queue)
        runs.differences_asked.connect(lambda: window.show_panel(2))
        runs.failed.connect(report)
        session.began.connect(self._began)
        session.state_changed.connect(self._entered)
        session.lost.connect(self._lost)
        filing.opened.connect(self._opened)
        window.closed.connect(self.clear_queue)

    def reopen(self, run: str) -> None:
        """Open the experiment of a run as it ended, and show the run where it stands: paused, or at its end.

        One that another process trains stays there, and what is open here stays open.
        """
        if run == self._session.stage.run and self._session.state not in ENDED:
            self._window.show_experiment()
            return
        stored = self._stored(run)
        if stored is None:
            return
        if stored.run.state in ("running", "paused") and stored.run.pid != self._session.worker_pid:
            whose = _ELSEWHERE.with_(number=stored.run.number, pid=stored.run.pid)
            self._window.banner(whose, None, "warning", detail=_STOP_IT)
        elif self._filing.open_text(stored.text, stored.run.name, stored.ended):
            self._running.reopen(run, then_pause=True)

    def compare(self, runs: Sequence[str]) -> None:
        """Lay the curves of these runs over those on the stage, and list how their experiments differ."""
        stage = self._session.stage
        before = [stage.run] if stage.run is not None and stage.run not in runs else []
        overlays: list[Overlay] = []
        compared: list[Compared] = []
        read = {}
        try:
            with Store(self._folder, create=False, patience=PATIENCE) as store:
                for found in store.known([*before, *runs]):
                    run = found.id
                    series = self._runs.model.series_of(run) if run in runs else 0
                    compared.append(Compared(found, self._ended(store, found), series))
                    if run != stage.run:
                        read[run] = found, self._curves(store, found)
                        overlays.append(Overlay(run, numbered(found), read[run][1], series))
        except LabError as error:
            self._report(problem_of(error))
            return
        self._read = read
        stage.overlays = overlays
        self._differences.show_runs(compared)
        stage.state_changed.emit()

    def _curves(self, store: Store, run: Run) -> dict[str, Curve]:
        """What is drawn of a run, read again only where there may be more by now."""
        known = self._read.get(run.id)
        if known is not None and known[0] == run:
            return known[1]
        curves = {name: Curve(*points) for name, points in store.curves(run.id, CURVES).items()}
        return curves | self._forecast(store.run_folder(run.id))

    def _forecast(self, folder: Path) -> dict[str, Curve]:
        """The forecast that a run kept, and the series that it is of; nothing where it has none."""
        try:
            found = load_forecast(folder)
        except LabError as error:
            self._report(problem_of(error))
            return {}
        if found is None:
            return {}
        pair = (("forecast", found.forecast), ("truth", found.truth))
        return {name: Curve(found.position, values) for name, values in pair}

    def queue(self, runs: Sequence[str]) -> None:
        """Run the experiments of these runs anew, one after another, when the present one has ended."""
        self._queue.extend(runs)
        self._next()

    def clear_queue(self) -> None:
        """Begin none of the queued runs."""
        self._queue.clear()
        self._runs.set_queue(0)

    def _began(self) -> None:
        self._begun = None
        self._runs.set_current(self._session.stage.run)
        self._runs.refresh()
        self.compare(self._runs.compared_runs())

    def _entered(self) -> None:
        if self._session.state in ENDED:
            self._runs.refresh()
            if self._runs.model.current is not None and self._session.stage.run is None:
                self._runs.set_current(None)
                self.compare(self._runs.compared_runs())
            # Idle is the stage that another experiment is being put on: no run has ended, and none may push in.
            if self._session.state is not WorkerState.IDLE:
                self._turn.start(0)

    def _lost(self, problem: Problem | None) -> None:
        run, self._begun = self._begun, None
        if run is not None and problem is not None:
            self._cannot(run, problem.message, problem.remedy)

    def _next(self) -> None:
        """Begin the first queued run that can; those that cannot are told."""
        while self._queue and not self._opening and self._session.state in _OVER:
            run = self._queue[0]
            try:
                with Store(self._folder, create=False, patience=PATIENCE) as store:
                    stored = self._found(store, run)
                read_text(stored.ended, self._catalog)
            except LabError as error:
                self._queue.popleft()
                self._cannot(run, error.message, error.remedy)
                continue
            self._opening = True
            try:
                left = self._filing.open_text(stored.text, stored.run.name, stored.ended)
            finally:
                self._opening = False
            if not left:
                self._give_up("the open experiment was not left")
                return
            self._queue.popleft()
            self._running.begin()
            self._begun = run
        self._runs.set_queue(len(self._queue))

    def _opened(self) -> None:
        self._begun = None
        if not self._opening:
            self._give_up("another experiment was opened")

    def _give_up(self, reason: str) -> None:
        """What a person has chosen to see stays: no queued run takes its place."""
        if self._queue:
            names = ", ".join(self._named(run) for run in self._queue)
            self.clear_queue()
            self._report(
                Problem(
                    level="note",
                    message=f"The queue was cleared, as {reason}; it had the runs: {names}",
                    remedy="Queue them again in the list of runs",
                )
            )

    def _cannot(self, run: str, reason: str, remedy: str | None) -> None:
        message = f"Queued run {self._named(run)} cannot begin: {reason}"
        self._report(Problem(level="error", message=message, remedy=remedy or ""))

    def _named(self, run: str) -> str:
        number = self._runs.model.number_of(run)
        return run if number is None else str(number)

    def _stored(self, run: str) -> "_Stored | None":
        try:
            with Store(self._folder, create=False, patience=PATIENCE) as store:
                return self._found(store, run)
        except LabError as error:
            self._report(problem_of(error))
            return None

    def _found(self, store: Store, run: str) -> "_Stored":
        text, found = store.experiment(run), store.find(run)
        return _Stored(found, text, self._ended(store, found))

    def _ended(self, store: Store, run: Run) -> str:
        """The text of the experiment with the values that the run ended with."""
        from lab.runner.stored import ended_with  # with it comes the trainer, which the start does without

        try:
            return ended_with(store, run, self._catalog).text
        except ExperimentError:  # it can be opened nevertheless, with what is wrong marked
            return store.experiment(run.id)


@final
@dataclass(frozen=True, slots=True)
class _Stored:
    """A run of the store, the text of its experiment, and what became of that while it ran."""

    run: Run
    text: str
    ended: str
