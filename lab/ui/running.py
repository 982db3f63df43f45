"""Running: what the verbs of the toolbar do with the session, and what the window then shows."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, final

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from lab.errors import LabError
from lab.experiment.checkpoint import newest_update
from lab.experiment.spec import Spec
from lab.experiment.store import Store
from lab.experiment.values import values_of
from lab.runner.messages import Problem, WorkerState
from lab.training.length import ended, waited
from lab.ui.actions import OPEN, RESUMABLE, Actions
from lab.ui.document import Fault, OpenDocument
from lab.ui.filing import problem_of
from lab.ui.forms.fields import sections
from lab.ui.main_window import MainWindow
from lab.ui.panels.run_model import PATIENCE
from lab.ui.session import ENDED, Session
from lab.ui.translation import placed
from lab.ui.words import Text, bind, bind_call

_TARGETS: Final = {
    "numpy": Text("CPU · NumPy", "CPU · NumPy"),
    "numba": Text("CPU · compiled", "CPU · 已编译"),
    "cupy": Text("CUDA device", "CUDA 设备"),
    "auto": Text("CPU · compiled when ready", "CPU · 编译完成后切换"),
}
_WORDS: Final = frozenset({"name", "name_zh", "note", "note_zh"})
"""What an experiment says to people only."""
_LOST: Final = Text("The run was lost", "运行已中断")
_FAILED: Final = Text("The run failed", "运行失败")
_NOT_BEGUN: Final = Text("The run could not begin", "运行未能开始")
_ONE_MORE: Final = Text("{first} There is 1 more problem.", "{first}另有 1 处错误。")
_AND_MORE: Final = Text("{first} There are {n} more problems.", "{first}另有 {n} 处错误。")
_WAITS: Final = Text("Training waits, and goes on by itself", "训练暂停等待，恢复后自动继续")
_GENTLER: Final = {
    "training.clip_norm": Text("Resume, clip at {value:g}", "继续，裁剪到 {value:g}"),
    "training.learning_rate": Text("Resume, learning rate {value:g}", "继续，学习率 {value:g}"),
}
"""What may keep a run from a loss that is no number, and how it is offered."""
_CLIP: Final = 1.0
_SLOW: Final = 0.01
"""The learning rate that is offered at most."""
_NOT_KEPT: Final = Text("Nothing more is kept of this run", "此运行不再写入记录")


@final
class Running(QObject):
    """Follows the actions and the state of the worker. `ready` brings what is being typed into the document."""

    def __init__(
        self,
        window: MainWindow,
        actions: Actions,
        session: Session,
        document: OpenDocument,
        runs: Path,
        report: Callable[[Problem], None],
    ) -> None:
        super().__init__(window)
        self._window, self._actions = window, actions
        self._session, self._document = session, document
        self._runs = runs
        self._report = report
        self._left: Spec | None = None
        """What the experiment said when the run on the stage ended."""
        self._waits = False
        """Whether the banner says that training waits."""
        self._refused = False
        """Whether the banner says that no run could begin."""
        self._retry = QAction(self)
        bind(self._retry, self._retry.setText, Text("Try again now", "立即重试"))
        self._retry.triggered.connect(session.go_on)
        self._again = QAction(self)
        bind(self._again, self._again.setText, Text("Resume from the checkpoint", "从检查点继续"))
        self._again.triggered.connect(self.resume)
        self._gently = QAction(self)
        self._gently.triggered.connect(self._resume_gently)
        bind_call(self._gently, self._name_gently)
        self._anew = QAction(self)
        bind(self._anew, self._anew.setText, Text("Run from the beginning", "从头运行"))
        self._anew.triggered.connect(self.begin)
        self._connect()
        window.toolbar.set_targets([(name, _TARGETS[name]) for name in ("auto", "numpy", "numba")])
        window.toolbar.show_target(_TARGETS["auto"])

    def begin(self, *, then_pause: bool = False) -> None:
        """Run the open experiment from its first update on."""
        if self._hindered():
            return
        self._window.clear_banner()
        self._window.show_experiment()
        self._session.begin(self._document, then_pause=then_pause)

    def resume(self) -> None:
        """Go on with the run on the stage from its last checkpoint."""
        run = self._session.stage.run
        if run is None:
            self.begin()
            return
        if self._hindered():
            return
        self._window.clear_banner()
        changed = self._changed()
        self.reopen(run)
        for path, value in (changed or {}).items():
            self._session.set_value(path, value)

    def reopen(self, run: str, *, then_pause: bool = False) -> None:
        """Put a run of the store on the stage, with its curves, and go on with it from its last checkpoint."""
        try:
            with Store(self._runs, create=False, patience=PATIENCE) as store:
                curves = store.curves(run)
        except LabError as error:
            self._report(problem_of(error))
            return
        self._session.resume(run, self._document.spec, curves, then_pause=then_pause)

    def follow(self) -> None:
        """Show what can be done now."""
        document, faults = self._document, self._document.faults
        if self._refused and not faults:
            self._refused = False
            self._window.clear_banner()
        self._actions.follow(
            self._session.state,
            has_document=not self._window.in_gallery,
            dirty=document.dirty,
            checkpoint=self._session.stage.checkpoint if self._goes_on() else None,
            fault=_first_of(faults) if faults else None,
        )

    def _changed(self) -> dict[str, object] | None:
        """What the run on the stage is to go on with, where it did not end so; None where it must begin anew.

        All that may change, if anything did: what the checkpoint and the changes after it had is not what is asked for.
        """
        left, spec = self._left, self._document.spec
        if left is None or spec is None:
            return {}
        before, now = values_of(left), values_of(spec)
        differing = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)} - _WORDS
        if not differing:
            return {}
        fields = [field for group in sections(spec, self._document.catalog).values() for field in group]
        live = {field.path for field in fields if field.live}
        if not differing <= live:
            return None
        return {path: now[path] for path in sorted(live) if now.get(path) is not None}

    def _goes_on(self) -> bool:
        """Whether the run on the stage can go on with the experiment as it is: a finished one where it is longer."""
        stage, spec = self._session.stage, self._document.spec
        if self._changed() is None:
            return False
        if self._session.state is not WorkerState.FINISHED:
            return True
        return spec is not None and not ended(spec.training, stage.update, self._session.epoch, self._losses())

    def _losses(self) -> Sequence[float]:
        """The validation loss of each epoch."""
        return list(self._session.stage.curve("validation.loss").values)

    def _connect(self) -> None:
        verbs, session = self._actions, self._session
        verbs.run.triggered.connect(self._run)
        verbs.run_anew.triggered.connect(lambda: self.begin())
        verbs.one_update.triggered.connect(lambda: self._go(session.one_update))
        verbs.one_epoch.triggered.connect(lambda: self._go(session.one_epoch))
        verbs.stop.triggered.connect(session.stop)
        verbs.snapshot.triggered.connect(session.snapshot)
        session.state_changed.connect(self._entered)
        session.measured.connect(self._measured)
        session.began.connect(self._began)
        session.held.connect(self._held)
        session.lost.connect(self._lost)
        self._document.changed.connect(self.follow)
        self._document.file_changed.connect(self.follow)
        self._document.refused_changed.connect(self.follow)
        toolbar = self._window.toolbar
        toolbar.speed_chosen.connect(session.speed)
        toolbar.target_chosen.connect(self._choose_target)

    def _choose_target(self, name: str) -> None:
        self._session.target = name
        self._window.toolbar.show_target(_TARGETS[name])

    def _run(self) -> None:
        meaning = self._actions.meaning
        if meaning == "pause":
            self._session.pause()
        elif meaning == "run":
            self.begin()
        elif self._session.state is WorkerState.PAUSED:
            self._session.go_on()
        else:
            self.resume()

    def _go(self, step: Callable[[], None]) -> None:
        if self._session.state in OPEN:
            step()
        else:
            self.begin(then_pause=True)

    def _entered(self) -> None:
        stage, state = self._session.stage, self._session.state
        if self._waits:
            self._waits = False
            self._window.clear_banner()
        if state in RESUMABLE and stage.run is not None:
            stage.checkpoint = newest_update(self._runs / stage.run)
        self._left = self._document.spec if state in ENDED and stage.run is not None else None
        self._window.status.show_state(state)
        if state not in OPEN:
            self._window.status.show_watching(None)
        if state in (WorkerState.IDLE, WorkerState.STARTING):
            self._window.status.clear_progress()
        elif state is WorkerState.FINISHED:
            self._measured()
        self.follow()

    def _began(self) -> None:
        plan = self._session.stage.about.get("plan", {})
        target = "numba" if plan.get("switched") is not None else plan.get("target", "auto")
        self._window.toolbar.show_target(_TARGETS.get(target, Text.plain(target)))

    def _measured(self) -> None:
        session = self._session
        update, planned = session.stage.update, session.updates
        left = (planned - update) / session.rate if planned and session.rate > 0 else None
        if session.state not in OPEN:
            left = None
        status = self._window.status
        finished = session.state is WorkerState.FINISHED
        early = finished and (update < (planned or 0) if session.epochs is None else session.epoch < session.epochs)
        since = waited(self._losses()) if early else None
        status.show_progress(session.epoch, session.epochs, update, planned, session.rate, left, since)
        status.show_watching(session.watching if session.state in OPEN else None, session.allowed)

    def _held(self, problem: Problem) -> None:
        self._waits = self._session.state in OPEN
        retry = self._retry if self._session.state is WorkerState.PAUSED else None
        title = _WAITS if self._waits else _NOT_KEPT
        self._window.banner(title, retry, "warning", detail=_said(problem))

    def _lost(self, problem: Problem | None) -> None:
        if self._session.stage.run is None and self._session.state is WorkerState.FAILED:
            self._window.banner(_NOT_BEGUN, self._anew, "error", detail=_said(problem))
            return
        lost = self._session.state is WorkerState.LOST
        checkpoint = self._session.stage.checkpoint
        if checkpoint is None:
            kept, action, more = Text("No checkpoint was written.", "尚无检查点。"), self._anew, []
        else:
            intact = Text("The checkpoint of update {update} is intact.", "第 {update} 次更新的检查点完好。")
            kept = intact.with_(update=checkpoint)
            action, more = self._again, [self._anew]
            if problem is not None and problem.not_finite and self._gentler() is not None:
                self._name_gently()
                action, more = self._gently, [self._again, self._anew]
        detail = (
            kept
            if problem is None
            else Text("{kept} {reason}", "{kept}{reason}").with_(reason=placed(problem), kept=kept)
        )
        self._window.banner(_LOST if lost else _FAILED, action, "error", detail=detail, more=more)

    def _gentler(self) -> tuple[str, float] | None:
        """The key to change where the loss was no number, and its value: it would be none again."""
        if self._document.spec is None:
            return None
        training = self._document.spec.training
        if not training.clip_norm:
            return "training.clip_norm", _CLIP
        return "training.learning_rate", min(training.learning_rate / 10, _SLOW)

    def _name_gently(self) -> None:
        gentler = self._gentler()
        if gentler is not None:
            self._gently.setText(str(_GENTLER[gentler[0]].with_(value=gentler[1])))

    def _resume_gently(self) -> None:
        """Go on from the checkpoint with what may keep the loss finite, as an edit of the experiment."""
        gentler = self._gentler()
        if gentler is not None:
            self._document.set(*gentler)
            self.resume()

    def _hindered(self) -> bool:
        """Bring in what is being typed. Where that cannot be, or the text is wrong: say why no run can begin."""
        self._document.finish()
        faults = self._document.faults
        if not faults:
            return False
        self._window.leave_present()
        if not self._actions.toggle_left.isChecked():
            self._actions.toggle_left.trigger()
        self._refused = True
        self._window.banner(_NOT_BEGUN, None, "error", detail=_first_of(faults))
        self._document.show_faults()
        return True


def _first_of(faults: Sequence[Fault]) -> Text:
    """The first, and how many more there are."""
    first, more = faults[0].why, len(faults) - 1
    if not more:
        return first
    return (_ONE_MORE if more == 1 else _AND_MORE).with_(first=first, n=more)


def _said(problem: Problem | None) -> Text:
    """What happened and what to do, in one line."""
    return Text.plain("") if problem is None else placed(problem)
