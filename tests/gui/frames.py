"""Frames for the tests of views: of a small network that really trains, and made up where a case must be exact."""

import csv
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lab.experiment.file import read_text
from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from lab.runner.about import about
from lab.runner.messages import WorkerState
from lab.telemetry.frames import Frame
from lab.training.looking import Lookout
from lab.training.plan import Plan
from lab.training.setup import set_up
from lab.training.trainer import Trainer
from lab.ui.hookspecs import WINDOW
from lab.ui.stage import Curve, Stage

VIEWS = (
    "loss", "gradients-by-layer", "predictions", "hidden-states", "gates", "through-time", "phase-portrait", "spectrum",
    "weights", "duel",
)  # fmt: skip
PROBES = ("inputs", "hidden-states", "gates", "predictions", "gradients", "through-time", "spectrum", "weights", "duel")

SERIES = """
version = 1
seed = 7
[dataset]
plugin = "airline-passengers"
[[layers]]
cell = "lstm"
hidden = 8
[training]
algorithm = "bptt"
optimizer = "adam"
learning_rate = 0.01
clip_norm = 1.0
batch_size = 1
epochs = 25
"""
ADDING = """
version = 1
seed = 3
[dataset]
plugin = "adding-problem"
length = 24
train_size = 64
validation_size = 16
test_size = 16
[[layers]]
cell = "elman"
hidden = 6
[output]
readout = "last"
[training]
algorithm = "bptt"
optimizer = "sgd"
learning_rate = 0.01
batch_size = 16
epochs = 4
"""
TEXT = """
version = 1
seed = 3
[dataset]
plugin = "characters"
window = 20
file = "{file}"
[[layers]]
cell = "gru"
hidden = 12
[training]
algorithm = "bptt"
optimizer = "adam"
learning_rate = 0.01
batch_size = 8
updates = 12
"""

_catalog: list[Catalog] = []


def catalog() -> Catalog:
    """All components, views among them."""
    if not _catalog:
        _catalog.append(load_catalog(entry_points=False, window=WINDOW))
    return _catalog[0]


def trained(text: str, samples: int = 2) -> Stage:
    """What is on the stage when a small network has learnt for a while, every probe measured."""
    found = catalog()
    setup = set_up(read_text(text, found).spec, found)
    trainer = Trainer(setup, Plan(target="numpy"))
    stage = Stage()
    stage.spec, stage.about, stage.state = setup.spec, about(trainer), WorkerState.RUNNING
    lookout = Lookout(trainer, found, share=1.0, rate=1e4)
    lookout.choose({name: {} for name in PROBES}, range(min(samples, len(stage.about["samples"]))))
    scalars: dict[str, list[tuple[int, float]]] = {}
    try:
        while (progress := trainer.advance()) is not None:
            for name, value in progress.scalars.items():
                scalars.setdefault(name, []).append((progress.update, value))
            if lookout.due(time.perf_counter()):
                put(stage, *lookout.measure())
        put(stage, *lookout.every(), lookout.once("weights"))
    finally:
        trainer.close()
    for name, points in scalars.items():
        updates, values = zip(*points, strict=True)
        stage.curves[name] = Curve(np.array(updates), np.array(values))
    stage.update = trainer.update
    assert not lookout.problems
    return stage


def put(stage: Stage, *frames: Frame) -> None:
    """Show frames, as a session does."""
    for frame in frames:
        stage.frames[frame.probe] = frame
        arrays = [array for array in frame.arrays.values() if array.dtype.kind == "f"]
        if all(np.isfinite(array).any() or not array.size for array in arrays):
            stage.finite[frame.probe] = frame


def broken(frame: Frame, **arrays: Any) -> Frame:
    """The frame of a later update, in which every number, or those arrays, are NaN."""
    lost = {name: np.full_like(a, np.nan) if a.dtype.kind == "f" else a for name, a in frame.arrays.items()}
    return replace(frame, update=frame.update + 1, arrays={**(frame.arrays if arrays else lost), **arrays})


def csv_rows(path: Path) -> list[list[str]]:
    """The cells of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))
