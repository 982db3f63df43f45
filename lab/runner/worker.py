"""The worker, as the window has it: a process that trains, commands to it, and what comes back."""

import contextlib
import multiprocessing
import os
import secrets
import signal
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, final

from numpy.typing import NDArray

from lab.runner.channel import Channel
from lab.runner.commands import (
    Alive,
    Begin,
    Command,
    Prepare,
    ProbeOnce,
    Ready,
    Resume,
    SetValue,
    SetWeight,
    Speed,
    Stuck,
    Verb,
    Watch,
)
from lab.runner.messages import Changed, Message, Prepared, Problem, WorkerState
from lab.runner.process import Place, live
from lab.telemetry.frames import Frame
from lab.telemetry.ring import RingReader, Segment

Array = NDArray[Any]

PATIENCE: Final = 10.0
"""Seconds without a sign of life, or without any work done where there is some, after which a worker is lost."""
STOP_AGAIN: Final = 1.0
"""Seconds after which a worker that was asked to stop may be made to."""
START: Final = 60.0
"""Seconds for its first sign of life, at least: it has much to import, perhaps from a slow disk."""
_GO_ON: Final = "Resume goes on from the last checkpoint"


@final
class Worker:
    """One process that trains runs, one after the other, in the store at `runs`.

    It is started at once, imports and loads plugins (the usual ones and those in `plugin_folders`), and then waits.
    No method waits for it; what it does is told by `poll`, to be called some ten times a second or more. A worker that
    dies, or has not been heard of or got further for `patience` seconds, is LOST: it is ended, and `begin` and `resume`
    start another one.
    """

    def __init__(
        self,
        runs: Path,
        plugin_folders: Sequence[Path] = (),
        *,
        threads: int | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """`threads` are those of a run that asks for no number."""
        self._runs = runs
        self._plugins = tuple(plugin_folders)
        self._threads = threads
        self._patience = patience
        self._watch: Watch | None = None
        self._speed: Speed | None = None
        self._dropped = 0
        self._closed = False
        self._turn = 0
        self._start()

    def _start(self) -> None:
        self.state = WorkerState.STARTING
        self.run: str | None = None
        """The run that is trained, or was trained last."""
        self._asked = False
        self._stopping: float | None = None
        self._line = _Line(self._runs, self._plugins, self._threads, self._patience)
        self._finalizer = weakref.finalize(self, self._line.end)
        if self._watch is not None:
            self._line.channel.send(self._watch)
        if self._speed is not None:
            self._line.channel.send(self._speed)

    @property
    def pid(self) -> int | None:
        """The process."""
        return self._line.process.pid

    @property
    def dropped(self) -> int:
        """Frames that were overwritten before they were taken."""
        return self._dropped + self._line.ring.dropped

    def begin(
        self,
        experiment: str,
        file: str | None = None,
        *,
        target: str = "auto",
        device: str = "auto",
        threads: int | None = None,
        then_pause: bool = False,
    ) -> None:
        """Train an experiment, given as TOML; with `then_pause` wait after the first update.

        A run that is being trained is stopped first. `file` is where the experiment is kept: relative names of files in
        it are looked for there, and errors name it.
        """
        self._launch(
            Begin(
                experiment=experiment,
                file=file,
                target=target,
                device=device,
                threads=threads,
                then_pause=then_pause,
                turn=self._turn + 1,
            )
        )

    def prepare(self, experiment: str, file: str | None = None) -> None:
        """Tell what an experiment learns from, before it runs: the answer is Prepared, and frames of what is given.

        A run that is being trained is stopped first.
        """
        self._turned(Prepare(experiment=experiment, file=file, turn=self._turn + 1))

    def resume(self, run: str, *, then_pause: bool = False) -> None:
        """Go on with a run of the store from its last checkpoint; one that has ended is opened to be looked at."""
        self._launch(Resume(run=run, then_pause=then_pause, turn=self._turn + 1))

    def pause(self) -> None:
        """Wait after the update that is being made."""
        self._send(Verb.PAUSE)

    def go_on(self) -> None:
        """Go on after a pause."""
        self._send(Verb.GO_ON)

    def one_update(self) -> None:
        """Make one update, then pause."""
        self._send(Verb.ONE_UPDATE)

    def one_epoch(self) -> None:
        """Go on to the end of the epoch, then pause."""
        self._send(Verb.ONE_EPOCH)

    def stop(self) -> None:
        """Leave the run at the end of the batch, with a checkpoint.

        A worker that has not done so for a second is ended when this is asked again; the last checkpoint stands.
        """
        now = time.monotonic()
        if self._stopping is not None and now - self._stopping > STOP_AGAIN:
            self._line.kill()
            return
        self._stopping = self._stopping or now
        self._send(Verb.STOP)

    def set_value(self, path: str, value: object) -> None:
        """Give a key that may change now (`training.learning_rate`) a value, from the next update on.

        The answer is Noted or a Problem.
        """
        self._send(SetValue(path, value))

    def set_weight(self, name: str, value: Array) -> None:
        """Set a parameter by its full name, while paused. The answer is Noted or a Problem."""
        self._send(SetWeight(name, value))

    def look(self, probes: Mapping[str, Mapping[str, Any]], samples: Sequence[int], rate: float, share: float) -> None:
        """Measure these probes with their settings on these samples of the split that is watched.

        At most `rate` frames a second of each, and at most `share` of the time for all. It holds for later runs too.
        """
        settings = {name: dict(values) for name, values in probes.items()}
        self._watch = Watch(probes=settings, samples=tuple(samples), rate=rate, share=share)
        self._send(self._watch)

    def probe(self, name: str, settings: Mapping[str, Any]) -> None:
        """Measure a probe once, also while paused or after the end; its frame comes with `frames`."""
        self._send(ProbeOnce(name, dict(settings)))

    def snapshot(self) -> None:
        """Write a checkpoint as soon as there can be one: at the end of the batch."""
        self._send(Verb.SNAPSHOT)

    def speed(self, updates_per_second: float | None) -> None:
        """So many updates a second at most, to watch them; None for as many as can be made. It holds for later runs."""
        self._speed = Speed(updates_per_second)
        self._send(self._speed)

    def poll(self) -> list[Message]:
        """All that the worker has said since. Never waits."""
        if self._closed or self.state is WorkerState.LOST:
            return []
        gone = self._line.channel.gone
        messages: list[Message] = []
        for said in self._line.channel.take():
            match said:
                case Alive():
                    pass
                case Segment():
                    self._line.ring.follow(said)
                case Ready():
                    if not self._asked:
                        messages.append(self._entered(Changed(state=WorkerState.IDLE)))
                case Stuck():
                    return [*messages, self._lost(said.problem)]
                case Changed():
                    messages.append(self._entered(said))
                case Prepared() if said.turn != self._turn:
                    pass  # something else was asked for since
                case _:
                    messages.append(said)
        if gone:
            return [*messages, self._lost(self._line.post_mortem())]
        patience = self._patience if self._line.channel.heard else max(self._patience, START)
        if time.monotonic() - (self._line.channel.heard or self._line.started) > patience:
            message = f"the worker has not been heard of for {patience:g} s"
            return [*messages, self._lost(Problem(level="error", message=message, remedy=_GO_ON))]
        return messages

    def frames(self) -> list[Frame]:
        """The newest frame of each probe that has not been taken yet; the arrays are the caller's own."""
        return [] if self._closed else self._line.ring.take()

    def close(self, patience: float = 5.0) -> None:
        """End the worker: it is asked, then terminated, then killed. While it trains it has `patience` seconds before.

        They are for a last checkpoint.
        """
        if not self._closed:
            self._closed = True
            self._finalizer.detach()
            trains = self.state in (WorkerState.RUNNING, WorkerState.COMPILING, WorkerState.PAUSED)
            self._line.end(patience if trains else min(patience, 1.0))

    def _launch(self, command: Begin | Resume) -> None:
        if self._closed:
            return
        self._turned(command)
        self._asked = True
        self._stopping = None
        self.state = WorkerState.STARTING

    def _turned(self, command: Begin | Prepare | Resume) -> None:
        """Send what begins another turn; a worker that is lost is another one then."""
        if self._closed:
            return
        if self.state is WorkerState.LOST:
            self._dropped = self.dropped
            self._start()
        self._turn = self._line.ring.turn = command.turn
        self._line.channel.send(command)

    def _send(self, command: Command) -> None:
        if not self._closed and self.state is not WorkerState.LOST:
            self._line.channel.send(command)

    def _entered(self, changed: Changed) -> Changed:
        self.state = changed.state
        self.run = changed.run or self.run
        if changed.state not in (WorkerState.RUNNING, WorkerState.COMPILING, WorkerState.PAUSED):
            self._stopping = None
        return changed

    def _lost(self, problem: Problem) -> Changed:
        self._finalizer.detach()
        self._line.end(0.0)
        return self._entered(Changed(state=WorkerState.LOST, run=self.run, problem=problem))


@final
class _Line:
    """The process of a worker, with all that leads to it."""

    def __init__(self, runs: Path, plugins: tuple[Path, ...], threads: int | None, patience: float) -> None:
        name = f"rnnlab-{os.getpid():x}-{secrets.token_hex(3)}"
        self.crash = Path(tempfile.gettempdir()) / f"{name}-crash.txt"
        self._stacks = self.crash.open("w+", encoding="utf-8", errors="replace")
        place = Place(runs=runs, plugins=plugins, threads=threads, ring=name, crash=self.crash, patience=patience)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        # Daemon: whatever becomes of this process, it does not wait for that one at its end.
        self.process: BaseProcess = context.Process(target=live, args=(theirs, place), name="rnn-lab", daemon=True)
        self.process.start()
        self.started = time.monotonic()
        self.killed = False
        theirs.close()
        self.channel = Channel(ours)
        self.ring = RingReader(name)

    def kill(self) -> None:
        """End the process now."""
        self.killed = True
        self.process.kill()

    def end(self, patience: float = 1.0) -> None:
        """End the process, kindly within `patience` seconds, and remove what it leaves."""
        if patience and self.process.is_alive():
            self.channel.send(Verb.CLOSE)
            self.process.join(patience)
        if patience and self.process.is_alive():
            self.process.terminate()
            self.process.join(1.0)
        if self.process.is_alive():
            self.process.kill()
        self.process.join(5.0)
        self.channel.close(1.0)
        self.ring.close()
        self._stacks.close()
        with contextlib.suppress(OSError):
            self.crash.unlink(missing_ok=True)

    def post_mortem(self) -> Problem:
        """What there is to say of a process that has ended without being asked to."""
        self.process.join(1.0)
        code = self.process.exitcode
        self._stacks.seek(0)
        stacks = self._stacks.read()
        if self.killed:
            return Problem(level="warning", message="the worker did not stop, and was ended", remedy=_GO_ON)
        message, remedy = f"the worker has ended with exit code {code}", _GO_ON
        if code is not None and code < 0:
            known = {one.value: one.name for one in signal.Signals}
            message = f"the worker was ended by {known.get(-code, f'signal {-code}')}"
            if known.get(-code) == "SIGKILL":
                remedy = f"If memory had run out, make the network or the batch smaller. {_GO_ON}"
        return Problem(level="error", message=message, remedy=remedy, details=stacks)
