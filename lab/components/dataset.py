"""The dataset: where sequences come from, what is asked of them, and how well one does without a network."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.components.base import Component, check_choice, check_signature
from lab.errors import DataError, PluginError

TASKS: Final = ("regression", "classification", "binary", "next-symbol")
"""What a dataset can ask: real numbers, one of K classes, yes or no K times, or the symbol that comes next."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sequences:
    """N sequences of up to T steps, with what is asked of them. DataError where the arrays do not fit together.

    `inputs` are real, (T, N, M), or whole symbols, (T, N). `targets` of each step are real (T, N, K) or classes (T, N);
    targets of each sequence are real (N, K) or classes (N,). `lengths` (N,) are the true lengths, None where all are T.
    `counted` (T, N) says which steps count in loss and metrics (steps that only warm the state do not), None where all
    do. `continuous` says that sequence n + 1 goes on where n ends, so that the state may be carried. Where several
    classes are right at a step, `allowed` (T, N, K) says which; the target is the one of them that came.
    """

    inputs: NDArray[Any]
    targets: NDArray[Any]
    lengths: NDArray[Any] | None = None
    counted: NDArray[np.bool_] | None = None
    continuous: bool = False
    allowed: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        inputs = _numbers("inputs", self.inputs)
        targets = _numbers("targets", self.targets)
        _expect("inputs", inputs, {3: "(steps, sequences, features)"} if _real(inputs) else {2: "(steps, sequences)"})
        if _real(targets):
            _expect("targets", targets, {3: "(steps, sequences, outputs)", 2: "(sequences, outputs)"})
        else:
            _expect("targets", targets, {2: "(steps, sequences)", 1: "(sequences,)"})
        leading = (self.steps, self.count) if self.per_step else (self.count,)
        _expect_shape("targets", targets.shape[: len(leading)], leading)
        if self.lengths is not None:
            _expect_shape("lengths", np.shape(self.lengths), (self.count,))
            if self.lengths.dtype.kind not in "iu" or self.lengths.min() < 1 or self.lengths.max() > self.steps:
                raise DataError(f"lengths must be whole numbers from 1 to the number of steps, {self.steps}")
        if self.counted is not None:
            _expect_shape("counted", np.shape(self.counted), (self.steps, self.count))
            if self.counted.dtype != np.bool_:
                raise DataError(f"counted must be of type bool, not {self.counted.dtype}")
        if self.allowed is not None:
            _expect_shape("allowed", np.shape(self.allowed)[:-1], (self.steps, self.count))
            if self.allowed.dtype != np.bool_ or _real(targets) or not self.per_step:
                raise DataError("allowed must be of type bool, and the targets a class at each step")

    @property
    def steps(self) -> int:
        """T, the number of steps of the longest sequence."""
        return int(self.inputs.shape[0])

    @property
    def count(self) -> int:
        """N, the number of sequences."""
        return int(self.inputs.shape[1])

    @property
    def per_step(self) -> bool:
        """Whether there is a target for each step, or one for each sequence."""
        return self.targets.ndim == (3 if _real(self.targets) else 2)


def _unchanged(_split: str, values: NDArray[Any]) -> NDArray[Any]:
    return values


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Data:
    """A loaded dataset. DataError where the splits do not fit together or the sizes are not those of the arrays.

    `baselines` are what predictors without parameters reach on the test split, in the metric called `metric` (`rmse`,
    `mse`, `accuracy` or `bits-per-character`); `more_metrics` names others to measure besides. `inputs` is the number M
    of input features, or of symbols; `outputs` the number K of target values, or of classes. `times` labels the steps
    of a split. `to_units` turns predictions or targets of a split, given by its name, into `unit`, the unit the data
    came in. `step_time` is how long a step is in the unit in which metrics count time, as Lyapunov times.
    """

    train: Sequences
    validation: Sequences | None = None
    test: Sequences | None = None
    baselines: Mapping[str, float]
    metric: str
    more_metrics: tuple[str, ...] = ()
    inputs: int
    outputs: int
    symbols: tuple[str, ...] = ()
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    times: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unit: str = ""
    to_units: Callable[[str, NDArray[Any]], NDArray[Any]] = _unchanged
    step_time: float = 1.0

    def __post_init__(self) -> None:
        for split, sequences in self.splits().items():
            _expect_extent(f"{split} inputs", sequences.inputs, 3, self.inputs, "symbols")
            _expect_extent(f"{split} targets", sequences.targets, 2, self.outputs, "classes")
            if sequences.allowed is not None and sequences.allowed.shape[-1] != self.outputs:
                raise DataError(f"{split} allowed has {sequences.allowed.shape[-1]} classes, not {self.outputs}")
            if sequences.per_step != self.train.per_step:
                raise DataError(f"the train and {split} targets are not alike: one has a target for each step")
            for name in ("inputs", "targets"):
                if _real(getattr(sequences, name)) != _real(getattr(self.train, name)):
                    raise DataError(f"the train and {split} {name} are not alike: one has real, one whole numbers")
        for name, value in self.baselines.items():
            if not math.isfinite(value):
                raise DataError(f"the baseline {name!r} is {value}")
        if self.symbols and len(self.symbols) != self.inputs:
            raise DataError(f"there are {len(self.symbols)} names of symbols and {self.inputs} symbols")
        if self.output_names and len(self.output_names) != self.outputs:
            raise DataError(f"there are {len(self.output_names)} names of outputs and {self.outputs} outputs")

    def splits(self) -> dict[str, Sequences]:
        """The splits there are, by name: `train`, `validation`, `test`."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: sequences for name, sequences in named.items() if sequences is not None}


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Continuation:
    """How a series goes on behind its end where the network's own predictions take the place of what is not known.

    `inputs` (T, M) are the known ones; that of the last step asks for the first value that is not known. `follow` is
    given the prediction of one step, (K,), as the network makes it, and returns what the value is called on the time
    axis, the value in the unit of the data, (K,), and the inputs of the step after, (M,). It is called once for each
    step, in order, so that it may keep what it needs of the values before.
    """

    inputs: NDArray[Any]
    follow: Callable[[NDArray[Any]], tuple[str, NDArray[Any], NDArray[Any]]]


class Dataset(Component):
    """Abstract: a source of sequences.

    `task` is one of TASKS (a property where it depends on hyperparameters); the default loss and encoding of inputs
    follow from it. `source` says where the data come from, `licence` under what terms.
    """

    task: str
    source: ClassVar[str]
    licence: ClassVar[str]
    _kind = "dataset"

    @abstractmethod
    def load(self, seed: int) -> Data:
        """The data, the same for the same `seed` and hyperparameters. DataError where a file cannot be used."""

    def load_file(self, file: str, seed: int) -> Data:
        """The same data with the whole of another file as the test split, scaled and numbered as the training data.

        DataError where the file cannot be used; most datasets read no files.
        """
        raise DataError(f"{self.described()} reads no files", file=file)

    def continuation(self, seed: int, file: str | None = None) -> Continuation:
        """How the series of this dataset, or of another file, goes on; DataError where it cannot.

        Datasets whose task is next-symbol need not say it: the predicted symbol is the next input.
        """
        raise DataError(
            f"{self.described()} cannot go on from the network's own predictions: they are not all of its inputs"
        )

    @classmethod
    def check_declaration(cls) -> None:
        super().check_declaration()
        check_choice(cls, "task", TASKS)
        for attribute, example in (("source", "Who measured it, where it was published"), ("licence", "Public domain")):
            text: object = getattr(cls, attribute, None)
            if not isinstance(text, str) or not text.strip():
                raise PluginError(
                    f"{cls.described()} does not say its {attribute}", remedy=f'Add {attribute} = "{example}"'
                )
        check_signature(cls, Dataset, "load")


def _real(array: NDArray[Any]) -> bool:
    return array.dtype.kind == "f"


def _numbers(name: str, array: object) -> NDArray[Any]:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        given = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise DataError(f"{name} must be an array of real or whole numbers, not {given}")
    if array.size == 0:
        raise DataError(f"{name} are empty, of shape {array.shape}")
    if _real(array) and not np.isfinite(array).all():
        place = tuple(int(index) for index in np.argwhere(~np.isfinite(array))[0])
        raise DataError(
            f"{name} have the value {array[place]} at {list(place)}", remedy="Leave such rows out, or fill them in"
        )
    if not _real(array) and array.min() < 0:
        raise DataError(f"{name} are whole, so they number symbols or classes from 0, but the least is {array.min()}")
    return array


def _expect(name: str, array: NDArray[Any], shapes: Mapping[int, str]) -> None:
    if array.ndim not in shapes:
        kind = "real" if _real(array) else "whole"
        raise DataError(f"{name} of {kind} numbers must have shape {' or '.join(shapes.values())}, not {array.shape}")


def _expect_shape(name: str, shape: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    if shape != wanted:
        raise DataError(f"{name} must begin with shape {wanted}, as the inputs do, not {shape}")


def _expect_extent(name: str, array: NDArray[Any], rank: int, extent: int, things: str) -> None:
    if _real(array) and array.ndim >= rank and array.shape[-1] != extent:
        raise DataError(f"{name} have {array.shape[-1]} columns, not {extent}")
    if not _real(array) and array.max() >= extent:
        raise DataError(f"{name} number {things} up to {array.max()}, but there are {extent}")
