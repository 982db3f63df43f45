"""The conductor: obeys commands between the steps of a session that trains."""

import time
from collections import deque
from typing import Final, Literal, final

from lab.errors import LabError, StoreError, TrainingError
from lab.runner.channel import Channel
from lab.runner.commands import Begin, Command, Prepare, ProbeOnce, Resume, SetValue, SetWeight, Speed, Verb, Watch
from lab.runner.inline import Session
from lab.runner.messages import Changed, Noted, Problem, WorkerState
from lab.runner.pulse import Pulse
from lab.runner.sight import Sight
from lab.runner.trouble import problem_of, warning_of
from lab.runner.waiting import RETRY, worth_telling
from lab.training.live import mark
from lab.training.plan import LiveChange
from lab.training.trainer import Progress

TRAINING: Final = "training."
LAST: Final = 3.0
"""Seconds for which a run that is to be left is still tried to be kept."""


def ends(command: Command) -> bool:
    """Whether a command ends a run and is for whoever comes after it."""
    return command is Verb.CLOSE or isinstance(command, Begin | Prepare | Resume)


@final
class Conductor:
    """`watch`, `stop` and `hold` are those of `Session.train`. Commands that are not for this run stay in `todo`."""

    def __init__(self, channel: Channel, pulse: Pulse, sight: Sight, session: Session, todo: deque[Command]) -> None:
        self._channel = channel
        self._pulse = pulse
        self._sight = sight
        self._session = session
        self._todo = todo
        self._state: WorkerState | None = None
        self._paused = False
        self._held: Problem | None = None
        """Why nothing can be kept, as it was last said."""
        self._until: Literal["", "update", "epoch"] = ""
        self._stopping = False
        self._save = False
        self.gap = 0.0
        """Seconds between two updates, at least."""
        self._next = 0.0

    def pause(self) -> None:
        """Wait before the next step."""
        self._paused = True

    def watch(self, progress: Progress) -> None:
        """Show a step, and pause where it was the one to go to."""
        trainer = self._session.trainer
        planned = (trainer.setup.spec.training.epochs, trainer.total_updates)
        self._pulse.record(progress, self._session.recorder.seconds, planned)
        if progress.kind == self._until and not trainer.done:
            self._paused = True
        if progress.kind == "update" and self.gap:
            self._wait_turn()

    def stop(self) -> bool:
        """Obey, look, wait while paused; True where the run is to be left."""
        trainer, recorder = self._session.trainer, self._session.recorder
        self._obey()
        self._sight.look()
        while trainer.changes.made_again:
            self._note(trainer.changes.made_again.pop(0))
        if self._save and trainer.can_save:
            recorder.checkpoint()
            self._save = False
        if self._paused and not self._stopping:
            self._wait()
        if not self._stopping:
            self._enter(WorkerState.COMPILING if trainer.compilation.awaited else WorkerState.RUNNING)
        return self._stopping

    def hold(self, error: StoreError, seconds: float) -> bool:
        """Nothing can be kept: say so and wait for a moment, or for a command; False where the run is to be left.

        What else is asked for is done once it can be kept again.
        """
        problem = warning_of(error)
        if worth_telling(error, seconds) and problem != self._held:
            self._held, self._state = problem, WorkerState.PAUSED
            self._pulse.flush()
            self._channel.send(Changed(state=WorkerState.PAUSED, run=self._session.run, problem=problem))
            self._sight.every()
        with self._pulse.rest():
            self._channel.wait(RETRY)
        gone = self._channel.gone
        self._todo.extend(self._channel.take())
        while Verb.GO_ON in self._todo:  # at once, and if it cannot be then that is said anew
            self._todo.remove(Verb.GO_ON)
            self._paused, self._held = False, None
        asked = gone or any(command is Verb.STOP or ends(command) for command in self._todo)
        self._stopping = self._stopping or asked
        return not self._stopping or seconds < LAST

    def _wait(self) -> None:
        recorder = self._session.recorder
        recorder.rest()
        self._enter(WorkerState.PAUSED)
        self._sight.every()
        while self._paused and not self._stopping:
            with self._pulse.rest():
                self._channel.wait(1.0)
            self._obey()
        recorder.go_on()

    def _wait_turn(self) -> None:
        """Not too fast for the eye; a command ends the wait."""
        while (left := self._next - time.monotonic()) > 0 and not self._channel.waiting():
            with self._pulse.rest():
                self._channel.wait(min(left, 1.0))
        self._next = time.monotonic() + self.gap

    def _enter(self, state: WorkerState) -> None:
        if state is self._state and self._held is None:
            return
        self._held = None
        reason = self._session.trainer.plan.reason
        if self._state is WorkerState.COMPILING and state is WorkerState.RUNNING and reason:
            self._channel.send(Problem(level="warning", message=reason, remedy="Training goes on, more slowly"))
        self._state = state
        self._pulse.flush()
        self._channel.send(Changed(state=state, run=self._session.run))

    def _obey(self) -> None:
        if not self._todo and not self._channel.waiting():
            return
        gone = self._channel.gone
        self._todo.extend(self._channel.take())
        while self._todo and not ends(self._todo[0]):
            try:
                self._do(self._todo.popleft())
            except LabError as error:
                self._channel.send(problem_of(error))
        self._stopping = self._stopping or gone or bool(self._todo)

    def _do(self, command: Command) -> None:
        match command:
            case Verb.PAUSE:
                self._paused = True
            case Verb.GO_ON:
                self._paused, self._until = False, ""
            case Verb.ONE_UPDATE:
                self._paused, self._until = False, "update"
                self._sight.arm()
            case Verb.ONE_EPOCH:
                self._paused, self._until = False, "epoch"
            case Verb.STOP:
                self._stopping = True
            case Verb.SNAPSHOT:
                self._save = True
                self._save_now()
            case SetValue():
                self._set_value(command)
            case SetWeight():
                self._set_weight(command)
            case Watch():
                self._sight.choose(command)
                if self._state is WorkerState.PAUSED:
                    self._sight.every()
            case ProbeOnce():
                self._sight.once(command)
            case Speed():
                self.gap = gap_of(command)

    def _set_value(self, command: SetValue) -> None:
        if not command.path.startswith(TRAINING):
            raise TrainingError(
                f"{command.path} cannot change while a network learns", remedy="Stop, change it, and begin a new run"
            )
        self._note(self._session.trainer.change(command.path.removeprefix(TRAINING), command.value))
        self._session.recorder.flush()

    def _set_weight(self, command: SetWeight) -> None:
        if self._state is not WorkerState.PAUSED:
            raise TrainingError(f"{command.name} can be set while training is paused", remedy="Pause first")
        self._note(self._session.trainer.set_weight(command.name, command.value))
        self._save = True
        self._save_now()
        self._sight.every()

    def _save_now(self) -> None:
        """Before training goes on, where there can be a checkpoint; else with the end of the batch."""
        if self._state is WorkerState.PAUSED and self._session.trainer.can_save:
            self._session.recorder.checkpoint()
            self._save = False

    def _note(self, change: LiveChange) -> None:
        if change.by_hand or change.value != change.before:
            self._channel.send(Noted(update=change.update, text=mark(change)))


def gap_of(speed: Speed) -> float:
    """Seconds between two updates at this speed."""
    return 1.0 / speed.updates_per_second if speed.updates_per_second else 0.0
