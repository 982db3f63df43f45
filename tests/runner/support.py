"""A worker in tests: experiments, plugins that misbehave, and waiting for what a worker says."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lab.experiment.checkpoint import State, latest
from lab.experiment.runs import Run, Scalar
from lab.experiment.store import Store
from lab.runner.messages import Began, Changed, Curves, Message, Noted, Prepared, Problem, WorkerState
from lab.runner.worker import Worker
from lab.telemetry.frames import Frame

SERIES = """\
version = 1
name = "Airline, small"
seed = 7

[dataset]
plugin = "airline-passengers"
transform = "seasonal-difference"

[[layers]]
cell = "lstm"
hidden = 6

[training]
optimizer = "{optimizer}"
learning_rate = 0.01
batch_size = 1
epochs = {epochs}
checkpoint_every = {every}
"""

MISBEHAVING = '''\
"""Optimizers that misbehave in their third update, and a dataset that never comes."""

import time

import numpy as np

from lab.api import Data, Dataset, Optimizer, Sequences, hookimpl, hyperparameter


class Sleeps(Optimizer):
    """Waits for what never comes."""

    name = "sleeps"

    def update(self, parameters, gradient, slots, rate, count):
        parameters -= rate * gradient
        if count == 3:
            time.sleep(1000)


class Raises(Optimizer):
    """Fails."""

    name = "raises"

    def update(self, parameters, gradient, slots, rate, count):
        if count == 3:
            raise KeyError("momentum")


class Spins(Optimizer):
    """Works on what never ends."""

    name = "spins"

    def update(self, parameters, gradient, slots, rate, count):
        while count == 3:
            pass


class Greedy(Optimizer):
    """Wants more memory than there is."""

    name = "greedy"

    def update(self, parameters, gradient, slots, rate, count):
        if count == 3:
            raise MemoryError


class Never(Dataset):
    """Waits for a server."""

    name = "never"
    task = "regression"
    source = "nowhere"
    licence = "none"

    def load(self, seed):
        time.sleep(1000)


class Counted(Dataset):
    """Adds a byte to a file each time that it is loaded."""

    name = "counted"
    task = "regression"
    source = "made"
    licence = "none"
    note: str = hyperparameter("", en="Where", zh="位置")

    def load(self, seed):
        with open(self.note, "a") as file:
            file.write("x")
        draw = np.random.default_rng(seed)
        made = Sequences(inputs=draw.normal(size=(5, 4, 1)), targets=draw.normal(size=(5, 4, 1)))
        return Data(train=made, inputs=1, outputs=1, metric="mse", baselines={})


@hookimpl
def lab_register_optimizers():
    return [Sleeps, Raises, Spins, Greedy]


@hookimpl
def lab_register_datasets():
    return [Never, Counted]
'''


def counting(file: Path, seed: int) -> str:
    """Random data that note in a file each time that they are loaded."""
    airline = 'plugin = "airline-passengers"\ntransform = "seasonal-difference"'
    text = series(2).replace(airline, f'plugin = "counted"\nnote = {str(file)!r}')
    return text.replace("seed = 7", f"seed = {seed}")


def series(epochs: int = 20, *, optimizer: str = "adam", every: object = 1000) -> str:
    """A short series: one update in each epoch."""
    return SERIES.format(epochs=epochs, optimizer=optimizer, every=every)


class Watched:
    """A worker with all that it has said."""

    def __init__(self, worker: Worker, runs: Path) -> None:
        self.worker = worker
        self.runs = runs
        self.said: list[Message] = []
        self.frames: list[Frame] = []

    def until(self, condition: Callable[[], object], timeout: float = 30.0) -> None:
        """Poll until something holds."""
        end = time.monotonic() + timeout
        while True:
            self.said += self.worker.poll()
            self.frames += self.worker.frames()
            if condition():
                return
            assert time.monotonic() < end, (self.worker.state, self.said[-5:])
            time.sleep(0.005)

    def reach(self, state: WorkerState) -> Changed:
        """Poll until the worker says that it is in a state, from now on."""
        before = len(self.said)
        self.until(lambda: any(isinstance(one, Changed) and one.state is state for one in self.said[before:]))
        return next(one for one in reversed(self.said) if isinstance(one, Changed) and one.state is state)

    def forget(self) -> None:
        """Start anew to take note."""
        self.said += self.worker.poll()
        self.said.clear()
        self.frames.clear()

    @property
    def states(self) -> list[WorkerState]:
        """The states that were entered."""
        return [one.state for one in self.said if isinstance(one, Changed)]

    @property
    def scalars(self) -> list[Scalar]:
        """All values of curves."""
        return [scalar for one in self.said if isinstance(one, Curves) for scalar in one.scalars]

    @property
    def updates(self) -> int:
        """The update that the curves have come to."""
        return max((scalar.update for scalar in self.scalars), default=0)

    @property
    def noted(self) -> list[Noted]:
        """The marks."""
        return [one for one in self.said if isinstance(one, Noted)]

    @property
    def problems(self) -> list[Problem]:
        """Entries of the channel for errors."""
        return [one for one in self.said if isinstance(one, Problem)]

    @property
    def prepared(self) -> list[Prepared]:
        """What was said of experiments before they ran."""
        return [one for one in self.said if isinstance(one, Prepared)]

    @property
    def began(self) -> Began:
        """What was last said of a run that has begun."""
        return next(one for one in reversed(self.said) if isinstance(one, Began))

    def stored(self, run: str) -> tuple[Run, list[Scalar], State]:
        """What the store has of a run."""
        with Store(self.runs, create=False) as store:
            state = latest(store.run_folder(run))
            assert state is not None
            return store.find(run), store.scalars(run), state


def shared_memory() -> set[str]:
    """The shared memory of workers that this process has started."""
    folder = Path("/dev/shm")
    return {one.name for one in folder.glob(f"rnnlab-{os.getpid():x}-*")} if sys.platform == "linux" else set()


def same(first: tuple[Run, list[Scalar], State], second: tuple[Run, list[Scalar], State]) -> None:
    """Two runs came to the same, to the last bit."""
    assert set(first[2].arrays) == set(second[2].arrays)
    for name, array in first[2].arrays.items():
        assert array.tobytes() == second[2].arrays[name].tobytes(), name
    assert list(map(repr, first[1])) == list(map(repr, second[1]))
    assert first[0].metrics == second[0].metrics
    assert (first[0].state, first[0].updates, first[0].epochs) == (second[0].state, second[0].updates, second[0].epochs)
