"""The worker's end: takes commands, trains runs and keeps them in the store, and shows what happens."""

import contextlib
import faulthandler
import importlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, final

from lab.errors import StoreBusyError, StoreError
from lab.experiment.file import Document, read_text
from lab.experiment.runs import Run
from lab.experiment.store import Store
from lab.registry.manager import load_catalog
from lab.runner.about import about
from lab.runner.channel import Channel
from lab.runner.commands import Begin, Command, Prepare, ProbeOnce, Ready, Resume, Speed, Verb, Watch
from lab.runner.conductor import Conductor, ends, gap_of
from lab.runner.files import absolute_files, placing, stamps
from lab.runner.inline import PATIENCE, Session, begun, resumed
from lab.runner.messages import Began, Changed, Noted, Prepared, Problem, WorkerState
from lab.runner.process import Place
from lab.runner.pulse import Pulse
from lab.runner.sight import Sight
from lab.runner.stored import opened, stored_setup, stored_state
from lab.runner.trouble import problem_of, warning_of
from lab.runner.waiting import RETRY, kept, worth_telling
from lab.telemetry.ring import RingWriter
from lab.training.live import mark
from lab.training.plan import Plan, chosen_plan
from lab.training.setup import Setup, set_up
from lab.training.trainer import Trainer

ORPHAN: Final = 5.0
"""Seconds for a last checkpoint once the window is gone."""
SOON: Final = ("scipy.linalg.cython_blas", "numba", "lab.compile.targets.numba_runtime")
"""What the first run imports, which takes a moment: better before it."""
_ENDS: Final = {
    "finished": WorkerState.FINISHED,
    "interrupted": WorkerState.STOPPED,
    "failed": WorkerState.FAILED,
}


def serve(connection: "Connection[Any, Any]", place: Place) -> None:
    """The life of a worker, in a process of its own: it ends with the command to close, or with the window."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the window
    ring = RingWriter(place.ring)

    def leave(code: int) -> None:
        channel.flush(1.0)
        ring.close()
        os._exit(code)  # a compilation, which cannot be broken off, would be waited for otherwise

    def abandon() -> None:
        time.sleep(ORPHAN)
        leave(1)

    faulthandler.enable(place.crash.open("a", encoding="utf-8"))
    with contextlib.suppress(OSError):  # the window has it open, so it needs no name any more; Windows keeps it
        place.crash.unlink()
    channel = Channel(connection, abandon)
    pulse = Pulse(channel, place.patience)
    pulse.start()
    try:
        Server(channel, pulse, ring, place, lambda: leave(0)).run()
    except BaseException as error:  # noqa: BLE001 - it is told to whoever watches
        pulse.flush()
        channel.send(Changed(state=WorkerState.FAILED, problem=problem_of(error)))
        leave(1)
    leave(0)


class _DroppedError(Exception):
    """Something else was asked for before there was a run."""


@final
class Server:
    """Works off commands: one run after the other; after its end a run can be looked at until the next begins."""

    def __init__(
        self, channel: Channel, pulse: Pulse, ring: RingWriter, place: Place, leave: Callable[[], None]
    ) -> None:
        """`leave` ends the process, whatever else is going on in it."""
        self._leave = leave
        self._channel = channel
        self._pulse = pulse
        self._place = place
        self._catalog = load_catalog(also=place.plugins)
        self._sight = Sight(channel, pulse, ring, self._catalog)
        self._todo: deque[Command] = deque()
        self._gap = 0.0
        self._told = False
        self._known: tuple[object, Setup] | None = None
        """What was prepared, and the stamps of its files then: an experiment on the same data loads no others."""

    def run(self) -> None:
        """Until the command to close, or the end of the window."""
        self._channel.send(Ready())
        for module in SOON:
            importlib.import_module(module)
        command = self._serve()
        while isinstance(command, Begin | Prepare | Resume):
            command = self._prepare(command) if isinstance(command, Prepare) else self._train(command)

    def _serve(self) -> Command:
        """Do what can be done without training, until a command comes that ends this."""
        while not ends(command := self._next()):
            match command:
                case Watch():
                    self._sight.choose(command)
                    self._sight.every()
                case ProbeOnce():
                    self._sight.once(command)
                case Speed():
                    self._gap = gap_of(command)
        return command

    def _next(self) -> Command:
        while not self._todo:
            gone = self._channel.gone
            self._todo.extend(self._channel.take())
            if gone and not self._todo:
                return Verb.CLOSE
            if not self._todo:
                with self._pulse.rest():
                    self._channel.wait(1.0)
        return self._todo.popleft()

    def _prepare(self, command: Prepare) -> Command:
        """Tell what an experiment learns from, and let that be looked at; the next command that has to do with another.

        Whatever else is asked for meanwhile is done first, and what this was asked for is then of no use.
        """
        try:
            self._go_or_drop()
            document = self._read(command)
            with placing(document):
                setup = self._set_up(document)
                self._known = stamps(document), setup
                self._go_or_drop()
                trainer = Trainer(setup, Plan(target="numpy", threads=1))
            with trainer:
                self._channel.send(Prepared(turn=command.turn, about=about(trainer)))
                self._sight.open(trainer, command.turn, begun=False)
                self._sight.every()
                return self._serve()
        except _DroppedError:
            pass  # what was asked for since comes next
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
            self._channel.send(Prepared(turn=command.turn, problem=problem_of(error)))
        finally:
            self._sight.close()
        return self._serve()

    def _train(self, command: Begin | Resume) -> Command:
        """Train a run, and let it be looked at; the next command that has to do with another."""
        run = command.run if isinstance(command, Resume) else None
        self._pulse.restart()
        self._told = False
        self._channel.send(Changed(state=WorkerState.STARTING, run=run))
        try:
            with self._opened(command) as (store, session):
                if session is not None:
                    self._conduct(session, command)
                following = self._serve()
                if following is Verb.CLOSE:
                    store.close()
                    self._leave()
                return following
        except _DroppedError:
            if not any(map(ends, self._todo)):
                self._channel.send(Changed(state=WorkerState.IDLE))
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
            self._channel.send(Changed(state=WorkerState.FAILED, run=run, problem=problem_of(error)))
        finally:
            self._sight.close()
        return self._serve()

    @contextmanager
    def _opened(self, command: Begin | Resume) -> Iterator[tuple[Store, Session | None]]:
        """The session of a run; None for one that is only looked at."""
        if isinstance(command, Resume):
            self._known = None
            with Store(self._place.runs, create=False, patience=PATIENCE) as store:
                run = store.find(command.run)
                try:
                    kept(lambda: store.claim(run.id), self._hold, StoreBusyError)
                except StoreError as error:
                    with self._shown(store, run, command.turn, error):
                        yield store, None
                else:
                    opening = resumed(store, run, self._catalog, self._say, self._go_or_drop, self._hold)
                    with opening as session:
                        yield store, session
            return
        document = self._read(command)
        with placing(document):
            plan, notes = chosen_plan(command.device, command.target, command.threads or self._place.threads)
            for note in notes:
                self._say(note)
            setup = self._set_up(document)
            self._known = None
            with begun(self._place.runs, document, setup, plan, self._go_or_drop, self._hold) as session:
                yield session.store, session

    def _read(self, command: Begin | Prepare) -> Document:
        """The experiment that a command has as a text; the files that it names are looked for beside its own."""
        file = None if command.file is None else Path(command.file)
        written = read_text(command.experiment, self._catalog, file=file)
        with placing(written):
            return absolute_files(written, Path.cwd() if file is None else file.parent, self._catalog)

    def _set_up(self, document: Document) -> Setup:
        known = self._known[1] if self._known is not None and self._known[0] == stamps(document) else None
        return set_up(document.spec, self._catalog, known=known)

    @contextmanager
    def _shown(self, store: Store, run: Run, turn: int, error: StoreError) -> Iterator[None]:
        """A run that this process cannot train is looked at as its last checkpoint left it."""
        kept_state = stored_state(store, run, self._say)
        with opened(stored_setup(store, run, self._catalog), run, kept_state, self._say) as trainer:
            self._channel.send(Began(run=run.id, experiment=store.experiment(run.id), about=about(trainer)))
            self._sight.open(trainer, turn)
            self._sight.every()
            state = _ENDS.get(run.state, WorkerState.STOPPED)
            self._channel.send(Changed(state=state, run=run.id, problem=warning_of(error)))
            yield

    def _hold(self, error: StoreError, seconds: float) -> bool:
        """Before there is a run: wait for another process, unless something else is asked for."""
        if worth_telling(error, seconds) and not self._told:
            self._told = True
            self._channel.send(Changed(state=WorkerState.STARTING, problem=warning_of(error)))
        with self._pulse.rest():
            self._channel.wait(RETRY)
        self._go_or_drop()
        return True

    def _go_or_drop(self) -> None:
        """Up to here nothing is written."""
        gone = self._channel.gone
        self._todo.extend(self._channel.take())
        if gone or any(command is Verb.STOP or ends(command) for command in self._todo):
            raise _DroppedError

    def _conduct(self, session: Session, command: Begin | Resume) -> None:
        trainer = session.trainer
        self._channel.send(
            Began(run=session.run, experiment=session.store.experiment(session.run), about=about(trainer))
        )
        for change in trainer.plan.changes:
            if change not in trainer.changes.waiting:
                self._channel.send(Noted(update=change.update, text=mark(change)))
        trainer.changes.made_again.clear()  # told just now
        self._sight.open(trainer, command.turn)
        conductor = Conductor(self._channel, self._pulse, self._sight, session, self._todo)
        conductor.gap = self._gap
        if command.then_pause and not trainer.done:
            conductor.pause()
        problem: Problem | None = None
        try:
            outcome = session.train(conductor.watch, conductor.stop, conductor.hold)
            state = _ENDS[outcome.run.state]
            if outcome.error is not None:
                entry = warning_of if isinstance(outcome.error, StoreError) else problem_of
                problem = entry(outcome.error)
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
            state, problem = WorkerState.FAILED, problem_of(error)
        self._gap = conductor.gap
        session.store.release(session.run)
        self._sight.every()
        self._pulse.flush()
        self._channel.send(Changed(state=state, run=session.run, problem=problem))

    def _say(self, note: str) -> None:
        self._channel.send(Problem(level="note", message=note))
