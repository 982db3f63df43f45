"""The experiment as one frozen value: what an experiment file says, with every default filled in."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, final

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, model_validator

from lab.experiment.settings import Settings

VERSION = 1
"""The version of the experiment file that this program writes; it reads this one and every older one."""

MAX_UNITS = 1_000_000
"""The largest size of a layer that a file may ask for; whether it fits into memory is found out where it is built."""

_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_INTERVAL = re.compile(r"(\d+(?:\.\d+)?) ?(s|min|h)")


def _line_of_text(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line without control characters")
    return text


def _interval(value: object) -> object:
    """`"10 s"`, `"1.5 min"`, `"1 h"`, or a number of updates."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError('must be a time such as "10 s" or a number of updates')
    if isinstance(value, int):
        if value < 1:
            raise ValueError("must be at least 1 update")
        return value
    match = _INTERVAL.fullmatch(value.strip())
    if match is None:
        raise ValueError('must be a time such as "10 s", "2 min" or "1 h", or a number of updates')
    if not 0 < float(match[1]) * _SECONDS[match[2]] < math.inf:
        raise ValueError("must be longer than 0 s")
    return f"{match[1]} {match[2]}"


def _settings(value: object) -> object:
    return Settings(value) if isinstance(value, Mapping) else value


def weight_array(value: object) -> object:
    """A parameter set by hand, as (nested lists of) finite floats; ValueError says what it must be otherwise."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError("is ragged: every row must be as long as the others") from None
    if array.dtype.kind not in "iuf":
        raise ValueError("must be a number, a list of numbers, or a list of such lists")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError("has a value that is not finite")
    return array.tolist()


def _arrays(values: object) -> object:
    return (
        Settings({name: weight_array(value) for name, value in values.items()})
        if isinstance(values, Mapping)
        else values
    )


Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Real = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Text = Annotated[str, Strict()]
Title = Annotated[str, Strict(), Field(max_length=200), AfterValidator(_line_of_text)]
Units = Annotated[int, Strict(), Field(ge=1, le=MAX_UNITS)]
Penalty = Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False)]
Interval = Annotated[int | str, BeforeValidator(_interval)]
Values = Annotated[Settings, BeforeValidator(_settings)]
Arrays = Annotated[Settings, BeforeValidator(_arrays)]


class Table(BaseModel):
    """Abstract: one table of the experiment file."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


@final
class Choice(Table):
    """A component by name, with the values of its hyperparameters: `catalog.get(kind, name)(**settings)` makes it."""

    name: Text
    settings: Values = Settings()


@final
class DatasetSpec(Table):
    """`[dataset]`: where the sequences come from."""

    plugin: Choice


@final
class InputSpec(Table):
    """`[input]`: how a step of a sequence becomes the vector the first layer sees. `size` is that of an embedding."""

    encoding: Literal["features", "one-hot", "embedding"] = "features"
    size: Units | None = None

    @model_validator(mode="before")
    @classmethod
    def _embedding_has_a_size(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("encoding") == "embedding":
            return {"size": 16, **values}
        return values

    @model_validator(mode="after")
    def _only_an_embedding_has_a_size(self) -> Self:
        if self.size is not None and self.encoding != "embedding":
            raise ValueError(f"size belongs to the encoding 'embedding', not to {self.encoding!r}")
        return self


@final
class LayerSpec(Table):
    """One `[[layers]]`: a cell, run over the sequence. `dropout` is applied to what the layer hands on."""

    cell: Choice
    hidden: Units = 32
    bidirectional: Flag = False
    dropout: Annotated[float, Strict(), Field(ge=0, lt=1, allow_inf_nan=False)] = 0.0
    bias: Flag = True


@final
class OutputSpec(Table):
    """`[output]`: the readout, dense layers after it (their sizes), and the loss, which decides the head."""

    readout: Literal["every-step", "last", "mean"] = "every-step"
    hidden: tuple[Units, ...] = ()
    loss: Choice


@final
class TrainingSpec(Table):
    """`[training]`: how the network learns and for how long (`epochs` or `updates`, the other is None).

    0 switches off: `clip_norm`, `clip_value`, `l1`, `l2`, `weight_decay`, and `early_stopping`, which counts epochs
    without improvement.
    """

    algorithm: Choice
    optimizer: Choice
    learning_rate: Penalty = 0.01
    schedule: Choice
    clip_norm: Penalty = 1.0
    clip_value: Penalty = 0.0
    l1: Penalty = 0.0
    l2: Penalty = 0.0
    weight_decay: Penalty = 0.0
    batch_size: Annotated[int, Strict(), Field(ge=1, le=1_000_000)] = 16
    carry_state: Flag = False
    epochs: Annotated[int, Strict(), Field(ge=0, le=10**12)] | None = None
    updates: Annotated[int, Strict(), Field(ge=0, le=10**12)] | None = None
    early_stopping: Annotated[int, Strict(), Field(ge=0, le=10**12)] = 0
    checkpoint_every: Interval = "10 s"

    @model_validator(mode="before")
    @classmethod
    def _has_an_end(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("epochs") is None and values.get("updates") is None:
            return {**values, "epochs": 500}
        return values

    @model_validator(mode="after")
    def _has_one_end(self) -> Self:
        if self.epochs is not None and self.updates is not None:
            raise ValueError("must have epochs or updates, not both")
        return self

    @property
    def checkpoint_seconds(self) -> float | None:
        """Seconds between checkpoints, or None where they are counted in updates."""
        if isinstance(self.checkpoint_every, int):
            return None
        number, unit = self.checkpoint_every.split(" ")
        return float(number) * _SECONDS[unit]

    @property
    def checkpoint_updates(self) -> int | None:
        """Updates between checkpoints, or None where they are a time apart."""
        return self.checkpoint_every if isinstance(self.checkpoint_every, int) else None


@final
class WeightsSpec(Table):
    """`[weights]`: where the network starts. A safetensors `file`, and over it single parameters by their full name.

    `values[name]` is a nested list of floats.
    """

    file: Text = ""
    values: Arrays = Settings()


@final
class Spec(Table):
    """An experiment."""

    version: Annotated[int, Strict(), Field(ge=1, le=VERSION)] = VERSION
    name: Annotated[Title, Field(min_length=1)] = "untitled"
    name_zh: Title = ""
    note: Text = ""
    note_zh: Text = ""
    seed: Annotated[int, Strict(), Field(ge=0, lt=2**63)] = 7
    dtype: Literal["float32", "float64"] = "float32"
    dataset: DatasetSpec
    input: InputSpec
    layers: Annotated[tuple[LayerSpec, ...], Field(min_length=1)]
    output: OutputSpec
    training: TrainingSpec
    weights: WeightsSpec = WeightsSpec()

    def name_in(self, language: str) -> str:
        """The name in `en` or `zh`; the English one where there is no Chinese one."""
        return self.name_zh if language == "zh" and self.name_zh else self.name

    def note_in(self, language: str) -> str:
        """The note in `en` or `zh`; the English one where there is no Chinese one."""
        return self.note_zh if language == "zh" and self.note_zh else self.note
