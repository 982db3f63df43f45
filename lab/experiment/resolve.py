"""From the tables of an experiment file and the components there are to a frozen `Spec`, or to all that is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol, TypeVar, final

from pydantic import ValidationError

from lab.components.dataset import Dataset
from lab.components.loss import Loss
from lab.errors import HyperparameterError, LabError, unknown
from lab.experiment.layout import TABLES, file_key, header, owners, slots
from lab.experiment.lines import KeyPath
from lab.experiment.problems import EntryError, dotted
from lab.experiment.settings import Settings
from lab.experiment.spec import (
    VERSION,
    Choice,
    DatasetSpec,
    InputSpec,
    LayerSpec,
    OutputSpec,
    Spec,
    Table,
    TrainingSpec,
    WeightsSpec,
    weight_array,
)
from lab.experiment.wording import shown, wording
from lab.hyperparameters import Hyperparameter, Hyperparameterized

_TRAINING_DEFAULTS = {"algorithm": "bptt", "optimizer": "adam", "schedule": "constant"}
_LOSSES = {
    "regression": "mean-squared-error",
    "classification": "cross-entropy",
    "next-symbol": "cross-entropy",
    "binary": "binary-cross-entropy",
}
_TARGET_KINDS = {
    "regression": ("real",),
    "classification": ("class",),
    "next-symbol": ("class",),
    "binary": ("binary", "real"),
}
"""What a loss may judge, by the task: yes and no are numbers, 1 and 0, too."""
_GUESSED_PROBLEMS = 100
"""For so many unknown names the nearest known one is looked for, which takes a moment each."""

T = TypeVar("T", bound=Table)


class Components(Protocol):
    """What is asked of the catalog: a component class by kind and name, or a LabError that names the nearest one."""

    def get(self, kind: str, name: str) -> type[Hyperparameterized]: ...

    def names(self, kind: str) -> tuple[str, ...]: ...


def resolve(tables: Mapping[str, object], components: Components) -> Spec | list[EntryError]:
    """The experiment with every default filled in, or everything that is wrong with it."""
    resolver = _Resolver(components)
    spec = resolver.spec(tables)
    return resolver.problems if spec is None else spec


@final
class _Resolver:
    """Goes through the tables once, collecting problems; what it returns is only used where there are none."""

    def __init__(self, components: Components) -> None:
        self.components = components
        self.problems: list[EntryError] = []
        self._made: dict[KeyPath, Hyperparameterized] = {}

    def spec(self, tables: Mapping[str, object]) -> Spec | None:
        version = tables.get("version", VERSION)
        if isinstance(version, int) and version > VERSION:
            message = f"the file is of version {version}; this program reads versions up to {VERSION}"
            self._add(("version",), message, "Update RNN Lab")
            return None
        values: dict[str, object] = {}
        for name, value in tables.items():
            if name not in Spec.model_fields:
                self._unknown((name,), Spec.model_fields)
            elif name not in TABLES:
                values[name] = value
        values["dataset"] = self._dataset(tables)
        made = self._made.get(("dataset", "plugin"))
        task = made.task if isinstance(made, Dataset) else "regression"
        if made is not None and task not in _LOSSES:
            self._add(("dataset", "plugin"), f"{made.described()} has the unknown task {task!r}")
            task = "regression"
        values["input"] = self._input(tables.get("input", {}), task)
        values["layers"] = tuple(self._layers(tables))
        values["output"] = self._output(tables.get("output", {}), task)
        values["training"] = self._table(("training",), tables.get("training", {}), TrainingSpec, _TRAINING_DEFAULTS)
        values["weights"] = self._weights(tables.get("weights", {}))
        # A table that is wrong has said so, and is not to be called wrong again for being left out here.
        spec = self._model((), Spec, values, settled={problem.key[0] for problem in self.problems})
        return None if self.problems else spec

    def _dataset(self, tables: Mapping[str, object]) -> DatasetSpec | None:
        if "dataset" not in tables:
            known = ", ".join(self.components.names("dataset"))
            self._add(("dataset",), "there is no table [dataset]", f"Add [dataset] with a plugin, one of: {known}")
            return None
        return self._table(("dataset",), tables["dataset"], DatasetSpec, {})

    def _input(self, raw: object, task: str) -> InputSpec | None:
        default = "one-hot" if task == "next-symbol" else "features"
        found = self._table(("input",), raw, InputSpec, {"encoding": default})
        if found is not None and task == "next-symbol" and found.encoding == "features":
            message = "input.encoding 'features' does not fit this dataset, whose inputs are symbols"
            self._add(("input", "encoding"), message, "Use 'one-hot' or 'embedding'")
        return found

    def _layers(self, tables: Mapping[str, object]) -> Iterator[LayerSpec]:
        raw = tables.get("layers", [])
        if not isinstance(raw, list):
            message = f"layers must be a list of tables, not {shown(raw)}"
            self._add(("layers",), message, "Begin each layer with [[layers]], in double brackets")
        elif not raw:
            known = ", ".join(self.components.names("cell"))
            self._add(("layers",), "there is no table [[layers]]", f"Add [[layers]] with a cell, one of: {known}")
        else:
            for index, layer in enumerate(raw):
                found = self._table(("layers", index), layer, LayerSpec, {})
                if found is not None:
                    yield found

    def _output(self, raw: object, task: str) -> OutputSpec | None:
        found = self._table(("output",), raw, OutputSpec, {"loss": _LOSSES[task]})
        loss = self._made.get(("output", "loss"))
        known = ("dataset", "plugin") in self._made
        if known and isinstance(loss, Loss) and loss.target_kind not in _TARGET_KINDS[task]:
            message = f"{loss.described()} does not fit a dataset whose task is {task}"
            self._add(("output", "loss"), message, f"Use {_LOSSES[task]!r}, or leave the key out")
        return found

    def _weights(self, raw: object) -> WeightsSpec | None:
        if not isinstance(raw, dict):
            self._add(("weights",), f"weights must be a table, [weights], not {shown(raw)}")
            return None
        arrays = {}
        for name, value in raw.items():
            if name == "file":
                continue
            try:
                arrays[name] = weight_array(value)
            except ValueError as error:
                self._add(("weights", name), f"weights.{name} {error}")
        return self._model(("weights",), WeightsSpec, {"file": raw.get("file", ""), "values": arrays})

    def _table(self, path: KeyPath, raw: object, model: type[T], defaults: Mapping[str, str]) -> T | None:
        """One table: its common keys checked by the model, the others by the components that are named in it."""
        if not isinstance(raw, dict):
            self._add(path, f"{dotted(path)} must be a table, {header(str(path[0]))}, not {shown(raw)}")
            return None
        table: dict[str, Any] = {**defaults, **raw}
        kinds = slots(model)
        found = {slot: self._component((*path, slot), kind, table) for slot, kind in kinds.items()}
        declared = {slot: one.hyperparameters() if one else {} for slot, one in found.items()}
        given: dict[str, dict[str, object]] = {slot: {} for slot in kinds}
        common: dict[str, object] = {}
        for key, value in table.items():
            means = owners(model, declared, key)
            if not means and key in model.model_fields:
                common[key] = value
            elif not means and None not in found.values():
                names = [file_key(model, declared, slot, name) for slot in declared for name in declared[slot]]
                self._unknown((*path, key), [*model.model_fields, *names])
            elif len(means) > 1:
                message = f"{key!r} could belong to the {' or the '.join(slot for slot, _ in means)}"
                remedy = "Say which: " + " or ".join(f'"{slot}.{name}"' for slot, name in means)
                self._add((*path, key), message, remedy)
            elif means:
                self._give((*path, key), given[means[0][0]], means[0][1], value)
        for slot, component in found.items():
            settings = self._filled((*path, slot), component, declared, given, model)
            common[slot] = Choice(name=str(table.get(slot, "")), settings=Settings(settings))
        return self._model(path, model, common)

    def _component(self, key: KeyPath, kind: str, table: Mapping[str, object]) -> type[Hyperparameterized] | None:
        slot = str(key[-1])
        name = table.get(slot)
        if slot not in table:
            known = ", ".join(self.components.names(kind))
            self._add(key, f"{header(str(key[0]))} does not say its {slot}", f'Add {slot} = "…", one of: {known}')
        elif not isinstance(name, str):
            self._add(key, f"{dotted(key)} must be text, not {shown(name)}")
        else:
            try:
                return self.components.get(kind, name)
            except LabError as error:
                self._add(key, error.message, error.remedy)
        return None

    def _give(self, key: KeyPath, given: dict[str, object], name: str, value: object) -> None:
        if name in given:
            self._add(key, f"{dotted(key)} is given twice, with and without the name of its owner")
        given[name] = value

    def _filled(
        self,
        key: KeyPath,
        component: type[Hyperparameterized] | None,
        declared: Mapping[str, Mapping[str, Hyperparameter]],
        given: Mapping[str, Mapping[str, object]],
        model: type[Table],
    ) -> dict[str, object]:
        """The value of every hyperparameter of the component at `key`, the default of each that is not given."""
        slot = str(key[-1])
        values = {name: one.default for name, one in declared[slot].items()}
        if component is None:
            return values
        before = len(self.problems)
        for name, value in given[slot].items():
            try:
                values[name] = declared[slot][name].check(value, of=component.described())
            except HyperparameterError as error:
                at = (*key[:-1], file_key(model, declared, slot, name))
                self._add(at, error.message, error.remedy)
        if len(self.problems) == before:
            try:
                # A component may refuse values that are only wrong together.
                self._made[key] = component(**values)
            except LabError as error:
                self._add(key, error.message, error.remedy)
        return values

    def _model(
        self, path: KeyPath, model: type[T], values: Mapping[str, object], settled: Collection[str | int] = ()
    ) -> T | None:
        try:
            return model.model_validate(dict(values))
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                key = (*path, *detail["loc"])
                if not detail["loc"] or detail["loc"][0] not in settled:
                    self._add(key, wording(dotted(key), detail))
            return None

    def _unknown(self, key: KeyPath, known: Collection[str]) -> None:
        where = f"in {header(str(key[0]))}" if len(key) > 1 else "outside the tables"
        name = str(key[-1])
        homes = [header(table) for table, model in TABLES.items() if name in model.model_fields and table != key[0]]
        remedy = f"It is a key of {' and '.join(homes)}" if homes else None
        guessed = len(self.problems) < _GUESSED_PROBLEMS
        message = unknown(f"key {where}:", name, known) if guessed else f"unknown key {where}: {name!r}"
        self.problems.append(EntryError(message, key=key, remedy=remedy, unknown_key=True))

    def _add(self, key: KeyPath, message: str, remedy: str | None = None) -> None:
        self.problems.append(EntryError(message, key=key, remedy=remedy))
