"""A stored run opened again: its experiment, its data and its trained network."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from lab.compile.targets.cupy import device_available
from lab.errors import StoreError
from lab.experiment.checkpoint import State, latest
from lab.experiment.edit import assign
from lab.experiment.file import Document, read_text
from lab.experiment.runs import Run
from lab.experiment.store import Store
from lab.experiment.values import values_of
from lab.registry.catalog import Catalog
from lab.training.plan import Plan, TargetName
from lab.training.setup import Setup, set_up
from lab.training.snapshot import put_back
from lab.training.trainer import Trainer


def ended_with(store: Store, run: Run, catalog: Catalog) -> Document:
    """The experiment of a run with the values that it ended with: those changed while it learned are in it.

    ExperimentError where the experiment cannot be read any more, as of a plugin that is gone.
    """
    document = read_text(store.experiment(run.id), catalog)
    last: dict[str, Any] = {}
    for change in Plan.from_json(run.plan).changes:
        if not change.by_hand:
            last.pop(change.key, None)  # in the order of the last ones: epochs and updates drop each other
            last[change.key] = change.value
    for key, value in last.items():
        path = f"training.{key}"
        if values_of(document.spec).get(path) != value:
            document = assign(document, path, value, catalog).document
    return document


def stored_setup(store: Store, run: Run, catalog: Catalog, file: str | None = None) -> Setup:
    """The experiment of a run made ready, as it ended; with a `file` that file is the test split."""
    return set_up(ended_with(store, run, catalog).spec, catalog, file)


def stored_state(store: Store, run: Run, note: Callable[[str], None]) -> State:
    """The newest intact checkpoint of a run; StoreError where there is none."""
    damaged: list[StoreError] = []
    state = latest(store.run_folder(run.id), damaged.append)
    for error in damaged:
        note(f"a checkpoint is passed over: {error}")
    if state is None:
        raise StoreError(
            f"the run {run.id} has no checkpoint", remedy=f"Let it train for longer: run --resume {run.id}"
        )
    return state


def judged_parameters(setup: Setup, state: State) -> NDArray[Any]:
    """The parameters of a checkpoint that a run is judged by: with early stopping the best, else the last."""
    kept = setup.spec.training.early_stopping and "best.parameters" in state.arrays
    return state.arrays["best.parameters" if kept else "parameters"]


@contextmanager
def opened(setup: Setup, run: Run, state: State, note: Callable[[str], None]) -> Iterator[Trainer]:
    """The trainer of a run as its last checkpoint left it, with the parameters that the run is judged by.

    It computes with the target that the run ended with, so that it says the same to the last bit.
    """
    with Trainer(setup, _plan(run, note)) as trainer:
        put_back(trainer, state)
        trainer.keep_best()
        yield trainer


def _plan(run: Run, note: Callable[[str], None]) -> Plan:
    plan = Plan.from_json(run.plan)
    if plan.target == "cupy":
        available, reason = device_available()
        if not available:
            note(f"the run was trained on a CUDA device; this is computed on the CPU. {reason}")
            return Plan(target="numpy", threads=plan.threads, changes=plan.changes)
    if plan.target == "auto":
        target: TargetName = "numpy" if plan.switched is None else "numba"
        return Plan(target=target, threads=plan.threads, variants=plan.variants, changes=plan.changes)
    return plan
