"""The inline runner: trains a run in this process and this thread, and keeps it in the store."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

from lab.errors import LabError, NotFiniteError, StoreBusyError, StoreError
from lab.experiment.checkpoint import latest
from lab.experiment.file import Document, read_text
from lab.experiment.runs import Run, label_of
from lab.experiment.store import Store
from lab.registry.catalog import Catalog
from lab.runner.recorder import Recorder
from lab.runner.waiting import Hold, give_up, kept
from lab.training.plan import Plan
from lab.training.setup import Setup, set_up
from lab.training.snapshot import put_back
from lab.training.trainer import Progress, Trainer

Notify = Callable[[str], None]
PATIENCE: Final = 0.5
"""Seconds that one attempt to write waits for other processes; after it a command can be obeyed."""


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """How a session of training ended: the run as it is stored now, and the error that ended it, if one did."""

    run: Run
    error: LabError | None = None


@final
class Session:
    """A claimed run with its trainer, from the beginning or from a checkpoint on."""

    def __init__(
        self,
        store: Store,
        run: str,
        trainer: Trainer,
        *,
        seconds: float = 0.0,
        first: Progress | NotFiniteError | None = None,
    ) -> None:
        """`first` is what the first update came to where it was made before there was a run."""
        self.store = store
        self.run = run
        self.trainer = trainer
        self.recorder = Recorder(store, run, trainer, seconds=seconds)
        self._first = first

    def train(self, watch: Callable[[Progress], None], stop: Callable[[], bool], hold: Hold = give_up) -> Outcome:
        """Train to the end, or until `stop` says so and a checkpoint can be written.

        `stop` is asked before each step but the one that `begun` made, and may wait; once it has said so, it is not
        asked again. `hold` waits where the store cannot be written to; where it gives up, the run is left as if it had
        been stopped, at the last checkpoint. So does a KeyboardInterrupt. Any other exception that is no LabError is
        recorded and raised.
        """
        self.recorder.hold = hold
        try:
            interrupted = self._train(watch, stop)
            if interrupted:
                self.recorder.interrupt()
            else:
                self.recorder.finish()
        except StoreError as error:
            self.recorder.leave(error)
            return Outcome(replace(self.store.find(self.run), state="interrupted"), error)
        except LabError as error:
            self.recorder.fail(error)
            return Outcome(self.store.find(self.run), error)
        except KeyboardInterrupt:
            self.recorder.leave()
        except BaseException as error:
            self.recorder.fail(f"{type(error).__name__}: {error}")
            raise
        return Outcome(self.store.find(self.run))

    def _train(self, watch: Callable[[Progress], None], stop: Callable[[], bool]) -> bool:
        progress, self._first = self._first, None
        if isinstance(progress, NotFiniteError):
            raise progress
        stopping = False
        while True:
            if progress is not None:
                self.recorder.note(progress)
                watch(progress)
            stopping = stopping or stop()
            if stopping and self.trainer.can_save:
                return True
            progress = self.trainer.advance()
            if progress is None:
                return False


@contextmanager
def begun(
    folder: Path, document: Document, setup: Setup, plan: Plan, ready: Callable[[], None], hold: Hold = give_up
) -> Iterator[Session]:
    """A new run in the store at `folder`, made when its first update has shown that all of it can be computed.

    Up to `ready`, which is called just before the run is made, nothing is written. `hold` waits for other processes
    that use the store; one that cannot be written to for another reason is told before anything is trained: LabError.
    """
    with Trainer(setup, plan) as trainer:
        first: Progress | NotFiniteError | None
        start = time.perf_counter()
        try:
            first = trainer.advance()
        except NotFiniteError as error:
            first = error  # this is a result, to be kept like one
        seconds = time.perf_counter() - start
        ready()

        def create() -> str:
            return store.create(
                name=document.spec.name,
                label=label_of(document.spec),
                experiment=document.text,
                plan=plan.as_json(),
                baselines=setup.data.baselines,
            )

        with kept(lambda: Store(folder, patience=PATIENCE), hold, StoreBusyError) as store:
            run = kept(create, hold, StoreBusyError)
            try:
                kept(lambda: store.claim(run), hold, StoreBusyError)
            except BaseException:
                with suppress(StoreError):  # a run that never began is none
                    store.remove(run)
                raise
            yield Session(store, run, trainer, seconds=seconds, first=first)


@contextmanager
def resumed(
    store: Store, run: Run, catalog: Catalog, note: Notify, ready: Callable[[], None], hold: Hold = give_up
) -> Iterator[Session]:
    """A run of the store from its last checkpoint on, with the plan it has. LabError leaves the run as it was.

    `hold` waits for other processes that use the store.
    """
    kept(lambda: store.claim(run.id), hold, StoreBusyError)
    try:
        run_now = store.find(run.id)
        setup = set_up(read_text(store.experiment(run.id), catalog).spec, catalog)
        trainer = Trainer(setup, Plan.from_json(run_now.plan))
    except BaseException:
        _give_back(store, run)
        raise
    with trainer:
        try:
            seconds = _restore(store, run.id, trainer, note, hold)
            ready()
        except BaseException:
            _give_back(store, run)
            raise
        yield Session(store, run.id, trainer, seconds=seconds)


def _restore(store: Store, run: str, trainer: Trainer, note: Notify, hold: Hold) -> float:
    """Put the newest intact checkpoint back; the seconds of training up to it."""
    damaged: list[StoreError] = []
    state = latest(store.run_folder(run), damaged.append)
    for error in damaged:
        note(f"a checkpoint is passed over: {error}")
    seconds = 0.0
    if state is not None:
        put_back(trainer, state)
        seconds = float(state.counters.get("seconds", 0.0))

    def rewind() -> None:
        store.rewind(run, update=trainer.update, epochs=trainer.epoch, seconds=seconds)

    kept(rewind, hold, StoreBusyError)
    return seconds


def _give_back(store: Store, run: Run) -> None:
    try:
        with suppress(StoreError):  # what it raised before is what there is to say
            store.change(run.id, state=run.state, error=run.error)
    finally:
        store.release(run.id)
