"""Snapshot: the whole state of a trainer between two batches, as the arrays and counters of a checkpoint."""

from typing import Any

import numpy as np

from lab.components.probe import Course
from lab.errors import StoreError
from lab.experiment.checkpoint import Counter, State
from lab.training.trainer import Trainer


def take(trainer: Trainer) -> State:
    """The state between two batches. What is random follows from seed and position: there is no generator to keep."""
    assert trainer.can_save, "within a batch"
    arrays = {"parameters": trainer.network.parameters.copy()}
    arrays |= {f"slot.{name}": slot.copy() for name, slot in trainer.updater.slots.items()}
    arrays["history"] = np.array(trainer.history, np.float64).reshape(-1, 2)
    course = trainer.record.course
    arrays |= {"course.updates": course.updates, "course.norms": course.norms, "course.ratios": course.ratios}
    arrays["losses"] = np.array(trainer.losses, np.float64)
    if trainer.best_parameters is not None:
        arrays["best.parameters"] = trainer.best_parameters.copy()
    for depth, layer in enumerate(trainer.learner.carried or ()):
        for direction, states in enumerate(layer):
            arrays |= {f"carried.{depth}.{direction}.{name}": value for name, value in states.items()}
    arrays |= {f"memory.{name}": value.copy() for name, value in trainer.learner.memory.items()}
    counters: dict[str, Counter] = {
        "epoch": trainer.epoch,
        "batch": trainer.batch,
        "seen": trainer.seen,
        "planned.updates": trainer.planned[0],
        "planned.epochs": trainer.planned[1],
        "best": trainer.best,
    }
    just_judged = trainer.batch == 0 and bool(trainer.history)
    score = trainer.history[-1][1] if just_judged and np.isfinite(trainer.history[-1][1]) else None
    return State(arrays=arrays, counters=counters, update=trainer.update, score=score)


def put_back(trainer: Trainer, state: State) -> None:
    """Make a fresh trainer go on from a state. StoreError where it is that of another network."""
    arrays = state.arrays
    trainer.update = state.update
    trainer.passed_changes()
    mine: dict[str, Any] = {"parameters": trainer.network.parameters}
    mine |= {f"slot.{name}": slot for name, slot in trainer.updater.slots.items()}
    for name, target in mine.items():
        if name not in arrays or arrays[name].shape != target.shape or arrays[name].dtype != target.dtype:
            raise StoreError(
                f"the checkpoint is of another network: its {name} does not fit",
                remedy="Resume with the run's own experiment; a plugin may have changed since",
            )
        target[...] = arrays[name]
    trainer.history = [(float(train), float(validation)) for train, validation in arrays["history"]]
    trainer.losses = [float(loss) for loss in arrays["losses"]]
    trainer.best_parameters = arrays.get("best.parameters")
    if "course.updates" in arrays:  # checkpoints of version 0.1 have no record
        trainer.record.course = Course(**{name: arrays[f"course.{name}"] for name in ("updates", "norms", "ratios")})
    carried: dict[int, dict[int, dict[str, Any]]] = {}
    for name, value in arrays.items():
        if name.startswith("carried."):
            _, depth, direction, state_name = name.split(".", 3)
            carried.setdefault(int(depth), {}).setdefault(int(direction), {})[state_name] = value
    trainer.learner.memory = {n.removeprefix("memory."): a for n, a in arrays.items() if n.startswith("memory.")}
    if carried:
        trainer.learner.carried = [[layer[d] for d in sorted(layer)] for _, layer in sorted(carried.items())]
    trainer.epoch = int(state.counters["epoch"])
    trainer.batch = int(state.counters["batch"])
    # Checkpoints of version 0.1 do not count sequences: their batches are all of one size.
    trainer.seen = int(state.counters.get("seen", trainer.batch * trainer.batches.streams))
    trainer.planned = (
        int(state.counters.get("planned.updates", 0)),
        int(state.counters.get("planned.epochs", 0)),
    )
    trainer.best = float(state.counters["best"])
    trainer.network.refresh()
    trainer.compilation.passed(trainer.update)
    trainer.take_over()
    # Whether it has ended is asked next, and a change may have made it longer or shorter.
    trainer.make_changes()
