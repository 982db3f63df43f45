"""What the store knows about a run."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, final

from lab.experiment.spec import Spec

RunState = Literal["created", "running", "paused", "finished", "failed", "interrupted"]
"""`interrupted` is also what a running or paused run is called whose process is gone."""


class Scalar(NamedTuple):
    """One value of a curve: `name` (such as `train.loss`) after `update` updates, in `epoch`."""

    update: int
    epoch: int
    name: str
    value: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it is listed. `created` is ISO 8601 in UTC, `seconds` the time trained, `pid` its (last) process.

    `plan` is how it is computed, `metrics` what it reached, `baselines` what naive predictors reach. `number` counts
    the runs of a folder; `note` is a person's; `facts` are what the experiment says, flat, as the changes of the plan
    left it.
    """

    id: str
    name: str
    state: RunState
    created: str
    updates: int
    epochs: int
    seconds: float
    plan: Mapping[str, Any]
    metrics: Mapping[str, float]
    baselines: Mapping[str, float]
    error: str | None
    pid: int | None
    number: int = 0
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values, without what stands in its experiment."""
        fields = {name: getattr(self, name) for name in self.__slots__ if name != "facts"}
        plain: dict[str, Any] = without_nan(fields)
        return plain


def label_of(spec: Spec) -> str:
    """What an experiment is called in the id of its runs: `lstm-airline-passengers`."""
    return f"{spec.layers[0].cell.name}-{spec.dataset.plugin.name}"


def slug(text: str) -> str:
    """`text` as part of a name of a folder on any system: at most 40 of `a-z0-9-`."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold())[:40].strip("-") or "run"


def without_nan(value: Any) -> Any:
    """The same mappings, lists and values with None for each float that JSON cannot write (NaN and infinity)."""
    if isinstance(value, Mapping):
        return {str(key): without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
