"""Where each key of an experiment file belongs: its tables, their components, and the names of their keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lab.experiment.spec import (
    DatasetSpec,
    InputSpec,
    LayerSpec,
    OutputSpec,
    Spec,
    Table,
    TrainingSpec,
    WeightsSpec,
)

TABLES: Mapping[str, type[Table]] = {
    "dataset": DatasetSpec,
    "input": InputSpec,
    "layers": LayerSpec,
    "output": OutputSpec,
    "training": TrainingSpec,
    "weights": WeightsSpec,
}
"""The tables of a file, in its order. All other keys of `Spec` stand before the first of them."""

SCALARS: tuple[str, ...] = tuple(name for name in Spec.model_fields if name not in TABLES)
"""The keys at the top of a file, in its order."""

_SLOTS: Mapping[type[Table], Mapping[str, str]] = {
    DatasetSpec: {"plugin": "dataset"},
    LayerSpec: {"cell": "cell"},
    OutputSpec: {"loss": "loss"},
    TrainingSpec: {"algorithm": "algorithm", "optimizer": "optimizer", "schedule": "schedule"},
}


def slots(table: type[Table]) -> Mapping[str, str]:
    """The keys of a table that name a component, each with the kind of that component.

    A key that is not common to all such tables is a hyperparameter of one of these components.
    """
    return _SLOTS.get(table, {})


def header(table: str) -> str:
    """How a file writes the beginning of a table: `[training]`, `[[layers]]`."""
    return f"[[{table}]]" if table == "layers" else f"[{table}]"


def file_key(table: type[Table], names: Mapping[str, Collection[str]], slot: str, name: str) -> str:
    """The key under which a table has hyperparameter `name` of the component in `slot`.

    It is the bare name, or `slot.name` where a common key or another component of the table has that name as well.
    `names` are the hyperparameters of the component in each slot.
    """
    shared = name in table.model_fields or any(name in names[other] for other in names if other != slot)
    return f"{slot}.{name}" if shared else name


def owners(table: type[Table], names: Mapping[str, Collection[str]], key: str) -> list[tuple[str, str]]:
    """Each slot whose component can mean the key, with the name it has there: one where all is well."""
    slot, _, name = key.partition(".")
    if name in names.get(slot, ()):
        return [(slot, name)]
    return [] if key in table.model_fields else [(slot, key) for slot in names if key in names[slot]]
