"""Every hook that a plugin can implement: its name, what it returns, and the kind of component it brings.

A plugin is a Python file with functions of these names, each marked with `@hookimpl`. A hook takes no arguments and
returns a list of classes, which may be empty. A plugin may state the version of `lab.api` that it was written for, as
`LAB_API = "1.0"`: another major version, or a newer minor one, is refused before the file runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

import pluggy

from lab.components.algorithm import Algorithm
from lab.components.base import Registered
from lab.components.cell import Cell
from lab.components.dataset import Dataset
from lab.components.loss import Loss
from lab.components.metric import Metric
from lab.components.optimizer import Optimizer
from lab.components.probe import Probe
from lab.components.schedule import Schedule

API_VERSION: Final = "1.0"
"""The version of `lab.api`: the first number changes where plugins break, the second where something is new."""

PROJECT: Final = "lab"
"""What pluggy calls all this: the hooks begin with `lab_`, the entry points are in the group `lab.plugins`."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def lab_register_cells() -> list[type[Cell]]:  # type: ignore[empty-body]
    """The cells of the plugin."""


@hookspec
def lab_register_datasets() -> list[type[Dataset]]:  # type: ignore[empty-body]
    """The datasets of the plugin."""


@hookspec
def lab_register_algorithms() -> list[type[Algorithm]]:  # type: ignore[empty-body]
    """The training algorithms of the plugin."""


@hookspec
def lab_register_optimizers() -> list[type[Optimizer]]:  # type: ignore[empty-body]
    """The optimizers of the plugin."""


@hookspec
def lab_register_schedules() -> list[type[Schedule]]:  # type: ignore[empty-body]
    """The learning-rate schedules of the plugin."""


@hookspec
def lab_register_losses() -> list[type[Loss]]:  # type: ignore[empty-body]
    """The losses of the plugin."""


@hookspec
def lab_register_metrics() -> list[type[Metric]]:  # type: ignore[empty-body]
    """The metrics of the plugin."""


@hookspec
def lab_register_probes() -> list[type[Probe]]:  # type: ignore[empty-body]
    """The probes of the plugin."""


@final
@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of component: the class its components derive from, and the hook that brings them."""

    base: type[Registered]
    hook: str


KINDS: Final[Mapping[str, Kind]] = {
    "cell": Kind(Cell, "lab_register_cells"),
    "dataset": Kind(Dataset, "lab_register_datasets"),
    "algorithm": Kind(Algorithm, "lab_register_algorithms"),
    "optimizer": Kind(Optimizer, "lab_register_optimizers"),
    "schedule": Kind(Schedule, "lab_register_schedules"),
    "loss": Kind(Loss, "lab_register_losses"),
    "metric": Kind(Metric, "lab_register_metrics"),
    "probe": Kind(Probe, "lab_register_probes"),
}
"""The kinds by name, in the order in which they are listed."""
